//! What an adapter says about its base against what the base is: shapes that fit do not make it the right model.
//!
//! Shapes and packed weights stop a merge elsewhere; everything here is a finding with its evidence, for the user to
//! judge before anything runs. Evidence names no path of the machine.

mod architecture;
pub(super) mod base_name;
mod compared;
mod coverage;
mod quantisation;
mod vocabulary;

use serde::ser::SerializeStruct as _;

pub use self::compared::{Compared, NameVariant};
use super::PlanError;
use crate::{
    adapter::Adapter,
    checkpoint::{Checkpoint, LogicalTensor},
    matching::Matching,
    message::{Language, Message},
};

/// One thing that was compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was compared and what both sides say.
    pub evidence: Compared,
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
    fn new(verdict: Verdict, evidence: Compared) -> Self {
        Self { evidence, verdict }
    }

    /// What was compared ("Base by name"); a message.
    #[must_use]
    pub fn title(&self) -> Message {
        self.evidence.title()
    }
}

impl serde::Serialize for Finding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Finding", 3)?;
        fields.serialize_field("title", &Language::English.say(&self.title()))?;
        fields.serialize_field("evidence", &self.evidence.to_string())?;
        fields.serialize_field("verdict", &self.verdict)?;
        fields.end()
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
        findings.extend(quantisation::finding(base, adapter));
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
    let (trained_on, base) = (trained_on[..8].to_owned(), snapshot[..8].to_owned());
    Some(Finding::new(verdict, Compared::Revision { trained_on, base }))
}

fn dtypes(base: &Checkpoint, adapter: &Adapter) -> Finding {
    let factor = adapter.targets().first().and_then(|target| target.tensors().first());
    let (factors, base) = (factor.map(LogicalTensor::dtype), base.dtypes_by_bytes().first().map(|(dtype, _)| *dtype));
    Finding::new(Verdict::Agrees, Compared::Dtypes { factors, base })
}
