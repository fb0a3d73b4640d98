//! A packed base in the window: its twin is named and opened, and two merges are measured beside each other.

use std::{fs, path::Path};

use egui::{Theme, accesskit::Role};
use egui_kittest::kittest::Queryable as _;
use lorafuse::{checkpoint::Checkpoint, gui::MergeCommand};
use serde_json::{Value, json};

use crate::{
    steps::{Window, is_checked, is_merged, is_planned},
    support::{Workspace, click, copy_folder, drop_folders, open_window, wait_until},
};

fn case(part: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden-quant/bnb-nf4").join(part)
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A packed model, a plain one of its shape a little away from it, and an adapter that names the packed one by the
/// custom of the Hub.
fn put_models(workspace: &Workspace) {
    let [packed, original, adapter] = ["toy-bnb-4bit", "toy", "toy-lora"].map(|name| workspace.folder(name));
    copy_folder(&case("base"), &packed);
    let mut config = read_json(&packed.join("config.json"));
    config.as_object_mut().unwrap().remove("quantization_config");
    fs::create_dir_all(&original).unwrap();
    fs::write(original.join("config.json"), config.to_string()).unwrap();
    put_plain_weights(&Checkpoint::open(&packed).unwrap(), &original.join("model.safetensors"));
    let words: serde_json::Map<String, Value> = (0..96).map(|id| (format!("w{id}"), json!(id))).collect();
    let tokenizer = json!({
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "model": {"type": "WordLevel", "vocab": words, "unk_token": "w0"},
    });
    for folder in [&packed, &original] {
        fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    }
    copy_folder(&case("adapter"), &adapter);
    let mut config = read_json(&adapter.join("adapter_config.json"));
    config["base_model_name_or_path"] = "somebody/toy-bnb-4bit".into();
    fs::write(adapter.join("adapter_config.json"), config.to_string()).unwrap();
}

/// The weights that `packed` stands for, every third value an eighth larger.
fn put_plain_weights(packed: &Checkpoint, path: &Path) {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    for (name, tensor) in packed.tensors() {
        let start = data.len();
        let values = tensor.read_all().unwrap();
        let moved = values.iter().enumerate().map(|(at, value)| if at % 3 == 0 { value * 1.125 } else { *value });
        data.extend(moved.flat_map(f32::to_le_bytes));
        let entry = json!({"dtype": "F32", "shape": tensor.shape(), "data_offsets": [start, data.len()]});
        header.insert(name.clone(), entry);
    }
    let header = Value::Object(header).to_string();
    fs::write(path, [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()).unwrap();
}

/// A window with the base so named and the adapter, on the screen that shows the plan.
fn planned_on(workspace: &Workspace, base: &str) -> Window {
    let mut window = open_window(workspace.machine(), Theme::Light, 1.0);
    drop_folders(&mut window, &[workspace.folder(base), workspace.folder("toy-lora")]);
    wait_until(&mut window, "the plan", is_planned);
    click(&mut window, Role::Tab, "Merge");
    window
}

#[test]
fn the_plan_says_what_training_saw_and_opens_the_twin() {
    let workspace = Workspace::new();
    put_models(&workspace);
    let mut window = planned_on(&workspace, "toy-bnb-4bit");
    // High enough for all checks: what is scrolled away cannot be clicked.
    window.set_size(egui::vec2(1280.0, 1600.0));
    window.run_steps(3);
    window.get_by_label_contains("The trainer saw packed weights (somebody/toy-bnb-4bit)");
    window.get_by_label_contains("The 16-bit original of this base, somebody/toy, lies in");
    // What is kept is what the weights are unpacked to.
    window.get_by_role_and_label(Role::RadioButton, "Keep BF16");
    click(&mut window, Role::Button, "Open the original as base");
    let original = workspace.folder("toy");
    wait_until(&mut window, "the plan of the original", |app| {
        is_planned(app) && app.state.wells.base.path.as_ref() == Some(&original)
    });
    // And back: there the packed one is the twin.
    click(&mut window, Role::Tab, "Merge");
    window.get_by_label_contains("this base is plain F32");
    click(&mut window, Role::Button, "Open the packed base");
    let packed = workspace.folder("toy-bnb-4bit");
    wait_until(&mut window, "the plan of the packed base", |app| {
        is_planned(app) && app.state.wells.base.path.as_ref() == Some(&packed)
    });
}

#[test]
fn both_merges_are_measured_beside_each_other_and_the_verdict_says_which_is_closer() {
    let workspace = Workspace::new();
    put_models(&workspace);
    let text = workspace.home.path().join("words.txt");
    let words: Vec<String> = (0..4_300_u64).map(|at| format!("w{}", ((at * at * 2_654_435_761) >> 9) % 96)).collect();
    fs::write(&text, words.join(" ")).unwrap();
    for (base, shown) in [
        ("toy-bnb-4bit", "merged is closer to base + adapter than merged into the original: KL"),
        ("toy", "merged into the packed base is closer to packed base + adapter than merged: KL"),
    ] {
        let mut window = planned_on(&workspace, base);
        window.state_mut().ask(MergeCommand::ChooseDtype("bf16".parse().unwrap()));
        window.run_steps(2);
        wait_until(&mut window, "the plan for bf16", is_planned);
        window.state_mut().ask(MergeCommand::Start);
        wait_until(&mut window, "the merge", is_merged);
        wait_until(&mut window, "the checks", is_checked);
        click(&mut window, Role::Tab, "Compare");
        window.get_by_label_contains("is measured beside this one, to say which is closer");
        drop_folders(&mut window, std::slice::from_ref(&text));
        wait_until(&mut window, "the perplexities", |app| app.state.finished().unwrap().evaluation.is_some());
        let measured = window.state().state.finished().unwrap().evaluation.as_ref().unwrap();
        assert!(measured.is_ok(), "{measured:?}");
        // The verdict says it, and the conclusions below.
        let count = window.get_all_by_label_contains(shown).count();
        assert!(count >= 2, "{count} times");
    }
}
