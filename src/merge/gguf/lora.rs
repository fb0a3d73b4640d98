//! A LoRA file of llama.cpp: the factors of an adapter as they would be merged, under GGUF's names and in its orders,
//! read and rounded when they are written.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::PathBuf,
    sync::Arc,
};

use super::{GgufFile, GgufPlace, GgufPlan};
use crate::{
    checkpoint::{
        CheckpointError, ComputedRows, LogicalTensor, Storage, WeightFile,
        gguf::{GgufHeader, GgufTensor},
    },
    gguf::{
        ExportError, FileType, GgufExport, LORA_A, LORA_B, LoraProblem, OutputTensor, Part, RowMap, Source,
        TOKEN_EMBEDDING, lora_metadata, model_outputs,
    },
    matching::UpdateRef,
    merge::{MergeError, in_memory::in_float32},
    numeric::{Dtype, LowRank},
    plan::{Action, MergePlan, Role, TensorStep},
};

/// How far two factors may be apart that are one, rounded to f32.
const SAME: f64 = 1e-6;

impl GgufPlan {
    /// Plans the LoRA file of the one adapter of `merge`; without a `place` here, under the adapter's name.
    ///
    /// # Errors
    /// A change that no LoRA file can hold, by the tensor's name; a base that llama.cpp does not know; a factor that
    /// cannot be read.
    pub fn of_lora(merge: Arc<MergePlan>, file_type: FileType, place: Option<PathBuf>) -> Result<Self, MergeError> {
        let export = export(&merge, file_type)?;
        let adapter = merge.adapters[0].name().replace(['/', '\\'], "-");
        let adapter = adapter.strip_suffix(".gguf").unwrap_or(&adapter);
        let name = format!("{adapter}-{file_type}-LoRA.gguf");
        let place = GgufPlace::File(place.unwrap_or_else(|| PathBuf::from(&name)));
        let model = in_float32(&merge)?;
        Ok(Self { model, merge: Some(merge), place, files: vec![GgufFile { name, export }], checks: Vec::new() })
    }
}

/// A change of a tensor of the base.
struct Change {
    update: UpdateRef,
    rank: usize,
    /// Its factor s times its rank: what alpha would have to be.
    alpha: f64,
}

fn refused(plan: &MergePlan, problem: LoraProblem) -> MergeError {
    let path = plan.adapters.first().map_or_else(PathBuf::new, |adapter| adapter.root().to_owned());
    ExportError::Lora { problem, path }.into()
}

fn export(plan: &Arc<MergePlan>, file_type: FileType) -> Result<GgufExport, MergeError> {
    if plan.adapters.len() != 1 {
        return Err(refused(plan, LoraProblem::Several { count: plan.adapters.len() }));
    }
    if file_type.factor_type(1).is_none() {
        return Err(refused(plan, LoraProblem::Type { file_type: file_type.name() }));
    }
    let (family, outputs) = model_outputs(&plan.base)?;
    let changes = changes(plan)?;
    let alpha = shared_alpha(&changes);
    if alpha == 0.0 || !alpha.is_finite() {
        return Err(refused(plan, LoraProblem::NoScale));
    }
    let writer = Writer { plan, file_type, alpha, changes };
    let mut tensors = Vec::new();
    let mut written = BTreeSet::new();
    for output in &outputs {
        if let Some([a, b]) = writer.pair(output, &outputs, &mut written)? {
            tensors.extend([a, b]);
        }
    }
    if let Some(tensor) = writer.changes.keys().find(|name| !written.contains(name.as_str())) {
        return Err(refused(plan, LoraProblem::NoPlace { tensor: tensor.clone() }));
    }
    let metadata = lora_metadata(family, &plan.adapters[0].name(), alpha);
    let stored = tensors.iter().map(|tensor| tensor.stored.clone()).collect();
    let header = |problem| ExportError::Header { problem, path: plan.base.root().to_owned() };
    let header = GgufHeader::new(metadata, stored).map_err(header)?;
    for (tensor, stored) in tensors.iter_mut().zip(&header.tensors) {
        tensor.stored = stored.clone();
    }
    Ok(GgufExport { file_type, header, tensors, notes: Vec::new() })
}

/// What the adapter changes, by the names of the base's tensors; only low-rank sums of one update each.
fn changes(plan: &Arc<MergePlan>) -> Result<BTreeMap<String, Change>, MergeError> {
    let mut changes = BTreeMap::new();
    for step in plan.steps() {
        if !is_of_base(plan, step)? {
            return Err(refused(plan, LoraProblem::Replaced { tensor: step.name.clone() }));
        }
        match &step.action {
            Action::Copy | Action::Convert => {}
            Action::Update { updates, factor: None } if updates.len() == 1 => {
                let update = updates[0].clone();
                let loaded = update.load(&plan.adapters)?;
                let low_rank = loaded.as_low_rank().filter(|low_rank| is_whole(low_rank, step));
                let Some(low_rank) = low_rank else {
                    let (tensor, method) = (step.name.clone(), plan.adapters[0].method_name());
                    return Err(refused(plan, LoraProblem::NotLowRank { tensor, method }));
                };
                #[expect(clippy::cast_precision_loss, reason = "ranks are far below 2^53")]
                let alpha = low_rank.scale() * plan.strengths[0] * low_rank.rank() as f64;
                changes.insert(step.name.clone(), Change { update, rank: low_rank.rank(), alpha });
            }
            Action::Update { .. } => {
                let (tensor, method) = (step.name.clone(), plan.adapters[0].method_name());
                return Err(refused(plan, LoraProblem::NotLowRank { tensor, method }));
            }
        }
    }
    Ok(changes)
}

/// Whether `step` begins with the values of the base: PEFT saves whole embeddings beside factors for them, trained or not.
fn is_of_base(plan: &MergePlan, step: &TensorStep) -> Result<bool, MergeError> {
    let own = match step.role {
        Role::Kept => return Ok(true),
        Role::Added => return Ok(false),
        Role::Replaced => plan.base.tensor(&step.name),
    };
    let Some(own) = own.filter(|own| own.shape() == step.source.shape()) else { return Ok(false) };
    Ok(own.has_values_of(&step.source)?)
}

/// Whether the update is of the whole matrix that the base stores.
fn is_whole(low_rank: &LowRank, step: &TensorStep) -> bool {
    let (rows, columns) = low_rank.shape();
    step.source.shape() == [rows, columns] && low_rank.rank() > 0
}

/// The alpha that most tensors have; the others get what is left of it into their `lora_b`.
#[expect(clippy::cast_possible_truncation, reason = "the file holds it in f32")]
fn shared_alpha(changes: &BTreeMap<String, Change>) -> f32 {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for change in changes.values() {
        *counts.entry((change.alpha as f32).to_bits()).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map_or(0.0, |(bits, _)| f32::from_bits(bits))
}

/// What makes pairs of factors.
struct Writer<'a> {
    plan: &'a Arc<MergePlan>,
    file_type: FileType,
    alpha: f32,
    changes: BTreeMap<String, Change>,
}

impl Writer<'_> {
    /// Both factors of the tensor that `output` is in the base's file; `None` where the adapter leaves it as it is.
    fn pair(
        &self,
        output: &OutputTensor,
        outputs: &[OutputTensor],
        written: &mut BTreeSet<String>,
    ) -> Result<Option<[OutputTensor; 2]>, MergeError> {
        let changed: Vec<&Change> =
            output.source.tensors().filter_map(|tensor| self.changes.get(tensor.name())).collect();
        let Some(first) = changed.first() else { return Ok(None) };
        let name = output.stored.name.as_str();
        let refuse = |problem| Err(refused(self.plan, problem));
        if changed.iter().any(|change| change.rank != first.rank) {
            return refuse(LoraProblem::Ranks { tensor: name.to_owned() });
        }
        // One tensor may become two in llama.cpp: what is both embedding and head.
        let readers = |tensor: &LogicalTensor| {
            let reads = |output: &&OutputTensor| output.source.tensors().any(|read| read.name() == tensor.name());
            outputs.iter().filter(reads).count()
        };
        let is_embedding = name == TOKEN_EMBEDDING;
        let is_head_too = is_embedding && !outputs.iter().any(|output| output.stored.name == "output.weight");
        if is_head_too || output.source.tensors().any(|tensor| readers(tensor) > 1) {
            return refuse(LoraProblem::SharedHead { tensor: name.to_owned() });
        }
        let dims = &output.stored.dims;
        let (a, b) = match (&output.source, dims.as_slice()) {
            (Source::Turned(tensor), &[inner, out]) => {
                let (a, b) =
                    (self.a(tensor, Side::LeftTurned, first.rank), self.b(tensor, Side::RightTurned, first.rank));
                ((vec![inner, first.rank as u64], vec![a]), (vec![first.rank as u64, out], vec![b]))
            }
            (Source::Rows { parts, added }, &[columns, rows]) if *added == 0.0 && parts.len() == 1 && is_embedding => {
                let tensor = &parts[0].tensor;
                let (a, b) = (self.a(tensor, Side::Left, first.rank), self.b(tensor, Side::RightTurned, first.rank));
                ((vec![first.rank as u64, rows], vec![a]), (vec![first.rank as u64, columns], vec![b]))
            }
            (Source::Rows { parts, added }, &[inner, out]) if *added == 0.0 && parts.len() == 1 => {
                let Part { tensor, map, .. } = &parts[0];
                let (a, b) = (self.a(tensor, Side::Right, first.rank), self.b(tensor, Side::Left, first.rank));
                (
                    (vec![inner, first.rank as u64], vec![a]),
                    (vec![first.rank as u64, out], vec![Part { map: *map, ..b }]),
                )
            }
            (Source::Rows { parts, added }, &[inner, out, count]) if *added == 0.0 && parts.len() as u64 == count => {
                let rank = first.rank;
                let a = parts.iter().map(|part| self.a(&part.tensor, Side::Right, rank)).collect();
                let b = parts.iter().map(|part| self.b(&part.tensor, Side::Left, rank)).collect();
                ((vec![inner, rank as u64, count], a), (vec![rank as u64, out, count], b))
            }
            _ => return refuse(LoraProblem::NoPlace { tensor: name.to_owned() }),
        };
        written.extend(output.source.tensors().map(|tensor| tensor.name().to_owned()));
        Ok(Some([self.tensor(name, LORA_A, a)?, self.tensor(name, LORA_B, b)?]))
    }

    fn tensor(
        &self,
        name: &str,
        ending: &str,
        (dims, parts): (Vec<u64>, Vec<Part>),
    ) -> Result<OutputTensor, MergeError> {
        let ggml_type = self.file_type.factor_type(dims[0]);
        let ggml_type = ggml_type.unwrap_or_else(|| unreachable!("other types were refused"));
        let stored = GgufTensor::new(format!("{name}{ending}"), dims, ggml_type)
            .map_err(|problem| ExportError::Header { problem, path: self.plan.base.root().to_owned() })?;
        Ok(OutputTensor { stored, source: Source::Rows { parts, added: 0.0 } })
    }

    /// `lora_a` of the change of `tensor`.
    fn a(&self, tensor: &LogicalTensor, side: Side, rank: usize) -> Part {
        self.factor(tensor, side, rank, 1.0)
    }

    /// `lora_b`, with what of the factor s alpha does not say.
    fn b(&self, tensor: &LogicalTensor, side: Side, rank: usize) -> Part {
        let ratio = self.changes.get(tensor.name()).map_or(1.0, |change| change.alpha / f64::from(self.alpha));
        self.factor(tensor, side, rank, if (ratio - 1.0).abs() > SAME { ratio } else { 1.0 })
    }

    /// One factor of the change of `tensor`; zeros where an expert beside others has none.
    fn factor(&self, tensor: &LogicalTensor, side: Side, rank: usize, ratio: f64) -> Part {
        let (rows, columns) = side.shape(tensor.shape(), rank);
        let factor = FactorRows {
            plan: Arc::clone(self.plan),
            update: self.changes.get(tensor.name()).map(|change| change.update.clone()),
            name: tensor.name().to_owned(),
            side,
            ratio,
            columns,
            file: Arc::clone(tensor.file()),
        };
        let storage = Storage::Computed(Arc::new(factor));
        let tensor = LogicalTensor::new(tensor.name().to_owned(), vec![rows, columns], Dtype::F32, storage);
        Part { tensor, map: RowMap::Same, rows }
    }
}

/// A factor of Δ = s·L·R, or its transpose.
#[derive(Clone, Copy, Debug)]
enum Side {
    Left,
    LeftTurned,
    Right,
    RightTurned,
}

impl Side {
    /// Its rows and columns for a matrix of `shape`.
    fn shape(self, shape: &[usize], rank: usize) -> (usize, usize) {
        let (rows, columns) = (shape[0], shape[1]);
        match self {
            Self::Left => (rows, rank),
            Self::LeftTurned => (rank, rows),
            Self::Right => (rank, columns),
            Self::RightTurned => (columns, rank),
        }
    }

    /// The value in `row` and `column`.
    fn value(self, low_rank: &LowRank, row: usize, column: usize) -> f32 {
        let (rank, columns) = (low_rank.rank(), low_rank.shape().1);
        match self {
            Self::Left => low_rank.left()[row * rank + column],
            Self::LeftTurned => low_rank.left()[column * rank + row],
            Self::Right => low_rank.right()[row * columns + column],
            Self::RightTurned => low_rank.right()[column * columns + row],
        }
    }
}

/// Rows of a factor; the factors of a module are loaded for each read, so that memory is that of one module.
#[derive(Debug)]
struct FactorRows {
    plan: Arc<MergePlan>,
    update: Option<UpdateRef>,
    name: String,
    side: Side,
    ratio: f64,
    columns: usize,
    file: Arc<dyn WeightFile>,
}

impl ComputedRows for FactorRows {
    fn file(&self) -> &Arc<dyn WeightFile> {
        &self.file
    }

    fn read_row_bytes(&self, rows: Range<usize>, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let Some(update) = &self.update else {
            bytes.fill(0);
            return Ok(());
        };
        let unread = |problem: String| CheckpointError::NotComputed {
            tensor: self.name.clone(),
            problem,
            path: self.file.path().to_owned(),
        };
        let loaded = update.load(&self.plan.adapters).map_err(|error| unread(error.to_string()))?;
        let low_rank = loaded.as_low_rank().ok_or_else(|| unread("it has no two factors".to_owned()))?;
        let cells = rows.flat_map(|row| (0..self.columns).map(move |column| (row, column)));
        for (bytes, (row, column)) in bytes.chunks_exact_mut(size_of::<f32>()).zip(cells) {
            let value = self.side.value(low_rank, row, column);
            #[expect(clippy::cast_possible_truncation, reason = "factors are f32")]
            let value = if self.ratio == 1.0 { value } else { (f64::from(value) * self.ratio) as f32 };
            bytes.copy_from_slice(&value.to_le_bytes());
        }
        Ok(())
    }
}
