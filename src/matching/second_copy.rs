//! One parameter saved whole in two files of an adapter: no matter where both say the same.

use super::same::are_equal;
use crate::{
    adapter::{Adapter, Stray, Target},
    checkpoint::LogicalTensor,
};

/// The files of a second copy and of the copy that is merged, where they lie apart and hold other values, so that
/// neither may be left out.
pub(super) fn contradicted(adapter: &Adapter, stray: &Stray) -> Option<[String; 2]> {
    if !stray.is_second_copy {
        return None;
    }
    let is_of_parameter = |target: &&Target| target.name() == stray.parameter;
    let merged = adapter.targets().iter().filter(is_of_parameter).find_map(Target::replacement)?.tensor();
    let file = |tensor: &LogicalTensor| tensor.file().path().to_owned();
    let is_contradicted =
        file(merged) != file(&stray.tensor) && !are_equal(merged, &stray.tensor).is_ok_and(|is_same| is_same);
    let mut files = [merged.file().name().to_owned(), stray.tensor.file().name().to_owned()];
    files.sort();
    is_contradicted.then_some(files)
}
