//! Tokenizers that llama.cpp would not follow or whose files disagree: each refusal beside a neighbour that is exported.

use serde_json::{Value, json};

use super::refusals::Model;

/// A change of a model.
type Edit = fn(&mut Model);

/// Case, a change that is refused, one that is not, and how the refusal begins.
type Row = (&'static str, Edit, Edit, &'static str);

const NOTHING: Edit = |_| {};

fn assert_rows(rows: &[Row]) {
    for (index, (case, refused, accepted, expected)) in rows.iter().enumerate() {
        let what = format!("row {index}, {case}");
        let (mut bad, mut good) = (Model::new(case), Model::new(case));
        refused(&mut bad);
        accepted(&mut good);
        match bad.export() {
            Ok(_) => panic!("{what} is exported"),
            Err(error) => {
                let told = super::refusals::told(&error);
                assert!(told.starts_with(expected), "{what}: {told}, not {expected}");
            }
        }
        good.assert_exported(&what);
    }
}

/// An added token without flags.
fn added(id: u64, content: &str) -> Value {
    let off = false;
    json!({"id": id, "content": content, "special": true, "normalized": off, "lstrip": off, "rstrip": off, "single_word": off})
}

fn add(model: &mut Model, token: Value) {
    model.tokenizer["added_tokens"].as_array_mut().unwrap().push(token);
}

/// Fields at the end of `tokenizer.model`: of a message, the last one counts.
fn append(model: &mut Model, bytes: &[u8]) {
    model.files.get_mut("tokenizer.model").unwrap().extend(bytes);
}

/// A number (field below 16 or of two bytes) of the trainer's or the normalizer's message.
fn number(message: u8, field: u64, value: u8) -> Vec<u8> {
    let key = field << 3;
    #[expect(clippy::cast_possible_truncation, reason = "seven bits")]
    let key = if key < 128 { vec![key as u8] } else { vec![(key & 127 | 128) as u8, (key >> 7) as u8] };
    let inner = [&key[..], &[value]].concat();
    [&[message << 3 | 2, u8::try_from(inner.len()).unwrap()], &inner[..]].concat()
}

#[test]
fn files_that_are_missing_or_of_another_kind() {
    assert_rows(&[
        ("gpt2", |model| model.tokenizer = Value::Null, NOTHING, "no tokenizer"),
        ("qwen3", |model| model.tokenizer = Value::Null, NOTHING, "no tokenizer"),
        (
            "llama3-rope",
            |model| {
                model.tokenizer = Value::Null;
                model.files.insert("tokenizer.model", b"IQ== 0\n".to_vec());
            },
            |model| drop(model.files.insert("tokenizer.model", b"IQ== 0\n".to_vec())),
            "bad tokenizer.model: it holds no SentencePiece model",
        ),
        (
            "gpt2",
            |model| drop(model.files.insert("added_tokens.json", b"{".to_vec())),
            |model| drop(model.files.insert("added_tokens.json", b"{}".to_vec())),
            "bad JSON",
        ),
        ("gpt2", |model| model.tokenizer["model"]["type"] = json!("Unigram"), NOTHING, "kind Unigram"),
        (
            "llama-spm-json-only",
            |model| model.tokenizer["model"]["byte_fallback"] = json!(false),
            |model| model.tokenizer["model"]["byte_fallback"] = json!(true),
            "kind BPE without bytes",
        ),
    ]);
}

/// A link to nothing where a file of the tokenizer is looked for: it is not passed over.
#[cfg(unix)]
#[test]
fn a_file_that_is_none() {
    use lorafuse::{
        checkpoint::Checkpoint,
        gguf::{ExportError, FileType, GgufExport},
    };
    let case = super::models::Case::new("gpt2");
    std::os::unix::fs::symlink("nowhere", case.folder.path().join("tokenizer.model")).unwrap();
    let error = GgufExport::new(&Checkpoint::open(case.folder.path()).unwrap(), FileType::F32).unwrap_err();
    let ExportError::Io(io) = &error else { panic!("{error}") };
    assert!(io.path.ends_with("tokenizer.model"), "{error}");
}

#[test]
fn vocabularies_that_name_no_tokens() {
    assert_rows(&[
        (
            "gpt2",
            |model| model.tokenizer["model"]["vocab"] = json!([]),
            NOTHING,
            "bad tokenizer.json: its model has no vocabulary",
        ),
        (
            "gpt2",
            |model| model.tokenizer["model"]["vocab"] = json!({}),
            NOTHING,
            "bad tokenizer.json: its vocabulary is empty",
        ),
        (
            "gpt2",
            |model| model.tokenizer["model"]["vocab"]["xyz"] = json!(-1),
            NOTHING,
            "bad tokenizer.json: an id of the vocabulary is no number",
        ),
        (
            "qwen2",
            |model| model.tokenizer["model"]["vocab"]["xyz"] = json!(400),
            |model| model.tokenizer["model"]["vocab"]["xyz"] = json!(399),
            "too many tokens: 401",
        ),
        (
            "qwen2",
            |model| model.tokenizer["model"]["vocab"]["xyz"] = json!(7),
            NOTHING,
            "bad tokenizer.json: two tokens have the id 7",
        ),
        (
            "qwen2",
            |model| add(model, added(7, "xyz")),
            |model| add(model, added(399, "xyz")),
            "bad tokenizer.json: two tokens have the id 7",
        ),
        (
            "qwen2",
            |model| add(model, json!({"content": "xyz"})),
            |model| add(model, added(390, "xyz")),
            "bad tokenizer.json: an added token has no id or no content",
        ),
        (
            "llama-spm",
            |model| model.tokenizer_config["added_tokens_decoder"]["x"] = json!({"content": "y"}),
            |model| model.tokenizer_config["added_tokens_decoder"]["388"] = json!({"content": "y"}),
            "bad tokenizer_config.json: an added token has no id or no content",
        ),
        (
            "llama-spm",
            |model| drop(model.files.insert("added_tokens.json", br#"{"<x>": "y"}"#.to_vec())),
            |model| drop(model.files.insert("added_tokens.json", br#"{"<x>": 388}"#.to_vec())),
            "bad added_tokens.json: an id is no number",
        ),
        (
            "llama-spm-json-only",
            |model| model.tokenizer["added_tokens"][4]["content"] = json!("a\0b"),
            |model| model.tokenizer["added_tokens"][4]["content"] = json!("ab"),
            "bad the vocabulary: the token",
        ),
        (
            "gpt2",
            |model| model.tokenizer["model"]["merges"] = json!([]),
            NOTHING,
            "bad tokenizer.json: its model has no merges",
        ),
        (
            "gpt2",
            |model| model.tokenizer["model"]["merges"] = Value::Null,
            NOTHING,
            "bad tokenizer.json: its model has no merges",
        ),
        (
            "gpt2",
            |model| model.tokenizer["model"]["merges"][0] = json!(["a", "b", "c"]),
            NOTHING,
            "bad tokenizer.json: a merge is no pair",
        ),
        // What the tokenizers of transformers refuse.
        ("gpt2", |model| model.tokenizer["model"]["merges"][0] = json!(["!", "qqq"]), NOTHING, "bad tokenizer.json: "),
        (
            "llama-spm",
            |model| {
                for name in ["model.embed_tokens.weight", "lm_head.weight"] {
                    model.tensors.insert(name.to_owned(), vec![383, 64]);
                }
                model.config["vocab_size"] = json!(383);
            },
            NOTHING,
            "too many tokens: 384",
        ),
    ]);
}

/// What `tokenizer.model` says of itself.
#[test]
fn sentence_piece_models_of_other_settings() {
    assert_rows(&[
        (
            "llama-spm",
            |model| append(model, &number(2, 3, 1)),
            |model| append(model, &number(2, 3, 2)),
            "bad tokenizer.model: its model is no BPE",
        ),
        (
            "llama-spm",
            |model| append(model, &number(2, 35, 0)),
            |model| append(model, &number(2, 35, 1)),
            "bad tokenizer.model: it does not fall back to bytes",
        ),
        (
            "llama-spm",
            |model| append(model, &number(2, 24, 1)),
            |model| append(model, &number(2, 24, 0)),
            "bad tokenizer.model: it puts blanks behind words",
        ),
        (
            "llama-spm",
            |model| append(model, &number(3, 4, 1)),
            |model| append(model, &number(3, 4, 0)),
            "bad tokenizer.model: it removes blanks",
        ),
        (
            "llama-spm",
            |model| append(model, &number(3, 5, 0)),
            |model| append(model, &number(3, 5, 1)),
            "bad tokenizer.model: it leaves blanks as they are",
        ),
        (
            "llama-spm",
            |model| append(model, b"\x1a\x06\x0a\x04nfkc"),
            |model| append(model, b"\x1a\x0a\x0a\x08identity"),
            "bad tokenizer.model: it rewrites text before it cuts it",
        ),
        (
            "llama-spm",
            |model| append(model, b"\x1a\x03\x12\x01x"),
            |model| append(model, b"\x1a\x02\x12\x00"),
            "bad tokenizer.model: it rewrites text before it cuts it",
        ),
        (
            "gemma2",
            |model| {
                append(model, &number(3, 3, 1));
                model.tokenizer = Value::Null;
            },
            |model| append(model, &number(3, 3, 0)),
            "bad tokenizer.model: it puts a blank before a text, as no Gemma does",
        ),
    ]);
}

#[test]
fn files_that_disagree_with_each_other() {
    assert_rows(&[
        (
            "llama-spm",
            |model| add(model, added(7, "other")),
            |model| add(model, added(388, "other")),
            "bad tokenizer.json: its token 7 is not that of tokenizer.model",
        ),
        (
            "llama-spm",
            |model| model.tokenizer_config["added_tokens_decoder"]["7"] = json!({"content": "other"}),
            |model| model.tokenizer_config["added_tokens_decoder"]["388"] = json!({"content": "other"}),
            "bad tokenizer_config.json: its token 7 is not that of tokenizer.model",
        ),
        (
            "gemma2",
            |model| {
                model.tokenizer["added_tokens"].as_array_mut().unwrap().retain(|token| token["id"] != 6);
                model.tokenizer_config["added_tokens_decoder"].as_object_mut().unwrap().remove("6");
            },
            |model| model.tokenizer["added_tokens"].as_array_mut().unwrap().retain(|token| token["id"] != 6),
            "bad tokenizer.model: its token \"<unused0>\" is the user's own",
        ),
        (
            "llama-spm",
            |model| model.tokenizer["model"]["vocab"] = Value::Null,
            NOTHING,
            "bad tokenizer.json: its model has no vocabulary",
        ),
        (
            "llama-spm",
            |model| {
                let vocabulary = model.tokenizer["model"]["vocab"].as_object_mut().unwrap();
                vocabulary.retain(|_, id| *id != 300);
            },
            NOTHING,
            "bad tokenizer.json: its token 300 is not that of tokenizer.model",
        ),
        (
            "llama-spm",
            |model| model.tokenizer["model"]["vocab"]["other"] = json!(390),
            NOTHING,
            "bad tokenizer.json: its token 390 is not that of tokenizer.model",
        ),
        (
            "llama-spm",
            |model| model.tokenizer["model"]["vocab"]["other"] = json!("x"),
            NOTHING,
            "bad tokenizer.json: an id of the vocabulary is no number",
        ),
        (
            "llama-spm",
            |model| {
                model.tokenizer["normalizer"]["normalizers"]
                    .as_array_mut()
                    .unwrap()
                    .retain(|step| step["type"] != "Prepend");
            },
            NOTHING,
            "bad tokenizer.json: it and the other files differ in whether a blank is put before a text",
        ),
        (
            "llama-spm",
            |model| model.tokenizer_config["add_prefix_space"] = json!(false),
            |model| model.tokenizer_config["add_prefix_space"] = json!(true),
            "bad tokenizer.json: it and the other files differ",
        ),
    ]);
}

/// What is done to a text but writing its blanks as `▁`.
#[test]
fn steps_that_llama_cpp_does_not_know() {
    let unknown = "bad tokenizer.json: llama.cpp does not know this step";
    assert_rows(&[
        (
            "llama-spm-json-only",
            |model| model.tokenizer["normalizer"]["normalizers"].as_array_mut().unwrap().push(json!({"type": "NFKC"})),
            NOTHING,
            unknown,
        ),
        (
            "llama-spm-json-only",
            |model| model.tokenizer["pre_tokenizer"] = json!({"type": "Digits", "individual_digits": true}),
            |model| {
                model.tokenizer["pre_tokenizer"] = json!({"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": false});
            },
            unknown,
        ),
        (
            "llama-spm-json-only",
            |model| {
                model.tokenizer["pre_tokenizer"] =
                    json!({"type": "Split", "pattern": {"String": "x"}, "behavior": "Isolated", "invert": false});
            },
            NOTHING,
            unknown,
        ),
        (
            "llama-spm-json-only",
            |model| model.tokenizer["normalizer"]["normalizers"][0]["prepend"] = json!("_"),
            NOTHING,
            unknown,
        ),
        (
            "llama-spm-json-only",
            |model| model.tokenizer["normalizer"]["normalizers"][1]["content"] = json!("_"),
            NOTHING,
            unknown,
        ),
        (
            "llama-spm-json-only",
            |model| model.tokenizer["normalizer"]["normalizers"][1]["pattern"] = json!({"String": "x"}),
            NOTHING,
            unknown,
        ),
        ("llama-spm-json-only", |model| metaspace(model, "▁", true), |model| metaspace(model, "▁", false), unknown),
        ("llama-spm-json-only", |model| metaspace(model, "_", false), |model| metaspace(model, "▁", false), unknown),
        ("llama-spm-json-only", |model| model.tokenizer["normalizer"] = json!({"of": "no type"}), NOTHING, unknown),
        (
            "llama-spm-json-only",
            |model| model.tokenizer["normalizer"] = json!({"type": "Prepend", "prepend": "▁"}),
            |model| {
                model.tokenizer["normalizer"] = json!({"type": "Replace", "pattern": {"String": " "}, "content": "▁"});
            },
            "bad tokenizer.json: it leaves blanks as they are",
        ),
        (
            "qwen2",
            |model| model.tokenizer["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = json!(r"\p{N}{1,5}|\s+"),
            NOTHING,
            r"unknown cuts: Split \p{N}{1,5}|\s+, ByteLevel",
        ),
        ("qwen2", |model| model.tokenizer["normalizer"] = Value::Null, NOTHING, "unknown cuts"),
        (
            "qwen2",
            |model| model.tokenizer["pre_tokenizer"]["pretokenizers"][0]["behavior"] = json!("Removed"),
            NOTHING,
            "unknown cuts",
        ),
        ("llama3-rope", |model| model.tokenizer["normalizer"] = json!({"type": "NFC"}), NOTHING, "unknown cuts"),
        ("gpt2", |model| model.tokenizer["pre_tokenizer"]["add_prefix_space"] = json!(true), NOTHING, "unknown cuts"),
        ("gpt2", |model| model.tokenizer["pre_tokenizer"]["use_regex"] = json!(false), NOTHING, "unknown cuts"),
        ("gpt2", |model| model.tokenizer["normalizer"] = json!({"type": "Lowercase"}), NOTHING, "unknown cuts"),
    ]);
}

fn metaspace(model: &mut Model, replacement: &str, is_split: bool) {
    model.tokenizer["normalizer"] = Value::Null;
    model.tokenizer["pre_tokenizer"] =
        json!({"type": "Metaspace", "replacement": replacement, "prepend_scheme": "always", "split": is_split});
}

/// The template of the post-processor.
fn template(model: &mut Model) -> &mut Value {
    &mut model.tokenizer["post_processor"]
}

#[test]
fn roles_and_what_is_put_around_a_text() {
    assert_rows(&[
        (
            "gpt2",
            |model| {
                model.config["eos_token_id"] = Value::Null;
                model.tokenizer_config["eos_token"] = Value::Null;
            },
            |model| model.config["eos_token_id"] = Value::Null,
            "no setting eos_token_id",
        ),
        (
            "qwen2",
            |model| {
                model.config["bos_token_id"] = Value::Null;
                model.tokenizer_config["add_bos_token"] = json!(true);
            },
            |model| model.config["bos_token_id"] = Value::Null,
            "no setting bos_token_id",
        ),
        (
            "gemma2",
            |model| template(model)["special_tokens"]["<bos>"]["ids"] = json!([3]),
            |model| template(model)["special_tokens"]["<bos>"]["ids"] = json!([2]),
            "bad tokenizer.json: its post-processor adds a token that is not the one bos token",
        ),
        (
            "gemma2",
            |model| template(model)["special_tokens"]["<bos>"]["ids"] = json!([2, 2]),
            NOTHING,
            "bad tokenizer.json: its post-processor adds a token that is not the one bos token",
        ),
        (
            "gemma2",
            |model| ends_with(model, "<bos>"),
            |model| {
                template(model)["special_tokens"]["<eos>"] = json!({"id": "<eos>", "ids": [1], "tokens": ["<eos>"]});
                ends_with(model, "<eos>");
            },
            "bad tokenizer.json: its post-processor adds a token that is not the one eos token",
        ),
        (
            "gemma2",
            |model| {
                let single = template(model)["single"].as_array_mut().unwrap();
                single.insert(0, single[0].clone());
            },
            |model| drop(template(model)["single"].as_array_mut().unwrap().remove(0)),
            "bad tokenizer.json: its post-processor puts more than one token before or behind a text",
        ),
        (
            "gemma2",
            |model| *template(model) = json!({"type": "BertProcessing", "sep": ["<eos>", 1], "cls": ["<bos>", 2]}),
            |model| *template(model) = Value::Null,
            "bad tokenizer.json: its post-processor is a BertProcessing",
        ),
        (
            "gemma2",
            |model| *template(model) = json!({"of": "no type"}),
            NOTHING,
            "bad tokenizer.json: its post-processor is a thing without a type",
        ),
        (
            "llama3-rope",
            |model| {
                let steps = template(model)["processors"].as_array_mut().unwrap();
                steps.push(steps[1].clone());
            },
            |model| template(model)["processors"].as_array_mut().unwrap().truncate(1),
            "bad tokenizer.json: its post-processor has two templates",
        ),
    ]);
}

fn ends_with(model: &mut Model, token: &str) {
    let piece = json!({"SpecialToken": {"id": token, "type_id": 0}});
    template(model)["single"].as_array_mut().unwrap().push(piece);
}
