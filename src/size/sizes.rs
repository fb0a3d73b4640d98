//! A base, what a cast alone would make of it, and the merged model: their bytes beside each other.

use super::{SizeBar, SizeBreakdown, SizeFact, between, of_model};
use crate::checkpoint::Checkpoint;

/// The sizes of a base and of what was merged from it, and what explains them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sizes {
    /// The base on disk; `None` where it is not known.
    pub stored: Option<SizeBar>,
    /// The base in the output dtype; `None` when the dtype was kept.
    pub cast: Option<SizeBar>,
    /// The merged folder on disk.
    pub merged: SizeBar,
    /// How one follows from the other.
    pub between: Vec<SizeFact>,
    /// About the base alone.
    pub of_base: Vec<SizeFact>,
    /// About the merged folder alone.
    pub of_merged: Vec<SizeFact>,
}

impl Sizes {
    /// What the headers of both say.
    #[must_use]
    pub fn of(base: Option<&Checkpoint>, merged: &Checkpoint) -> Self {
        let bar = SizeBar::stored(merged);
        let stored = base.map(SizeBar::stored);
        let is_kept = stored.as_ref().is_none_or(|stored| stored.dtype == bar.dtype);
        // What quantisation left alone says nothing about the dtype of the model.
        let is_quantised = SizeBreakdown::stored(merged).parts.iter().any(|part| part.is_quantised);
        let dtype = bar.float_dtype.filter(|_| !is_kept && !is_quantised);
        let between = base.map(|base| between(base, merged)).unwrap_or_default();
        let cast = base.zip(dtype).map(|(base, dtype)| SizeBar::cast(base, dtype));
        Self {
            stored,
            cast,
            of_base: base.and_then(|base| of_model(base).ok()).unwrap_or_default(),
            // Said once, where both are compared.
            of_merged: of_model(merged).into_iter().flatten().filter(|fact| !between.contains(fact)).collect(),
            between,
            merged: bar,
        }
    }
}
