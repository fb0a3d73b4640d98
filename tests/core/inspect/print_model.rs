//! `print(model)` before and after an adapter: the text of transformers and PEFT, letter by letter, for the families
//! whose modules are known in full. `tests/tools/make_prints.py` captured it.

use lorafuse::{
    adapter::Adapter,
    checkpoint::Checkpoint,
    matching::Matching,
    tree::{ModuleNode, is_transformers_text, print_model},
};

use crate::support::{self, put_toy, repository};

fn check(family: &str) {
    let folder = repository().join("tests/print").join(family);
    let base = Checkpoint::open(&folder.join("base")).unwrap();
    let adapters = [Adapter::open(&folder.join("adapter")).unwrap()];
    let matching = Matching::new(&base, &adapters);
    assert!(matching.is_complete(), "{family}");
    let tree = ModuleNode::new(&base, &matching, &adapters);
    assert!(is_transformers_text(&tree, base.config()), "{family}");
    for (file, adapter) in [("base.txt", None), ("adapted.txt", Some((0, &adapters[0])))] {
        let expected = std::fs::read_to_string(folder.join(file)).unwrap();
        let printed = print_model(&tree, base.config(), adapter);
        for (number, (ours, expected)) in printed.iter().zip(expected.lines()).enumerate() {
            assert_eq!(ours.text, expected, "{family}/{file}, line {}", number + 1);
        }
        assert_eq!(printed.len(), expected.lines().count(), "{family}/{file}");
    }
}

#[test]
fn llama_prints_as_in_python() {
    check("llama");
}

#[test]
fn qwen2_prints_as_in_python() {
    check("qwen2");
}

#[test]
fn gpt_neox_prints_as_in_python() {
    check("gpt_neox");
}

/// From weights without `transformer.` before their names, as they lie on the Hub.
#[test]
fn gpt2_prints_as_in_python() {
    check("gpt2");
}

#[test]
fn other_trees_are_known_to_be_generic() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let toy = Checkpoint::open(&root.path().join("base")).unwrap();
    let tree = ModuleNode::new(&toy, &Matching::default(), &[]);
    assert!(!is_transformers_text(&tree, toy.config()));
    // A family that is known, with a module that is not.
    let folder = support::golden("mixtral-attn/base");
    let mixtral = Checkpoint::open(&folder).unwrap();
    let tree = ModuleNode::new(&mixtral, &Matching::default(), &[]);
    assert!(!is_transformers_text(&tree, mixtral.config()));
}
