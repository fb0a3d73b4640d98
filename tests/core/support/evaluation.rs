//! What the tests of the evaluation share: golden cases, and models made from them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use lorafuse::{
    error::Hint as _,
    evaluate::{self, EvalError, EvalReport, EvalRequest, EvalText, ModelSource},
    job::JobContext,
};
use serde_json::Value;

/// Largest difference of one -ln p from transformers.
pub const NLL_TOLERANCE: f64 = 2e-4;

/// The cases in a folder that have an `expected.json`, each with it.
pub fn cases(folder: &Path) -> Vec<(String, Value)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<_> = entries.filter(|path| path.join("expected.json").exists()).collect();
    cases.sort();
    let case = |path: PathBuf| (path.file_name().unwrap().to_str().unwrap().to_owned(), expected(&path));
    cases.into_iter().map(case).collect()
}

pub fn expected(case: &Path) -> Value {
    read_json(&case.join("expected.json"))
}

pub fn read_json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

pub fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

pub fn ids(case: &Path) -> Vec<u32> {
    serde_json::from_value(expected(case)["input_ids"].clone()).unwrap()
}

pub fn evaluated(models: Vec<ModelSource>, texts: Vec<EvalText>) -> Result<EvalReport, EvalError> {
    evaluate::run(&EvalRequest::new(models, texts), &JobContext::unwatched())
}

pub fn max_difference(actual: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(actual.len(), expected.len(), "as many tokens must be scored");
    actual.iter().zip(expected).map(|(actual, expected)| (actual - expected).abs()).fold(0.0, f64::max)
}

/// The difference of a stored model from what transformers computes, on the tokens of its case.
pub fn difference(model: PathBuf, case: &Path, expected: &Value) -> f64 {
    let report = evaluated(vec![ModelSource::Stored(model)], vec![EvalText::tokens("ids", ids(case))]);
    max_difference(&report.unwrap().models[0].texts[0].nll, &numbers(&expected["nll"]))
}

/// A copy of a golden base with some keys of its config changed.
pub fn with_config(case: &Path, changes: &[(&str, Value)]) -> (tempfile::TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(case.join("base")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), scratch.path().join(entry.file_name())).unwrap();
    }
    let path = scratch.path().join("config.json");
    let mut config = read_json(&path);
    for (key, value) in changes {
        config[*key] = value.clone();
    }
    fs::write(&path, config.to_string()).unwrap();
    let root = scratch.path().to_owned();
    (scratch, root)
}

pub fn refusal(case: &Path, changes: &[(&str, Value)]) -> EvalError {
    let (_scratch, root) = with_config(case, changes);
    let error = evaluated(vec![ModelSource::Stored(root)], vec![EvalText::tokens("ids", ids(case))]).unwrap_err();
    assert!(error.hint().is_some(), "{error} has a hint");
    error
}
