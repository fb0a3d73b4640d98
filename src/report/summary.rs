//! Models, adapters and plans in figures.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    adapter::{Adapter, AdapterError, Target, Twin},
    checkpoint::Checkpoint,
    matching::{Matching, PrefixChange},
    message,
    numeric::{FloatDtype, codec::Nf4Format},
    plan::{ByteBudget, DtypePolicy, Finding, MergePlan, PreflightCheck, Rounding, TokenizerChoice, Warning},
    tree,
};

/// A model in figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelSummary {
    /// Its folder's own name.
    pub name: String,
    /// `architectures[0]`.
    pub architecture: Option<String>,
    /// Elements of all tensors.
    pub parameters: u64,
    /// Bytes of all tensors.
    pub bytes: u64,
    /// Bytes by dtype, and those of packed weights with their tables by the method; most first.
    pub dtypes: Vec<(String, u64)>,
    /// Weight files.
    pub shards: usize,
    /// Tensors.
    pub tensors: usize,
}

impl ModelSummary {
    /// The figures of `checkpoint`.
    #[must_use]
    pub fn of(checkpoint: &Checkpoint) -> Self {
        Self {
            name: checkpoint.name(),
            architecture: checkpoint.config().architecture().map(str::to_owned),
            parameters: checkpoint.parameter_count(),
            bytes: checkpoint.byte_count(),
            dtypes: stored_forms(checkpoint),
            shards: checkpoint.files().len(),
            tensors: checkpoint.tensors().len(),
        }
    }
}

fn stored_forms(checkpoint: &Checkpoint) -> Vec<(String, u64)> {
    if let Some(origin) = checkpoint.gguf() {
        return origin.by_type.iter().map(|(name, _, byte_count)| ((*name).to_owned(), *byte_count)).collect();
    }
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for (name, tensor) in checkpoint.stored_tensors() {
        let packing = checkpoint.quantization().filter(|quantization| quantization.parts.contains_key(name));
        let form = packing.map_or_else(|| tensor.dtype().to_string(), |packing| packing.method.name().to_owned());
        *sums.entry(form).or_default() += tensor.byte_count();
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, byte_count)| std::cmp::Reverse(*byte_count));
    sums
}

/// An adapter in figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AdapterSummary {
    /// Its folder's own name.
    pub name: String,
    /// The method as people name it.
    pub method: String,
    /// The model that it was trained on, where the config says; a path of the training machine by its last part.
    pub trained_on: Option<String>,
    /// Modules that it changes.
    pub targets: usize,
    /// Tensors in its file.
    pub tensors: usize,
    /// Elements in its file.
    pub parameters: u64,
    /// Bytes of its file.
    pub bytes: u64,
    /// The different scales of its modules, each with its origin ("32/16 = 2").
    pub scales: Vec<String>,
}

impl AdapterSummary {
    /// A row of a Markdown table, merged with `strength`.
    pub(super) fn row(&self, strength: f64) -> String {
        let (targets, scales) = (crate::units::plural(self.targets, "target"), self.scales.join("; "));
        format!("| Adapter | `{}`: {}, {targets}, scale {scales}, strength {strength} |", self.name, self.method)
    }

    /// The figures of `adapter`.
    #[must_use]
    pub fn of(adapter: &Adapter) -> Self {
        let mut scales: Vec<String> =
            adapter.targets().iter().filter_map(Target::scaling).map(|scale| scale.to_string()).collect();
        scales.sort();
        scales.dedup();
        let trained_on = adapter.config().base_model().map(|name| {
            let is_path = std::path::Path::new(name).is_absolute();
            let last = name.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or(name);
            if is_path { last } else { name }.to_owned()
        });
        Self {
            name: adapter.name(),
            method: adapter.method_name().to_owned(),
            trained_on,
            targets: adapter.targets().len(),
            tensors: adapter.tensor_count(),
            parameters: adapter.parameter_count(),
            bytes: adapter.files().iter().map(|file| file.byte_count()).sum(),
            scales,
        }
    }
}

/// One changed module.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModuleSummary {
    /// The base tensor.
    pub tensor: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its dtype in the base.
    pub dtype: String,
    /// "updated", "replaced" by a full tensor of an adapter, or "added" to what the base has.
    pub change: &'static str,
    /// Shapes of the factors of each update, in the method's own order (lora_A before lora_B).
    pub factors: Vec<Vec<Vec<usize>>>,
    /// Rank of each update.
    pub ranks: Vec<usize>,
    /// Scale of each update, with its origin.
    pub scales: Vec<String>,
    /// ‖Δ‖ of all updates together, from the factors.
    pub delta_norm: Option<f64>,
}

impl ModuleSummary {
    /// Every changed module, sorted by name; reads the factors, not the base.
    ///
    /// # Errors
    /// Factors that cannot be read.
    pub fn all(
        base: &Checkpoint,
        matching: &Matching,
        adapters: &[Adapter],
        strengths: &[f64],
    ) -> Result<Vec<Self>, AdapterError> {
        matching
            .applied
            .iter()
            .map(|applied| {
                let updates = || applied.updates.iter().map(|update| update.target_in(adapters));
                let tensor = base.tensor(&applied.tensor).or_else(|| applied.source(base, adapters));
                let change = match (base.tensor(&applied.tensor), applied.updates.is_empty()) {
                    (None, _) => "added",
                    (Some(_), true) => "replaced",
                    (Some(_), false) => "updated",
                };
                Ok(Self {
                    change,
                    tensor: applied.tensor.clone(),
                    shape: tensor.map(|tensor| tensor.shape().to_vec()).unwrap_or_default(),
                    dtype: tensor.map(|tensor| tensor.dtype().to_string()).unwrap_or_default(),
                    factors: updates()
                        .map(|update| update.tensors().iter().map(|factor| factor.shape().to_vec()).collect())
                        .collect(),
                    ranks: updates().filter_map(Target::rank).collect(),
                    scales: updates().filter_map(Target::scaling).map(|scale| scale.to_string()).collect(),
                    delta_norm: tree::delta_norm(applied, adapters, strengths)?,
                })
            })
            .collect()
    }
}

/// A prefix change, with the adapter that needed it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PrefixSummary {
    /// Index into the list of adapters.
    pub adapter: usize,
    /// The change.
    pub change: PrefixChange,
}

/// A plan in figures.
#[derive(Clone, Debug, Serialize)]
pub struct PlanSummary {
    /// The base.
    pub base: ModelSummary,
    /// The adapters.
    pub adapters: Vec<AdapterSummary>,
    /// A factor for each of them.
    pub strengths: Vec<f64>,
    /// What happens to dtypes.
    pub dtype: DtypePolicy,
    /// How the weights of linear layers are packed again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requantize: Option<Nf4Format>,
    /// How updated tensors are rounded.
    pub rounding: Rounding,
    /// How the base was packed before, as the adapters' trainer had it.
    pub trained_quantization: Option<Nf4Format>,
    /// The dtype of most updated weights.
    pub written_dtype: Option<FloatDtype>,
    /// Tensors copied, converted and updated.
    pub copied_tensors: usize,
    /// See `copied_tensors`.
    pub converted_tensors: usize,
    /// See `copied_tensors`.
    pub updated_tensors: usize,
    /// Full tensors of an adapter in the place of the base's.
    pub replaced_tensors: usize,
    /// Tensors that the base does not have.
    pub added_tensors: usize,
    /// Bytes by what happens to them.
    pub bytes: ByteBudget,
    /// Weight files of the output, with their sizes.
    pub shards: Vec<(String, u64)>,
    /// Other files of the output.
    pub side_files: Vec<String>,
    /// Whose tokenizer and template.
    pub tokenizer: TokenizerChoice,
    /// Prefix changes that were needed.
    pub prefix_changes: Vec<PrefixSummary>,
    /// Checks before the run, with their evidence.
    #[serde(serialize_with = "PreflightCheck::serialize_all")]
    pub checks: Vec<PreflightCheck>,
    /// For each adapter, what it says about its base against what the base is.
    pub findings: Vec<Vec<Finding>>,
    /// The 16-bit original of a packed base, or the packed base that training saw.
    pub twin: Option<Twin>,
    /// Things to know that stop nothing.
    #[serde(serialize_with = "message::all_shown")]
    pub warnings: Vec<Warning>,
}

impl PlanSummary {
    /// The figures of `plan`.
    #[must_use]
    pub fn of(plan: &MergePlan) -> Self {
        let count = |label: &str| plan.steps().filter(|step| step.label() == label).count();
        let changes = plan.matching.prefix_changes.iter().enumerate();
        Self {
            base: ModelSummary::of(&plan.base),
            adapters: plan.adapters.iter().map(AdapterSummary::of).collect(),
            strengths: plan.strengths.clone(),
            dtype: plan.dtype,
            requantize: plan.requantize,
            rounding: plan.rounding,
            trained_quantization: plan.base.trained_quantization(),
            written_dtype: written_dtype(plan),
            copied_tensors: count("copied"),
            converted_tensors: count("converted"),
            updated_tensors: count("updated"),
            replaced_tensors: count("replaced"),
            added_tensors: count("added"),
            bytes: plan.bytes(),
            shards: plan.shards.iter().map(|shard| (shard.file_name.clone(), shard.byte_count)).collect(),
            side_files: plan.side_files.iter().map(|step| step.relative_path.clone()).collect(),
            tokenizer: plan.tokenizer.clone(),
            prefix_changes: changes
                .filter_map(|(adapter, change)| Some(PrefixSummary { adapter, change: change.clone()? }))
                .collect(),
            checks: plan.checks.clone(),
            findings: plan.findings.clone(),
            twin: plan.twin.clone(),
            warnings: plan.warnings.clone(),
        }
    }
}

/// The dtype in which most of the updated weights are written.
fn written_dtype(plan: &MergePlan) -> Option<FloatDtype> {
    let element_count = |dtype: FloatDtype| -> usize {
        let steps = plan.steps().filter(|step| step.action.is_update() && step.output_dtype == dtype.stored());
        steps.map(|step| step.source.element_count()).sum()
    };
    let dtypes = [FloatDtype::F32, FloatDtype::F16, FloatDtype::BF16];
    dtypes.into_iter().filter(|dtype| element_count(*dtype) > 0).max_by_key(|dtype| element_count(*dtype))
}
