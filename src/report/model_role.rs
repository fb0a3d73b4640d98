//! What a model is in a comparison.

use crate::{
    message::{Language, message},
    numeric::FloatDtype,
};

/// What a model is in a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelRole {
    /// The base as stored.
    Base,
    /// The base with its adapter at run time.
    RunTime,
    /// The merged folder.
    Merged,
    /// The base in the merged folder's dtype: what rounding does by itself.
    Rounded,
    /// The packed base with the adapter at run time, as training saw it, where the base is its original.
    Trained,
    /// The merge into the packed base, computed as it is read.
    IntoPacked,
    /// The merge into the original of a packed base, computed as it is read.
    IntoOriginal,
}

impl ModelRole {
    /// As sentences and legends name it.
    #[must_use]
    pub fn name(self, words: Language, merged_dtype: Option<FloatDtype>) -> String {
        match self {
            Self::Base => words.text("base-in-text").to_owned(),
            Self::RunTime => words.text("run-time-in-text").to_owned(),
            Self::Merged => words.text("merged-in-text").to_owned(),
            Self::Trained => words.text("trained-in-text").to_owned(),
            Self::IntoPacked => words.text("into-packed-in-text").to_owned(),
            Self::IntoOriginal => words.text("into-original-in-text").to_owned(),
            Self::Rounded => {
                let dtype = merged_dtype.map_or_else(String::new, |dtype| dtype.stored().to_string());
                words.say(&message!("rounded-in-text", dtype: &dtype))
            }
        }
    }
}
