//! What an adapter says about its base against what the base is: shapes that fit do not make it the right model.
//!
//! Shapes and packed weights stop a merge elsewhere; everything here is a finding with its evidence, for the user to
//! judge before anything runs. Evidence names no path of the machine.

mod architecture;
mod base_name;
mod coverage;
mod vocabulary;

use super::PlanError;
use crate::{
    adapter::Adapter,
    checkpoint::{Checkpoint, LogicalTensor, hub_cache},
    matching::Matching,
    numeric::Dtype,
};

/// One thing that was compared.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// What was compared ("Base by name").
    pub title: &'static str,
    /// What both sides say.
    pub evidence: String,
    /// Whether they agree.
    pub verdict: Verdict,
}

/// How a comparison came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Both sides say the same.
    Agrees,
    /// One side says nothing that could be compared.
    Unknown,
    /// The sides contradict each other.
    Differs,
}

impl Finding {
    fn new(title: &'static str, verdict: Verdict, evidence: impl Into<String>) -> Self {
        Self { title, evidence: evidence.into(), verdict }
    }
}

/// Compares each of `adapters` with `base`, in their order; every adapter has its own list.
///
/// # Errors
/// A tokenizer file that cannot be read.
pub fn findings(base: &Checkpoint, adapters: &[Adapter], matching: &Matching) -> Result<Vec<Vec<Finding>>, PlanError> {
    let of = |(index, adapter): (usize, &Adapter)| {
        let mut findings = vec![base_name::finding(base, adapter)];
        findings.extend(revision(base, adapter));
        findings.extend(quantisation(adapter));
        findings.extend(architecture::findings(base, adapter));
        findings.extend(coverage::finding(base, adapter, matching, index));
        findings.extend(vocabulary::finding(base, adapter)?);
        findings.push(dtypes(base, adapter));
        Ok(findings)
    };
    adapters.iter().enumerate().map(of).collect()
}

/// The commit of the base that the adapter was trained on, against the one at hand.
fn revision(base: &Checkpoint, adapter: &Adapter) -> Option<Finding> {
    let is_commit = |text: &&str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let trained_on = adapter.config().get("revision")?.as_str().filter(is_commit)?;
    let snapshot = base.root().file_name()?.to_str().filter(is_commit)?;
    let verdict = if trained_on == snapshot { Verdict::Agrees } else { Verdict::Differs };
    Some(Finding::new(
        "Base revision",
        verdict,
        format!("the adapter was trained on revision {}, this is {}", &trained_on[..8], &snapshot[..8]),
    ))
}

/// An adapter that was trained on a packed copy of its base.
fn quantisation(adapter: &Adapter) -> Option<Finding> {
    const PACKED: [&str; 8] = ["4bit", "8bit", "bnb", "gptq", "awq", "int4", "int8", "fp8"];
    let name = adapter.config().base_model()?;
    let lower = name.to_ascii_lowercase();
    let marker = PACKED.iter().find(|marker| lower.split(['-', '_', '.', '/']).any(|part| part == **marker))?;
    let original = hub_cache::original_name(name).filter(|original| *original != name);
    let original = original.map(|original| format!(" (`{original}`)")).unwrap_or_default();
    Some(Finding::new(
        "Quantised training",
        Verdict::Differs,
        format!(
            "trained on a quantised base ({marker} in `{}`); merging it into the 16-bit original{original} is common, but not exactly what was trained",
            base_name::shown(name),
        ),
    ))
}

fn dtypes(base: &Checkpoint, adapter: &Adapter) -> Finding {
    let name = |dtype: Option<Dtype>| dtype.map_or_else(|| "nothing".to_owned(), |dtype| dtype.to_string());
    let factor = adapter.targets().first().and_then(|target| target.tensors().first());
    let (factors, weights) =
        (factor.map(LogicalTensor::dtype), base.dtypes_by_bytes().first().map(|(dtype, _)| *dtype));
    Finding::new(
        "Dtypes",
        Verdict::Agrees,
        format!("factors {}, base {}; the sum is taken in F32 and rounded once", name(factors), name(weights)),
    )
}
