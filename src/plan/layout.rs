//! How the output lies on disk: the base's shards with its headers where nothing moves, new ones where it must.

use std::{collections::BTreeMap, sync::Arc};

use super::{Action, DtypePolicy, OutputTensor, Role, TensorStep, keep_f32, packed_weights::PackedWeights};
use crate::{
    adapter::Adapter,
    checkpoint::{
        Checkpoint, HEADER_LEN_BYTES, Header, HeaderTensor, INDEX_FILE, LogicalTensor, SINGLE_FILE, WeightFile,
        WeightFormat, WeightIndex,
    },
    matching::{Applied, Matching, Origin, UpdateRef},
    numeric::{Dtype, Encoding, FloatDtype},
};

/// The limit of a file where `save_pretrained` is given none (transformers before 5).
const USUAL_SHARD_BYTES: u64 = 5_000_000_000;

/// Largest element of a dtype, in bytes.
const ALIGNMENT: u64 = 8;

/// One weight file of the output.
#[derive(Clone, Debug)]
pub struct OutputShard {
    /// Its name.
    pub file_name: String,
    /// All bytes in front of the tensors.
    pub header: Vec<u8>,
    /// Its tensors, in the order in which they lie in the file.
    pub steps: Vec<TensorStep>,
    /// Size of the whole file.
    pub byte_count: u64,
}

/// What decides the steps.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub base: &'a Checkpoint,
    pub adapters: &'a [Adapter],
    pub matching: &'a Matching,
}

/// How weights are written.
#[derive(Clone, Copy)]
pub(super) struct Written<'a> {
    pub dtype: DtypePolicy,
    pub packed: Option<&'a PackedWeights>,
}

/// One step for each tensor of the base, by the shard that holds it there; new tensors end the last shard.
pub(super) fn steps(inputs: Inputs<'_>, written: Written<'_>) -> Vec<Vec<TensorStep>> {
    let Inputs { base, adapters, matching } = inputs;
    // A base that is taken as another class's has other names than its files, and fewer tensors.
    let of_file: BTreeMap<(&str, &str), &LogicalTensor> =
        base.tensors().values().map(|tensor| ((tensor.file().name(), tensor.stored_name()), tensor)).collect();
    let used = |stored: LogicalTensor| of_file.get(&(stored.file().name(), stored.name())).copied().cloned();
    let step_of = |stored: LogicalTensor| match matching.applied_to(stored.name()) {
        Some(applied) => {
            let source = applied.source(base, adapters).cloned().unwrap_or_else(|| stored.clone());
            let role = if applied.origin == Origin::Base { Role::Kept } else { Role::Replaced };
            step(base, written, (stored.name(), stored.dtype()), (source, role), (&applied.updates, applied.factor))
        }
        None => step(base, written, (stored.name(), stored.dtype()), (stored.clone(), Role::Kept), (&[], None)),
    };
    let steps_of =
        |file: &Arc<dyn WeightFile>| Arc::clone(file).tensors().into_iter().filter_map(used).map(step_of).collect();
    let mut steps: Vec<Vec<TensorStep>> = base.files().iter().map(steps_of).collect();
    let added = matching.applied.iter().filter(|applied| base.tensor(&applied.tensor).is_none());
    let added = added.filter_map(|applied| {
        let source = applied.source(base, adapters)?.clone();
        let dtype = added_dtype(base, applied, &source);
        Some(step(base, written, (&applied.tensor, dtype), (source, Role::Added), (&applied.updates, applied.factor)))
    });
    if let Some(last) = steps.last_mut() {
        last.extend(added);
    }
    steps
}

/// The dtype of a tensor that the base lacks: that of the embedding which it shared, else the one that most of the
/// base has, as PEFT casts it on loading.
fn added_dtype(base: &Checkpoint, applied: &Applied, source: &LogicalTensor) -> Dtype {
    let shared = match &applied.origin {
        Origin::Tied { embedding } => base.tensor(embedding).map(LogicalTensor::dtype),
        Origin::Base | Origin::Adapter { .. } => None,
    };
    let common =
        || base.dtypes_by_bytes().into_iter().map(|(dtype, _)| dtype).find(|dtype| FloatDtype::of(*dtype).is_some());
    shared.or_else(common).unwrap_or(source.dtype())
}

/// The step of the tensor `name`, which is of `dtype` where dtypes are kept.
fn step(
    base: &Checkpoint,
    written: Written<'_>,
    (name, dtype): (&str, Dtype),
    (source, role): (LogicalTensor, Role),
    (updates, factor): (&[UpdateRef], Option<f64>),
) -> TensorStep {
    let output_dtype = match (written.dtype, FloatDtype::of(dtype)) {
        (DtypePolicy::Convert(_), Some(stored)) if keep_f32::is_kept(base.config().model_type(), name) => {
            stored.stored()
        }
        (DtypePolicy::Convert(asked), Some(_)) => asked.stored(),
        _ => dtype,
    };
    // Bytes of a view that is not contiguous must be gathered, which a conversion to its own dtype does.
    let encoding = written.packed.and_then(|packed| packed.encoding_of(name));
    let is_copy = encoding.is_none() && output_dtype == source.dtype() && source.span().is_some();
    let action = match (updates, factor) {
        ([], None) if is_copy => Action::Copy,
        ([], None) => Action::Convert,
        _ => Action::Update { updates: updates.to_vec(), factor },
    };
    let encoding = encoding.unwrap_or(Encoding::Plain(output_dtype));
    let mut step =
        TensorStep { name: name.to_owned(), source, role, output_dtype, encoding, offset: 0, byte_count: 0, action };
    step.byte_count = step.outputs().iter().map(|output| output.byte_count).sum();
    step
}

/// Output files for `steps`, with headers and offsets.
pub(super) fn shards(base: &Checkpoint, steps: Vec<Vec<TensorStep>>, max_shard_bytes: Option<u64>) -> Vec<OutputShard> {
    // Files of packed weights are too small to be the measure of those that they become.
    let is_anew = base.quantization().is_some() || base.gguf().is_some();
    let usual = is_anew.then_some(USUAL_SHARD_BYTES);
    let Some(max_shard_bytes) = max_shard_bytes.or(usual) else {
        let files = base.files().iter().zip(steps);
        return files.map(|(file, steps)| shard_like(file, steps)).collect();
    };
    let mut metadata = base.files().first().map(|file| file.metadata()).unwrap_or_default();
    if is_anew {
        // What a packer says of its tensors there is true no more, and `mlx` would be transposed by some loaders.
        metadata = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
    }
    let groups = grouped(steps.into_iter().flatten(), max_shard_bytes);
    let total = groups.len();
    let name = |index: usize| match total {
        1 => SINGLE_FILE.to_owned(),
        _ => format!("model-{:05}-of-{total:05}.safetensors", index + 1),
    };
    groups.into_iter().enumerate().map(|(index, steps)| shard_anew(name(index), &metadata, steps)).collect()
}

/// Consecutive runs of at most `max_bytes` of tensors; a larger tensor gets a shard of its own.
fn grouped(steps: impl Iterator<Item = TensorStep>, max_bytes: u64) -> Vec<Vec<TensorStep>> {
    let mut groups: Vec<Vec<TensorStep>> = Vec::new();
    let mut group_bytes = 0;
    for step in steps {
        match groups.last_mut() {
            Some(group) if group_bytes + step.byte_count <= max_bytes => {
                group_bytes += step.byte_count;
                group.push(step);
            }
            _ => {
                group_bytes = step.byte_count;
                groups.push(vec![step]);
            }
        }
    }
    groups
}

/// The base's file with the base's header to the byte, where every tensor keeps its place.
fn shard_like(file: &Arc<dyn WeightFile>, mut steps: Vec<TensorStep>) -> OutputShard {
    let places = Arc::clone(file).tensors();
    let keeps_place = |(step, place): (&TensorStep, &LogicalTensor)| {
        step.name == place.name()
            && step.encoding == Encoding::Plain(place.dtype())
            && step.source.shape() == place.shape()
    };
    let keeps_layout = file.format() == WeightFormat::Safetensors
        && steps.len() == places.len()
        && steps.iter().zip(&places).all(keeps_place);
    if !keeps_layout {
        return shard_anew(safetensors_name(file.name()), &file.metadata(), steps);
    }
    for (step, place) in steps.iter_mut().zip(&places) {
        step.offset = place.file_offset();
    }
    let mut header = (file.header().len() as u64).to_le_bytes().to_vec();
    header.extend_from_slice(file.header());
    OutputShard { file_name: file.name().to_owned(), header, steps, byte_count: file.byte_count() }
}

/// `model-00001-of-00002.safetensors` for `pytorch_model-00001-of-00002.bin`: the name that `save_pretrained` gives.
fn safetensors_name(name: &str) -> String {
    match name.strip_suffix(".bin") {
        Some(stem) => format!("{}.safetensors", stem.strip_prefix("pytorch_").unwrap_or(stem)),
        None => name.to_owned(),
    }
}

/// A file with a new header: the tensors in the given order, one after the other.
fn shard_anew(file_name: String, metadata: &BTreeMap<String, String>, mut steps: Vec<TensorStep>) -> OutputShard {
    if steps.iter().any(|step| step.tables().is_some()) {
        // Tables of float32 stand aligned where all that is before them ends so; packed weights do.
        steps.sort_by_key(|step| !step.byte_count.is_multiple_of(ALIGNMENT));
    }
    let mut tensors = Vec::new();
    let mut end = 0;
    for step in &mut steps {
        step.offset = end;
        for OutputTensor { name, dtype, shape, byte_count } in step.outputs() {
            tensors.push(HeaderTensor { name, dtype, shape, range: end..end + byte_count });
            end += byte_count;
        }
    }
    let header = Header { metadata: metadata.clone(), tensors };
    let header = header.to_bytes().unwrap_or_else(|error| unreachable!("{file_name}: one after the other: {error}"));
    let data_offset = header.len() as u64;
    debug_assert!(data_offset > HEADER_LEN_BYTES, "a header has at least its braces");
    for step in &mut steps {
        step.offset += data_offset;
    }
    OutputShard { file_name, header, steps, byte_count: data_offset + end }
}

/// The index for several shards (or for one, where the base has an index too): the base's metadata kept, `total_size`
/// true, in bytes.
pub(super) fn index_text(base: &Checkpoint, shards: &[OutputShard]) -> Option<String> {
    let is_single = matches!(shards, [shard] if shard.file_name == SINGLE_FILE);
    if is_single {
        return None;
    }
    let mut metadata = base.index().map(|index| index.metadata.clone()).unwrap_or_default();
    let steps = || shards.iter().flat_map(|shard| shard.steps.iter().map(move |step| (shard, step)));
    let total_size: u64 = steps().map(|(_, step)| step.byte_count).sum();
    metadata.insert("total_size".to_owned(), total_size.into());
    let weight_map = steps()
        .flat_map(|(shard, step)| step.outputs().into_iter().map(|output| (output.name, shard.file_name.clone())));
    let weight_map = weight_map.collect::<BTreeMap<_, _>>();
    let index = WeightIndex { metadata, weight_map };
    let text = serde_json::to_string_pretty(&index).unwrap_or_else(|error| unreachable!("{INDEX_FILE}: {error}"));
    Some(text + "\n")
}
