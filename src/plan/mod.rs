//! What a merge will do, decided to the byte before anything is written.
//!
//! [`MergeRequest`] is what was asked, [`MergePlan`] what follows from it: output shards with their headers, one step
//! for each tensor, side files, space and warnings. Preview and run are one plan.

mod already_merged;
mod compatibility;
mod config_edit;
mod dtype_option;
mod error;
mod keep_f32;
mod layout;
mod mismatch;
mod nf4_tables;
mod output_place;
mod packed_weights;
mod preflight;
mod repeated;
mod replacement;
mod request;
mod rounding;
mod side_files;
mod side_text;
mod special_tokens;
mod step;
mod survival;
mod task_head;
mod token_ids;
mod tokenizer;
mod totals;
mod vocabulary;
mod warning;
mod warnings;

use std::path::{Path, PathBuf};

pub use self::{
    compatibility::{Compared, Finding, NameVariant, Verdict, findings},
    dtype_option::DtypeOption,
    error::{InputRole, PlanError, Subject},
    layout::OutputShard,
    mismatch::{BaseProof, Mismatch, MismatchAdvice},
    nf4_tables::{ABSMAX, NESTED_ABSMAX, NESTED_QUANT_MAP, Nf4Tables, OutputTensor, QUANT_MAP, STATE},
    output_place::{free_name, proposed_output},
    preflight::{Destination, PreflightCheck},
    request::{AdapterRequest, DtypePolicy, MergeRequest},
    rounding::Rounding,
    side_files::{SideFileContent, SideFileStep},
    special_tokens::{RefusedToken, SpecialTokens, TokenChange, TokenRefusal},
    step::{Action, Role, TensorStep},
    survival::{
        PackedSurvival, SurvivalAdvice, SurvivalEstimate, SurvivalQuestion, SurvivalSentence, TensorSurvival,
        estimate_survival, survival_advice,
    },
    tokenizer::{TokenizerChoice, TokenizerReason, TokenizerSentence},
    totals::{ComponentBytes, PlanRow, PlanRowKind, PlanTotals},
    warning::{ReplacedTensor, Warning},
};
use self::{packed_weights::PackedWeights, task_head::TaskHead, vocabulary::ResizedVocabulary};
use crate::{
    adapter::{Adapter, Twin},
    architecture::{Architecture, packed_while_loading},
    checkpoint::Checkpoint,
    gguf::open_model,
    matching::{Matching, as_trained},
    numeric::{FloatDtype, codec::Nf4Format},
};

/// Elements of one tile: 4 MB as f32, small enough that a ring of them fits any machine.
const TILE_ELEMENTS: usize = 1 << 20;

/// A merge, resolved.
#[derive(Debug)]
pub struct MergePlan {
    /// The base, open.
    pub base: Checkpoint,
    /// The adapters, open, in the order given.
    pub adapters: Vec<Adapter>,
    /// One factor for each adapter.
    pub strengths: Vec<f64>,
    /// How they fit together; complete, or there would be no plan.
    pub matching: Matching,
    /// Where the merged model goes.
    pub output: PathBuf,
    /// What happens to dtypes.
    pub dtype: DtypePolicy,
    /// How the weights of linear layers are packed again, where they are.
    pub requantize: Option<Nf4Format>,
    /// Whether the merge is made though packing takes more than half of the change away.
    pub accepts_loss: bool,
    /// How updated tensors are rounded.
    pub rounding: Rounding,
    /// The weight files, in the order in which they are written.
    pub shards: Vec<OutputShard>,
    /// `model.safetensors.index.json`, where there are several shards.
    pub index_text: Option<String>,
    /// `config.json`, written last.
    pub config_text: String,
    /// All other files.
    pub side_files: Vec<SideFileStep>,
    /// Whose tokenizer and chat template, and why.
    pub tokenizer: TokenizerChoice,
    /// What was checked before the run, with its evidence.
    pub checks: Vec<PreflightCheck>,
    /// For each adapter, what it says about its base against what the base is.
    pub findings: Vec<Vec<Finding>>,
    /// The 16-bit original of a packed base, or the packed base that training saw, where a name says that there is one.
    pub twin: Option<Twin>,
    /// Things the user should know that stop nothing.
    pub warnings: Vec<Warning>,
    /// Elements that one tile may hold.
    pub tile_elements: usize,
}

/// Bytes of a plan by what happens to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ByteBudget {
    /// Read from the base and from full tensors of adapters.
    pub input: u64,
    /// Written as weights.
    pub output: u64,
    /// Written unchanged.
    pub copied: u64,
    /// Written in another dtype, otherwise unchanged.
    pub converted: u64,
    /// Written with an update.
    pub updated: u64,
    /// Written from full tensors of an adapter, in the place of the base's.
    pub replaced: u64,
    /// Written in addition to what the base has.
    pub added: u64,
}

impl MergePlan {
    /// Opens everything that `request` names and resolves it.
    ///
    /// # Errors
    /// Inputs that cannot be opened, do not fit together or cannot be merged; an output that exists or lies inside an
    /// input; too little space. Nothing is written.
    pub fn new(request: &MergeRequest) -> Result<Self, PlanError> {
        let mut plan = Self::resolved(request)?;
        plan.check_output()?;
        Ok(plan)
    }

    /// The factor on every update of every adapter, its strength included, where all share one.
    #[must_use]
    pub fn shared_scale(&self) -> Option<f64> {
        let mut scales = self.adapters.iter().zip(&self.strengths).flat_map(|(adapter, strength)| {
            adapter.targets().iter().map(move |target| target.scaling().map(|scaling| scaling.value() * strength))
        });
        let first = scales.next()??;
        scales.all(|scale| scale == Some(first)).then_some(first)
    }

    /// Checks that the output can be written where it is to go; `checks` holds what passed.
    ///
    /// # Errors
    /// An output that exists or lies inside an input; a place that takes no files, or has too little space for them.
    pub fn check_output(&mut self) -> Result<(), PlanError> {
        let (passed, outcome) = preflight::check(self);
        self.checks = passed;
        outcome
    }

    /// The same without a look at the output, for a merge that is not written.
    ///
    /// # Errors
    /// Inputs that cannot be opened, do not fit together or cannot be merged.
    pub fn resolved(request: &MergeRequest) -> Result<Self, PlanError> {
        let base = open_model(&request.base)?;
        if let Some(method) = Architecture::of(&base).unread_quantization() {
            return Err(PlanError::QuantizedBase { method, path: request.base.clone() });
        }
        refuse_unmerged(&base)?;
        let base = match request.trained_quantization {
            Some(quantization) => packed_while_loading(base, quantization)?,
            None => base,
        };
        let dtype = request.dtype.resolved(&base);
        if request.adapters.is_empty() {
            return Err(PlanError::NoAdapter);
        }
        let adapters = request
            .adapters
            .iter()
            .map(|adapter| Adapter::open_for(&adapter.path, &base))
            .collect::<Result<Vec<_>, _>>()?;
        let strengths: Vec<f64> = request.adapters.iter().map(|adapter| adapter.strength).collect();
        if let Some(strength) = strengths.iter().find(|strength| !strength.is_finite()) {
            return Err(PlanError::BadStrength { strength: *strength });
        }
        repeated::check(&adapters)?;
        let (base, recast) = as_trained(base, &adapters)?;
        let matching = Matching::new(&base, &adapters);
        if !matching.is_complete() {
            let mismatch = Box::new(Mismatch::new(&matching, &adapters, &base));
            return Err(PlanError::DoesNotFit { mismatch });
        }
        replacement::check(&adapters, &matching, &strengths)?;
        let inputs = layout::Inputs { base: &base, adapters: &adapters, matching: &matching };
        if request.requantize.is_some() && request.rounding.is_stochastic() {
            return Err(PlanError::PackedByChance);
        }
        let packed =
            request.requantize.map(|format| PackedWeights::choose(&base, &adapters, &matching, format)).transpose()?;
        let written = layout::Written { dtype, packed: packed.as_ref() };
        let steps = layout::steps(inputs, written);
        let shards = layout::shards(&base, steps, request.max_shard_bytes);
        let index_text = layout::index_text(&base, &shards);
        let tokenizer = TokenizerChoice::new(&base, &adapters)?;
        let vocabulary = ResizedVocabulary::of(inputs);
        let row_count = vocabulary.as_ref().map(|vocabulary| vocabulary.new_rows);
        let row_count = row_count.or_else(|| base.config().integer("vocab_size"));
        let special_tokens = SpecialTokens::new(&base, &adapters, &tokenizer, row_count)?;
        let side_files = side_files::steps(&base, &adapters, &tokenizer, &special_tokens)?;
        let twin = adapters.iter().find_map(|adapter| Twin::of(&base, adapter));
        let findings = findings(&base, &adapters, &matching)?;
        let head = TaskHead::of(inputs, recast.as_ref());
        let packing_notes = base.packing_notes().map_err(PlanError::Base)?;
        let facts = warnings::Facts {
            tokenizer: &tokenizer,
            special_tokens: &special_tokens,
            head: head.as_ref(),
            row_count,
            side_files: &side_files,
            findings: &findings,
            is_packed_again: packed.is_some(),
            packing_notes: &packing_notes,
        };
        let warnings = warnings::all(inputs, &facts);
        let edits = config_edit::Edits {
            dtype,
            packed: written.packed.and_then(|packed| packed_dtype(&shards, packed)),
            untied: matching.untied.iter().flat_map(|untied| untied.config_paths.clone()).collect(),
            vocabulary: vocabulary.as_ref(),
            head: head.as_ref(),
            special_tokens: Some(&special_tokens),
        };
        Ok(Self {
            config_text: config_edit::edited(base.config().text(), &edits),
            warnings,
            findings,
            twin,
            output: request.output.clone(),
            dtype,
            requantize: request.requantize,
            accepts_loss: request.accepts_loss,
            rounding: request.rounding,
            tile_elements: TILE_ELEMENTS,
            checks: Vec::new(),
            base,
            adapters,
            strengths,
            matching,
            shards,
            index_text,
            side_files,
            tokenizer,
        })
    }

    /// Every tensor step, in the order in which they are written.
    pub fn steps(&self) -> impl Iterator<Item = &TensorStep> {
        self.shards.iter().flat_map(|shard| &shard.steps)
    }

    /// What the trainer saw, what the base is and what differs, where either is packed.
    pub fn quantised_training(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().flatten().filter(|finding| finding.evidence.is_about_quantisation())
    }

    /// Bytes by what happens to them.
    #[must_use]
    pub fn bytes(&self) -> ByteBudget {
        let mut bytes = ByteBudget::default();
        for step in self.steps() {
            bytes.input += self.base.stored_byte_count(&step.source);
            bytes.output += step.byte_count;
            let share = match (&step.action, step.role) {
                (Action::Update { .. }, _) => &mut bytes.updated,
                (_, Role::Replaced) => &mut bytes.replaced,
                (_, Role::Added) => &mut bytes.added,
                (Action::Copy, Role::Kept) => &mut bytes.copied,
                (Action::Convert, Role::Kept) => &mut bytes.converted,
            };
            *share += step.byte_count;
        }
        bytes
    }

    /// Bytes of everything that will be written.
    #[must_use]
    pub fn output_bytes(&self) -> u64 {
        let weights: u64 = self.shards.iter().map(|shard| shard.byte_count).sum();
        let texts = self.config_text.len() + self.index_text.as_ref().map_or(0, String::len);
        weights + texts as u64 + self.side_files.iter().map(SideFileStep::byte_count).sum::<u64>()
    }

    /// Bytes of all tensors if this plan's merge were written under `dtype`, packed again where `requantize` says how.
    ///
    /// # Errors
    /// A model whose layers cannot be packed.
    pub fn weight_bytes_with(&self, dtype: DtypePolicy, requantize: Option<Nf4Format>) -> Result<u64, PlanError> {
        let inputs = layout::Inputs { base: &self.base, adapters: &self.adapters, matching: &self.matching };
        let packed = requantize
            .map(|format| PackedWeights::choose(&self.base, &self.adapters, &self.matching, format))
            .transpose()?;
        let steps =
            layout::steps(inputs, layout::Written { dtype: dtype.resolved(&self.base), packed: packed.as_ref() });
        Ok(steps.iter().flatten().map(|step| step.byte_count).sum())
    }

    /// The folder in which the work is done until it is complete.
    #[must_use]
    pub fn partial_path(&self) -> PathBuf {
        partial_path(&self.output)
    }
}

/// How most of the packed weights are unpacked, for the config.
fn packed_dtype(shards: &[OutputShard], packed: &PackedWeights) -> Option<(Nf4Format, FloatDtype)> {
    let steps = shards.iter().flat_map(|shard| &shard.steps).filter(|step| step.tables().is_some());
    let element_count = |dtype: FloatDtype| -> usize {
        let steps = steps.clone().filter(|step| step.output_dtype == dtype.stored());
        steps.map(|step| step.source.element_count()).sum()
    };
    let dtypes = [FloatDtype::F32, FloatDtype::F16, FloatDtype::BF16];
    let dtype = dtypes.into_iter().max_by_key(|dtype| element_count(*dtype))?;
    Some((packed.format, dtype))
}

/// A base with unmerged layers is no base: its class computes more than its weights say.
fn refuse_unmerged(base: &Checkpoint) -> Result<(), PlanError> {
    let path = || base.root().to_owned();
    match base.unmerged() {
        None => Ok(()),
        Some(unmerged) if unmerged.switched.is_empty() => {
            Err(PlanError::UnmergedBase { tensors: unmerged.tensors, path: path() })
        }
        Some(unmerged) => Err(PlanError::BaseShipsLora { adapters: unmerged.switched, path: path() }),
    }
}

/// Marks a work folder as ours and is locked while a process works in it.
pub const LOCK_FILE: &str = "lorafuse.lock";

/// `<out>.partial`, beside the output so that a rename finishes the work.
#[must_use]
pub fn partial_path(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    output.with_file_name(name)
}
