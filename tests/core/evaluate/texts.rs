//! Texts: how files become documents and tokens, and what is said of those that cannot be scored.

use std::{
    fs,
    path::{Path, PathBuf},
};

use lorafuse::{
    error::Hint as _,
    evaluate::{self, EvalError, EvalRequest, EvalText, ModelSource, TextContent, TextScore},
    job::{JobContext, JobEvent},
};
use tokenizers::Tokenizer;

use crate::support::{
    evaluation::{evaluated, read_json},
    golden,
};

fn sample(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample").join(part)
}

#[test]
fn documents_are_scored_apart_and_counted_together() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("documents.jsonl");
    let sentences = fs::read_to_string(sample("texts/three_sentences.txt")).unwrap();
    let lines: Vec<String> =
        sentences.lines().map(|line| serde_json::json!({"text": line, "id": 1}).to_string()).collect();
    fs::write(&path, format!("\u{feff}{}\n", lines.join("\n\n"))).unwrap();
    let mut texts = vec![EvalText::read(&path).unwrap()];
    texts.extend(EvalText::read_lines(&path).unwrap());
    assert_eq!(
        texts.iter().map(|text| text.name.as_str()).collect::<Vec<_>>(),
        ["documents.jsonl", "documents.jsonl:1", "documents.jsonl:3", "documents.jsonl:5",]
    );
    let report = evaluated(vec![ModelSource::Stored(sample("base")); 2], texts).unwrap();
    let [together, apart @ ..] = &report.models[0].texts[..] else { panic!("there are texts") };
    assert_eq!(together.nll, apart.iter().flat_map(|text| text.nll.clone()).collect::<Vec<_>>());
    assert_eq!(together.document_lengths, apart.iter().map(TextScore::tokens_scored).collect::<Vec<_>>());
    assert_eq!(
        (together.block_count(), together.utf8_bytes),
        (3, Some(sentences.lines().map(str::len).sum::<usize>() as u64))
    );
    assert_eq!(serde_json::to_value(&report).unwrap()["models"][0]["texts"][0]["documents"], 3);

    let short = evaluated(
        vec![ModelSource::Stored(sample("base"))],
        vec![EvalText::documents("d.jsonl", vec!["To be".to_owned(), String::new()])],
    );
    let short = short.unwrap_err().to_string();
    assert!(short.starts_with("d.jsonl (document 2) has 1 token"), "{short}");
}

#[test]
fn a_text_is_decoded_as_it_was_written() {
    let scratch = tempfile::tempdir().unwrap();
    let read = |name: &str, bytes: &[u8]| {
        let path = scratch.path().join(name);
        fs::write(&path, bytes).unwrap();
        EvalText::read(&path).unwrap()
    };
    let text = "오늘은 뷁 날씨가 좋다.";
    assert_eq!(read("utf8.txt", text.as_bytes()), EvalText::text("utf8.txt", text));
    assert_eq!(read("mark.txt", format!("\u{feff}{text}").as_bytes()), EvalText::text("mark.txt", text));
    // CP949, with a syllable that KS X 1001 lacks (0x94EE).
    let cp949 = b"\xbf\xc0\xb4\xc3\xc0\xba \x94\xee \xb3\xaf\xbe\xbe\xb0\xa1 \xc1\xc1\xb4\xd9.";
    assert_eq!(read("old.txt", cp949), EvalText::text("old.txt (CP949)", text));
}

#[test]
fn models_with_other_tokens_share_only_bits_per_byte() {
    let scratch = tempfile::tempdir().unwrap();
    let other = scratch.path().join("other");
    fs::create_dir(&other).unwrap();
    for entry in fs::read_dir(sample("base")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), other.join(entry.file_name())).unwrap();
    }
    // Without its merges the tokenizer cuts every text into single bytes.
    let mut tokenizer = read_json(&other.join("tokenizer.json"));
    tokenizer["model"]["merges"] = serde_json::json!([]);
    fs::write(other.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    let sources = [sample("base"), other, sample("base")].map(ModelSource::Stored).to_vec();
    let (job, watch) = JobContext::new(|| {});
    let request = EvalRequest::new(sources, vec![EvalText::text("text", "To be, or not to be.")]);
    let report = evaluate::run(&request, &job).unwrap();
    assert_eq!(report.other_tokens, [1]);
    assert!(report.paired.iter().all(|paired| paired.model == 2) && report.paired.len() == 1);
    assert!(report.divergences.iter().all(|divergence| divergence.model == 2) && report.divergences.len() == 1);
    let [one, other, ..] = &report.models[..] else { panic!("three models") };
    assert_ne!(one.texts[0].tokens_scored(), other.texts[0].tokens_scored());
    assert!(one.texts[0].bits_per_byte().unwrap() < other.texts[0].bits_per_byte().unwrap());
    let progress = watch.progress.sample();
    assert_eq!(progress.bytes_done, progress.bytes_total, "the bytes announced are the bytes read");
    let warned = |event: JobEvent| matches!(event, JobEvent::Warning(warning) if warning.to_string().contains("only bits per byte"));
    assert!(watch.events.try_iter().any(warned));
}

#[test]
fn the_texts_that_come_along_are_long_enough_to_conclude() {
    let tokenizer = Tokenizer::from_file(sample("base/tokenizer.json")).unwrap();
    let texts = EvalText::builtin();
    assert_eq!(texts.len(), 2);
    for text in texts {
        let TextContent::Text(content) = &text.content else { panic!("{} is one text", text.name) };
        let token_count = tokenizer.encode_fast(content.as_str(), true).unwrap().len();
        assert!(token_count >= 60 * 128 && (40_000..=80_000).contains(&content.len()), "{}", text.name);
        assert!(!content.contains('\r'));
    }
}

#[test]
fn a_text_that_spells_its_bos_gets_it_once() {
    let texts = vec![EvalText::text("plain", "To be"), EvalText::text("spelt", "<|begin_of_text|>To be")];
    let report = evaluated(vec![ModelSource::Stored(sample("base"))], texts).unwrap();
    assert_eq!(report.models[0].texts[0].nll, report.models[0].texts[1].nll);
}

#[test]
fn texts_that_cannot_be_scored_are_refused() {
    let base = || vec![ModelSource::Stored(sample("base"))];
    let empty = evaluated(base(), vec![EvalText::text("empty.txt", "")]).unwrap_err();
    assert!(matches!(empty, EvalError::NothingToScore { token_count: 1, .. }), "{empty}");
    let outside = evaluated(base(), vec![EvalText::tokens("ids", vec![1, 4096])]).unwrap_err();
    assert!(matches!(outside, EvalError::TokenOutsideVocab { id: 4096, .. }), "{outside}");
    assert!(matches!(evaluated(base(), vec![]).unwrap_err(), EvalError::NoText));
    assert!(matches!(evaluated(vec![], vec![EvalText::text("a", "b c")]).unwrap_err(), EvalError::NoModel));
    let golden = vec![ModelSource::Stored(golden("llama-lora").join("base"))];
    let without = evaluated(golden, vec![EvalText::text("a", "b c")]).unwrap_err();
    assert!(matches!(without, EvalError::NoTokenizer { .. }), "{without}");
    let narrow = EvalRequest { window: Some(1), ..EvalRequest::new(base(), vec![EvalText::text("a", "b c")]) };
    let narrow = evaluate::run(&narrow, &JobContext::unwatched()).unwrap_err();
    assert!(matches!(narrow, EvalError::WindowTooSmall { window: 1 }), "{narrow}");
}

#[test]
fn files_that_are_no_texts_are_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = scratch.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let latin1 = EvalText::read(&write("latin1.txt", b"caf\xe9")).unwrap_err();
    assert!(matches!(latin1, EvalError::NotUtf8 { offset: 3, .. }), "{latin1}");
    for empty in [&b""[..], b" \n", b"\xef\xbb\xbf"] {
        let error = EvalText::read(&write("empty.txt", empty)).unwrap_err();
        assert!(matches!(error, EvalError::EmptyText { .. }), "{error}");
    }
    let lines = [
        ("{\"text\": \"a\"}\n{\"body\": \"b\"}", 2, "no `text`"),
        ("\n{\"text\": 1}", 2, "no string"),
        ("{\"text\": \" \"}", 1, "empty"),
        ("{\"text\": \"a\"}\n\n{\"text\": ", 3, "EOF"),
        ("[\"text\"]", 1, "no `text`"),
    ];
    for (content, expected, problem) in lines {
        let error = EvalText::read(&write("bad.jsonl", content.as_bytes())).unwrap_err();
        assert!(matches!(error, EvalError::BadJsonLine { line, .. } if line == expected), "{error}");
        assert!(error.to_string().contains(problem) && error.hint().is_some(), "{error}");
    }
    let none = EvalText::read(&write("none.jsonl", b"\n")).unwrap_err();
    assert!(matches!(none, EvalError::EmptyText { .. }), "{none}");
    for bad in ["{}", "[1, -2]", "[1, \"a\"]", "[1,"] {
        let error = EvalText::read_tokens(&write("ids.json", bad.as_bytes())).unwrap_err();
        assert!(matches!(error, EvalError::BadTokenList { .. }), "{error}");
    }
    assert!(matches!(EvalText::read_lines(&write("blank.txt", b"\n \n")), Err(EvalError::NothingToScore { .. })));
    assert!(matches!(EvalText::read(&scratch.path().join("none.txt")), Err(EvalError::Io(_))));
    let endless = write("endless.txt", b"a");
    fs::File::options().write(true).open(&endless).unwrap().set_len(1 << 40).unwrap();
    for error in [EvalText::read(&endless).unwrap_err(), EvalText::read_tokens(&endless).unwrap_err()] {
        assert!(error.to_string().contains("1.10 TB where at most") && error.hint().is_some(), "{error}");
    }
}
