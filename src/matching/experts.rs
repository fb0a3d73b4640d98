//! Experts of a mixture that adapter and disk hold in different pieces (spec section 2.8): one parameter for all of
//! them in memory, a tensor for each on the disk, or the reverse.

use crate::{
    adapter::{Orientation, Placement, Target, TargetUpdate, Window},
    checkpoint::{Checkpoint, LogicalTensor},
};

/// Names of the module above the experts, in memory and on the disk.
const PARENTS: [&str; 3] = ["mlp", "block_sparse_moe", "feed_forward"];

/// A fused parameter with the tensors that it consists of, by rows; each may go by several names.
const FUSED: [(&str, &[&[&str]]); 2] =
    [("gate_up_proj", &[&["gate_proj", "w1"], &["up_proj", "w3"]]), ("down_proj", &[&["down_proj", "w2"]])];

/// Model types whose gate and up features alternate in the fused parameter.
const INTERLEAVED: [&str; 1] = ["gpt_oss"];

/// A base tensor and how an update lies on it.
pub(super) type Place<'a> = (&'a LogicalTensor, Placement);

/// The places of an update of all experts on tensors of single ones: every expert's, or none.
///
/// `preferred` decides where the matrices are square.
pub(super) fn split_places<'a>(
    base: &'a Checkpoint,
    target: &Target,
    update: &dyn TargetUpdate,
    module: &str,
    preferred: Orientation,
) -> Option<Vec<Place<'a>>> {
    let (count, out, inner) = update.expert_features()?;
    let (_, pieces) = FUSED.iter().find(|(fused, _)| *fused == target.parameter)?;
    spellings(module).find_map(|module| {
        let tensor = |expert: usize, piece: &[&str]| {
            piece.iter().find_map(|name| base.tensor(&format!("{module}.{expert}.{name}.weight")))
        };
        // One expert more than the update has would stay as it is, unnoticed.
        if tensor(count, pieces[0]).is_some() {
            return None;
        }
        let mut places = Vec::with_capacity(count * pieces.len());
        for expert in 0..count {
            for (index, piece) in pieces.iter().enumerate() {
                let stored = tensor(expert, piece)?;
                let &[rows, columns] = stored.shape() else { return None };
                let straight = (rows * pieces.len(), columns) == (out, inner);
                let transposed = (rows * pieces.len(), columns) == (inner, out);
                let orientation = match (straight, transposed) {
                    (true, true) => preferred,
                    (true, false) => Orientation::OutIn,
                    (false, true) => Orientation::InOut,
                    (false, false) => return None,
                };
                let window = Window::TensorIsPart { expert, out: index * rows..(index + 1) * rows };
                places.push((stored, placement(stored, orientation, window)?));
            }
        }
        Some(places)
    })
}

/// The place of an update of one expert's layer in a parameter of all of them.
pub(super) fn fused_place<'a>(
    base: &'a Checkpoint,
    update: &dyn TargetUpdate,
    module: &str,
    preferred: Orientation,
) -> Option<Place<'a>> {
    let (1, out, inner) = update.expert_features()? else { return None };
    let (experts, expert, leaf) = expert_of(module)?;
    let is_interleaved = INTERLEAVED.contains(&base.config().model_type());
    let of_leaf = |(fused, pieces): &(&'static str, &'static [&'static [&'static str]])| {
        let piece = pieces.iter().position(|names| names.contains(&leaf));
        let is_whole = *fused == leaf || leaf.strip_suffix('s') == Some(*fused);
        match (is_whole, piece) {
            (true, _) => Some((*fused, 0, 1)),
            // Alternating features are no run of rows.
            (false, Some(_)) if is_interleaved && pieces.len() > 1 => None,
            (false, Some(index)) => Some((*fused, index, pieces.len())),
            (false, None) => None,
        }
    };
    let (fused, index, piece_count) = FUSED.iter().find_map(of_leaf)?;
    let spelled: Vec<String> = spellings(experts).collect();
    let stored = spelled.iter().find_map(|module| base.tensor(&format!("{module}.{fused}")))?;
    let &[count, first, second] = stored.shape() else { return None };
    let straight = (first, second) == (out * piece_count, inner);
    let transposed = (first, second) == (inner, out * piece_count);
    let orientation = match (straight, transposed) {
        (true, true) => preferred,
        (true, false) => Orientation::OutIn,
        (false, true) => Orientation::InOut,
        (false, false) => return None,
    };
    let window = Window::UpdateIsPart { expert, out: index * out..(index + 1) * out };
    (expert < count).then_some(())?;
    Some((stored, placement(stored, orientation, window)?))
}

/// The experts' module, the number of the expert and the layer's name: `mlp.experts.3.gate_proj`, or Unsloth's
/// `mlp.experts.gate_up_projs.3`.
fn expert_of(module: &str) -> Option<(&str, usize, &str)> {
    let (front, last) = module.rsplit_once('.')?;
    let (experts, middle) = front.rsplit_once('.')?;
    match (middle.parse(), last.parse()) {
        (Ok(expert), _) => Some((experts, expert, last)),
        (_, Ok(expert)) => Some((experts, expert, middle)),
        _ => None,
    }
}

/// The experts' module under every name of the module above it.
fn spellings(module: &str) -> impl Iterator<Item = String> {
    let parts = module.rsplit_once('.').and_then(|(front, experts)| {
        let (layer, parent) = front.rsplit_once('.')?;
        PARENTS.contains(&parent).then(|| (layer.to_owned(), experts.to_owned()))
    });
    let others = parts.into_iter().flat_map(|(layer, experts)| {
        PARENTS.iter().map(move |parent| format!("{layer}.{parent}.{experts}")).collect::<Vec<_>>()
    });
    std::iter::once(module.to_owned()).chain(others)
}

fn placement(stored: &LogicalTensor, orientation: Orientation, window: Window) -> Option<Placement> {
    let dtype = stored.float_dtype().ok()?;
    Some(Placement { shape: stored.shape().to_vec(), dtype, orientation, window, companion: None })
}
