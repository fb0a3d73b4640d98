//! A folder of GGUF files says how it is run: what Ollama reads, what people read, and the licences.

use std::{path::Path, sync::Arc};

use lorafuse::{
    gguf::{FileType, MODELFILE, README, open_model},
    job::JobContext,
    merge::{self, GgufPlace, GgufPlan},
    plan::{MergePlan, MergeRequest},
};

use crate::support::{cancelling, copy_folder, listing, put, sample};

const CHATML: &str = "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}\
                      {% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/// The sample's base with a chat template that is made of pieces.
fn chat_model(folder: &Path) {
    copy_folder(&sample().join("base"), folder);
    put(&folder.join("chat_template.jinja"), CHATML);
}

fn plan_of(base: &Path, adapter: &Path, types: &[FileType], output: &Path) -> GgufPlan {
    let merge = Arc::new(MergePlan::resolved(&MergeRequest::new(base, adapter, output)).unwrap());
    GgufPlan::of_merge(merge, types, Some(GgufPlace::of(output.to_owned()))).unwrap()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_folder_holds_what_each_program_needs_and_no_path_of_the_machine() {
    let root = tempfile::tempdir().unwrap();
    let (base, adapter) = (root.path().join("tiny-base"), root.path().join("tiny-adapter"));
    chat_model(&base);
    copy_folder(&sample().join("adapter"), &adapter);
    put(&adapter.join("chat_template.jinja"), CHATML);
    put(&base.join("README.md"), "---\nlicense: apache-2.0\n---\n");
    put(&base.join("LICENSE"), "the base's");
    put(&adapter.join("LICENSE"), "the adapter's");
    let output = root.path().join("out");
    let plan = plan_of(&base, &adapter, &[FileType::Q8_0, FileType::F16], &output);
    let receipt = plan.run(&JobContext::unwatched()).unwrap();
    merge::seal(&output, &JobContext::unwatched()).unwrap();

    let modelfile = read(&output.join(MODELFILE));
    assert!(modelfile.starts_with("FROM ./tiny-base-merged-Q8_0.gguf\nTEMPLATE \"\"\""), "{modelfile}");
    assert!(modelfile.contains("{{ .Content }}"), "{modelfile}");
    assert!(modelfile.lines().any(|line| line.starts_with("PARAMETER stop \"")), "{modelfile}");
    let readme = read(&output.join(README));
    for said in [
        "`tiny-base` with `tiny-adapter` merged into it",
        "| `tiny-base-merged-Q8_0.gguf` | Q8_0 |",
        "| `tiny-base-merged-F16.gguf` | F16 |",
        "Licence of `tiny-base`, as its card says: apache-2.0.",
        "ollama create tiny-base-merged -f Modelfile && ollama run tiny-base-merged",
        "lms import tiny-base-merged-Q8_0.gguf",
        "`~/.lmstudio/models/local/tiny-base-merged/`",
        "llama-cli -m tiny-base-merged-Q8_0.gguf",
    ] {
        assert!(readme.contains(said), "{said}\n{readme}");
    }
    let here = root.path().display().to_string();
    assert!(!modelfile.contains(&here) && !readme.contains(&here));

    let licences = receipt.beside.iter().filter(|name| ![MODELFILE, README].contains(&name.as_str()));
    let texts: Vec<String> = licences.map(|name| read(&output.join(name))).collect();
    assert_eq!(texts, ["the base's", "the adapter's"]);
    let sums = read(&output.join("SHA256SUMS"));
    for name in receipt.beside.iter().map(String::as_str).chain(receipt.files.iter().map(|file| file.name.as_str())) {
        assert!(sums.lines().any(|line| line.ends_with(&format!(" {name}"))), "{name}\n{sums}");
    }
    assert_eq!(listing(&output).len(), receipt.beside.len() + receipt.files.len() + 1, "nothing else is there");
}

#[test]
fn one_file_has_nothing_beside_it() {
    let root = tempfile::tempdir().unwrap();
    put(&root.path().join(README), "mine");
    let output = root.path().join("one.gguf");
    let receipt = plan_of(&sample().join("base"), &sample().join("adapter"), &[FileType::Q8_0], &output)
        .run(&JobContext::unwatched())
        .unwrap();
    assert!(receipt.beside.is_empty());
    assert_eq!(listing(root.path()), [README, "one.gguf"]);
    assert_eq!(read(&root.path().join(README)), "mine");
}

/// The template comes out of the file that is written, so a base that is a GGUF file has one too.
#[test]
fn a_template_is_written_where_the_model_has_one_that_is_made_of_pieces() {
    let root = tempfile::tempdir().unwrap();
    let folder = |name: &str, model: &Path| {
        let output = root.path().join(name);
        let plan =
            GgufPlan::of_model(open_model(model).unwrap(), &[FileType::F16], Some(GgufPlace::of(output.clone())));
        let plan = plan.unwrap();
        plan.run(&JobContext::unwatched()).unwrap();
        assert_eq!(plan.ready_to_run().has_template(), read(&output.join(MODELFILE)).contains("TEMPLATE"));
        (read(&output.join(MODELFILE)), read(&output.join(README)))
    };
    let template = |text: &str| text.split_once("TEMPLATE").map(|(_, rest)| rest.to_owned());
    // The sample's own template has nothing that begins an answer.
    let (modelfile, readme) = folder("own", &sample().join("base"));
    assert!(template(&modelfile).is_none() && readme.contains("has no TEMPLATE"), "{modelfile}{readme}");
    let model = root.path().join("model");
    chat_model(&model);
    let (modelfile, readme) = folder("chat", &model);
    assert!(
        template(&modelfile).is_some() && readme.contains("the same text as the model's own"),
        "{modelfile}{readme}"
    );
    let (of_gguf, _) = folder("of-gguf", &root.path().join("chat/model-F16.gguf"));
    assert_eq!(template(&of_gguf), template(&modelfile));
    std::fs::remove_file(model.join("chat_template.jinja")).unwrap();
    let (modelfile, readme) = folder("none", &model);
    assert!(template(&modelfile).is_none() && readme.contains("has no chat template"), "{modelfile}{readme}");
}

#[test]
fn an_interrupted_run_writes_what_is_beside_the_files_when_it_ends() {
    let root = tempfile::tempdir().unwrap();
    let output = root.path().join("out");
    let plan = || plan_of(&sample().join("base"), &sample().join("adapter"), &[FileType::Q8_0], &output);
    let mut is_interrupted = false;
    for limit in [2, 4, 8] {
        is_interrupted |= plan().run(&cancelling(limit)).is_err_and(|error| error.is_cancelled());
    }
    assert!(is_interrupted && !output.exists());
    // As after a run that was killed between these files and the last name.
    put(&root.path().join("out.partial").join(README), "half");
    let receipt = plan().run(&JobContext::unwatched()).unwrap();
    assert_eq!(receipt.beside, [MODELFILE, README]);
    assert!(read(&output.join(README)).starts_with("# base-merged"));
}
