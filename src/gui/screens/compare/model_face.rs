//! How the charts name and colour a model, all of them alike.

use crate::{gui::design::ink::Ink, message::Language, report::ModelRole};

/// The colour of a model.
pub(in crate::gui) fn role_ink(role: ModelRole) -> Ink {
    match role {
        ModelRole::Base | ModelRole::Rounded => Ink::Base,
        ModelRole::RunTime => Ink::Adapter,
        ModelRole::Merged => Ink::Merged,
    }
}

/// The name of a model.
pub(in crate::gui) fn role_title(role: ModelRole, words: Language) -> &'static str {
    match role {
        ModelRole::Base | ModelRole::Rounded => words.text("base"),
        ModelRole::RunTime => words.text("base-and-adapter"),
        ModelRole::Merged => words.text("merged-model"),
    }
}
