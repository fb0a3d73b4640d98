//! A merged folder and what is known about it, whoever merged it.

use std::{path::PathBuf, sync::Arc};

use super::{ComparedModels, ManifestRow, Measured, ModelFacts, Origin, Provenance, Timed, UpdatedTensor, listed};
use crate::{
    adapter::{Adapter, Twin},
    checkpoint::Checkpoint,
    merge::{self, MergeReceipt},
    message::Problem,
    plan::{AdapterRequest, MergePlan, MergeRequest, PackedSurvival, SurvivalAdvice, survival_advice},
    sample::Sample,
    size::Sizes,
    tree::ChangeMap,
    verify::{Diagnosis, VerifyReport},
};

/// A merged folder, with all that is measured of it and proved about it.
#[derive(Debug)]
pub struct MergedFolder {
    /// The plan that was carried out and what it did; `None` for a folder that was opened as it is.
    pub made: Option<Made>,
    /// What the folder is judged by.
    pub provenance: Provenance,
    /// The merged folder, opened.
    pub merged: ModelFacts,
    /// ‖Δ‖/‖W‖ by module; empty where no merge was watched.
    pub changes: ChangeMap,
    /// The twin of the base, where a name says that there is one: with it Compare tells into which of both the adapter
    /// belongs.
    pub twin: Option<Twin>,
    /// Every file of it, and what had become of each when it was last checked.
    pub manifest: Vec<ManifestRow>,
    /// What was done to each target.
    pub updated: Vec<UpdatedTensor>,
    /// Base as stored, base in the output dtype, merged, and what explains them.
    pub sizes: Sizes,
    /// The checks, or why they could not be made; `None` before the first time.
    pub verified: Option<Result<VerifyReport, Problem>>,
    /// Seconds that the checks took.
    pub verify_duration_secs: f64,
    /// Perplexities, where they were asked for.
    pub evaluation: Option<Result<Measured, Problem>>,
    /// Seconds, memory and answers, where they were asked for.
    pub timing: Option<Result<Timed, Problem>>,
    /// What the models are asked for an answer to.
    pub prompt: String,
    /// Whether a seal lies in the folder.
    pub is_sealed: bool,
    /// The file that was written of it last: a report or a picture.
    pub written: Option<PathBuf>,
    /// The sample's texts, where the base is the sample's.
    pub sample_texts: Vec<PathBuf>,
}

/// A merge that was watched.
#[derive(Debug)]
pub struct Made {
    /// The plan that was carried out.
    pub plan: Arc<MergePlan>,
    /// What the merge did.
    pub receipt: MergeReceipt,
    /// Why the model card could not be written.
    pub card_problem: Option<Problem>,
}

impl MergedFolder {
    /// Opens a folder that somebody merged, to be compared and judged.
    ///
    /// # Errors
    /// The folder cannot be opened as a model.
    pub fn open(provenance: Provenance, base: Option<&Checkpoint>) -> Result<Self, Problem> {
        let merged = Checkpoint::open(&provenance.merged).map_err(|error| Problem::of(&error))?;
        Ok(Self::opened(provenance, base, &merged))
    }

    /// What the headers say; everything else is yet to be asked for.
    #[must_use]
    pub fn opened(provenance: Provenance, base: Option<&Checkpoint>, merged: &Checkpoint) -> Self {
        let sample_texts = base.map(|base| Sample::texts_for(base.root())).unwrap_or_default();
        let twin = base.and_then(|base| twin(base, &provenance.adapters));
        Self {
            made: None,
            merged: ModelFacts::of(merged),
            changes: ChangeMap::new(),
            twin,
            manifest: listed(&provenance.merged, Vec::new(), Origin::Found),
            updated: Vec::new(),
            sizes: Sizes::of(base, merged),
            verified: None,
            verify_duration_secs: 0.0,
            evaluation: None,
            timing: None,
            prompt: if sample_texts.is_empty() { String::new() } else { Sample::PROMPT.to_owned() },
            is_sealed: provenance.merged.join(merge::SEAL_FILE).is_file(),
            written: None,
            sample_texts,
            provenance,
        }
    }

    /// Takes what the folder holds now; a seal that went can be made again.
    pub fn take_manifest(&mut self, manifest: Vec<ManifestRow>) {
        let is_seal = |file: &ManifestRow| file.name == merge::SEAL_FILE && file.present_byte_count().is_some();
        self.is_sealed = manifest.iter().any(is_seal);
        self.manifest = manifest;
    }

    /// The models that are held beside it when it is measured.
    #[must_use]
    pub fn compared_models(&self) -> ComparedModels {
        ComparedModels::of(&self.provenance, &self.sizes, self.twin.as_ref())
    }

    /// What was measured of it.
    #[must_use]
    pub fn measured(&self) -> Option<&Measured> {
        self.evaluation.as_ref()?.as_ref().ok()
    }

    /// What was timed of it.
    #[must_use]
    pub fn timed(&self) -> Option<&Timed> {
        self.timing.as_ref()?.as_ref().ok()
    }

    /// The strength that explains the folder, where it is not the one that it was judged by.
    #[must_use]
    pub fn found_strength(&self) -> Option<f64> {
        match self.verified.as_ref()?.as_ref().ok()?.diagnosis.as_ref()? {
            Diagnosis::OtherStrength { strength } if self.made.is_none() => Some(*strength),
            _ => None,
        }
    }

    /// What packing left of the change, where the merge was packed again.
    #[must_use]
    pub fn packed_survival(&self) -> Option<PackedSurvival> {
        PackedSurvival::of(&self.made.as_ref()?.receipt.update_stats())
    }

    /// What to do where the merge kept little of its adapters.
    #[must_use]
    pub fn advice(&self) -> Option<SurvivalAdvice> {
        let made = self.made.as_ref().filter(|made| made.plan.requantize.is_none())?;
        let dtype = self.sizes.merged.float_dtype?;
        survival_advice(made.receipt.update_stats().gain()?, dtype, made.plan.rounding)
    }
}

/// The twin of `base`; one that is found, but does not take the adapters, is another model of that name.
fn twin(base: &Checkpoint, adapters: &[AdapterRequest]) -> Option<Twin> {
    let opened = adapters.iter().filter_map(|adapter| Adapter::open(&adapter.path).ok());
    let twin = opened.into_iter().find_map(|adapter| Twin::of(base, &adapter))?;
    let takes_adapters = |folder: &PathBuf| {
        let request = MergeRequest { adapters: adapters.to_vec(), ..MergeRequest::new(folder, "", folder) };
        MergePlan::resolved(&request).is_ok()
    };
    twin.path.as_ref().is_none_or(takes_adapters).then_some(twin)
}
