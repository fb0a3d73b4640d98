//! The twin of a base, the 16-bit original of a packed one or the packed one of an original, by name and never fetched.

use std::{
    fs,
    path::{Path, PathBuf},
};

use lorafuse::{
    adapter::{Adapter, FoundIn, Twin},
    checkpoint::Checkpoint,
};
use serde_json::Value;

use crate::support::{evaluation::read_json, lorafuse, put, repository, stderr};

/// A cache, and an adapter that names whatever a test wants.
struct Machine {
    root: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn case(part: &str) -> PathBuf {
        repository().join("tests/golden-quant/bnb-nf4").join(part)
    }

    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }

    fn cache(&self) -> PathBuf {
        self.root.path().join("cache")
    }

    /// The model `id` in the cache; packed, or the headers of a plain one.
    fn cached(&self, id: &str, is_packed: bool) -> PathBuf {
        let snapshot = self.cache().join(format!("models--{}", id.replace('/', "--"))).join("snapshots/abc");
        if is_packed {
            Self::copy(&Self::case("base"), &snapshot);
        } else {
            Self::put_plain(&snapshot);
        }
        snapshot
    }

    /// A plain model: the golden case's tensors are not asked for here, only what they are.
    fn put_plain(folder: &Path) {
        let mut config = read_json(&Self::case("base/config.json"));
        config.as_object_mut().unwrap().remove("quantization_config");
        put(&folder.join("config.json"), config.to_string());
        let tensor = crate::support::FileBuilder::default().f32("model.norm.weight", &[64], |_| 1.0);
        put(&folder.join("model.safetensors"), tensor.build());
    }

    fn adapter(&self, names: &str) -> PathBuf {
        let folder = self.root.path().join("adapters/adapter");
        Self::copy(&Self::case("adapter"), &folder);
        let mut config: Value = read_json(&folder.join("adapter_config.json"));
        config["base_model_name_or_path"] = names.into();
        put(&folder.join("adapter_config.json"), config.to_string());
        folder
    }

    fn twin(&self, base: &Path, names: &str) -> Option<Twin> {
        let (base, adapter) = (Checkpoint::open(base).unwrap(), Adapter::open(&self.adapter(names)).unwrap());
        Twin::find(&[self.cache()], &base, &adapter)
    }
}

#[test]
fn the_original_of_a_packed_base_is_named_and_found_where_the_cache_holds_it() {
    let machine = Machine::new();
    let packed = machine.cached("unsloth/Qwen2.5-0.5B-bnb-4bit", true);
    let twin = || machine.twin(&packed, "unsloth/Qwen2.5-0.5B-bnb-4bit").unwrap();
    assert_eq!((twin().name.as_str(), twin().is_packed, twin().path), ("unsloth/Qwen2.5-0.5B", false, None));

    // Its own base is as good, in whatever case people wrote its name; the nearer name comes first.
    let own = machine.cached("qwen/qwen2.5-0.5B", false);
    assert_eq!((twin().name.as_str(), twin().path), ("Qwen/Qwen2.5-0.5B", Some(own)));
    let near = machine.cached("unsloth/Qwen2.5-0.5B", false);
    assert_eq!((twin().found_in, twin().path), (Some(FoundIn::HubCache), Some(near)));
}

#[test]
fn an_adapter_that_names_the_original_is_believed_of_a_packed_copy_of_that() {
    let machine = Machine::new();
    let packed = machine.cached("unsloth/Qwen2.5-0.5B-bnb-4bit", true);
    let original = machine.cached("Qwen/Qwen2.5-0.5B", false);
    let twin = machine.twin(&packed, "Qwen/Qwen2.5-0.5B").unwrap();
    assert_eq!((twin.name.as_str(), twin.path), ("Qwen/Qwen2.5-0.5B", Some(original.clone())));
    // One that names another model is not: then the base's own name decides.
    let twin = machine.twin(&packed, "meta-llama/Llama-3.2-1B").unwrap();
    assert_eq!((twin.name.as_str(), twin.path), ("Qwen/Qwen2.5-0.5B", Some(original)));
}

#[test]
fn the_card_of_a_packed_base_names_its_original_where_no_rule_does() {
    let machine = Machine::new();
    let packed = machine.cached("mlx-community/own-model-4bit", true);
    assert_eq!(machine.twin(&packed, "mlx-community/own-model-4bit"), None);
    put(&packed.join("README.md"), "---\nbase_model:\n- somebody/own-model\n---\n");
    assert_eq!(machine.twin(&packed, "mlx-community/own-model-4bit").unwrap().name, "somebody/own-model");
}

#[test]
fn the_packed_base_that_an_adapter_names_is_the_twin_of_its_original() {
    let machine = Machine::new();
    let original = machine.cached("unsloth/Qwen2.5-0.5B", false);
    let twin = || machine.twin(&original, "unsloth/Qwen2.5-0.5B-bnb-4bit").unwrap();
    assert_eq!((twin().is_packed, twin().path), (true, None));
    let packed = machine.cached("unsloth/Qwen2.5-0.5B-bnb-4bit", true);
    assert_eq!((twin().is_packed, twin().path), (true, Some(packed)));
    assert_eq!(machine.twin(&original, "unsloth/Qwen2.5-0.5B"), None, "nothing says that anything was packed");
    // A path tells by what lies there.
    let nearby = machine.root.path().join("adapters/quantised");
    Machine::copy(&Machine::case("base"), &nearby);
    let twin = machine.twin(&original, "/home/someone/quantised").unwrap();
    assert_eq!((twin.name.as_str(), twin.found_in, twin.path), ("quantised", Some(FoundIn::Neighbour), Some(nearby)));
}

#[test]
fn the_plan_says_what_training_saw_what_the_base_is_and_where_the_twin_lies() {
    let machine = Machine::new();
    let packed = Machine::case("base").to_string_lossy().into_owned();
    let adapter = machine.adapter("unsloth/Toy-1B-bnb-4bit").to_string_lossy().into_owned();
    let output = lorafuse(machine.root.path(), &["merge", &packed, &adapter, "-o", "merged", "--dry-run"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "the trainer saw packed weights (`unsloth/Toy-1B-bnb-4bit`), and this base is packed (bitsandbytes NF4)",
        "the 16-bit original of this base, `unsloth/Toy-1B`, is not on this machine, and nothing is downloaded",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // What is read is what lies in the file.
    let read = text.lines().find(|line| line.starts_with("Read")).unwrap();
    assert!(read.contains("61.8 kB"), "{read}");
}
