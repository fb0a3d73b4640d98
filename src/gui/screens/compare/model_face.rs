//! How the charts name and colour a model, all of them alike.

use crate::{gui::design::ink::Ink, message::Language, report::ModelRole};

/// The colour of a model.
pub(in crate::gui) fn role_ink(role: ModelRole) -> Ink {
    match role {
        ModelRole::Base | ModelRole::Rounded => Ink::Base,
        ModelRole::RunTime => Ink::Adapter,
        ModelRole::Merged => Ink::Merged,
        ModelRole::Trained | ModelRole::IntoPacked | ModelRole::IntoOriginal => Ink::Primary,
    }
}

/// Whether a model's dot is hollow, so that an adapter at run time does not rest on colour alone.
pub(in crate::gui) fn is_hollow(role: ModelRole) -> bool {
    matches!(role, ModelRole::RunTime | ModelRole::Trained)
}

/// The name of a model.
pub(in crate::gui) fn role_title(role: ModelRole, words: Language) -> &'static str {
    match role {
        ModelRole::Base | ModelRole::Rounded => words.text("base"),
        ModelRole::RunTime => words.text("base-and-adapter"),
        ModelRole::Merged => words.text("merged-model"),
        ModelRole::Trained => words.text("packed-and-adapter"),
        ModelRole::IntoPacked => words.text("into-packed"),
        ModelRole::IntoOriginal => words.text("into-original"),
    }
}
