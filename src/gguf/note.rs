//! What a file cannot hold of a model, or holds otherwise than asked: told before it is written.

use serde::Serialize;

use super::{
    Family, FileType, OutputTensor,
    hyperparameters::NO_CAP,
    names::{Destination, destination},
    settings::Settings,
};
use crate::{checkpoint::Checkpoint, message::said_in_english, numeric::codec::GgmlType};

/// Something to know of a file; a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "every sentence says what its fields are")]
pub enum ExportNote {
    LeftOut { tensors: Vec<String> },
    OtherTypes { count: usize, total: usize, file_type: &'static str },
    NoWindow { window: u32, context: u32 },
    LongRotations { original: u32 },
    TokensWithoutRow { tokens: Vec<String> },
    CapForNone { cap: f32 },
    TokenFlags { tokens: Vec<String> },
    BlankTokens { tokens: Vec<String> },
    BlankBefore { is_first_only: bool },
    NotComposed,
}

said_in_english!(ExportNote);

/// Everything to know of a file with `tensors`.
pub(super) fn notes(
    checkpoint: &Checkpoint,
    family: Family,
    settings: &Settings<'_>,
    file_type: FileType,
    tensors: &[OutputTensor],
) -> Vec<ExportNote> {
    let mut notes = Vec::new();
    let is_left_out = |name: &&String| matches!(destination(family, name), Some(Destination::Skipped));
    let left_out: Vec<String> = checkpoint.tensors().keys().filter(is_left_out).cloned().collect();
    if !left_out.is_empty() {
        notes.push(ExportNote::LeftOut { tensors: left_out });
    }
    let block = file_type.block_len();
    let weights = tensors.iter().filter(|tensor| tensor.stored.ggml_type != GgmlType::F32);
    let broken = weights.clone().filter(|tensor| !tensor.stored.dims[0].is_multiple_of(block as u64)).count();
    if broken > 0 {
        notes.push(ExportNote::OtherTypes { count: broken, total: weights.count(), file_type: file_type.name() });
    }
    let count = |key| settings.count(key).ok().flatten();
    if matches!(family, Family::Llama | Family::Mixtral | Family::Phi3)
        && let (Some(window), Ok(context)) = (count("sliding_window"), settings.context())
        && window < context
    {
        notes.push(ExportNote::NoWindow { window, context });
    }
    if family == Family::Gemma2 && settings.is_null("attn_logit_softcapping") {
        notes.push(ExportNote::CapForNone { cap: NO_CAP });
    }
    if family == Family::Phi3
        && let Some(original) = count("original_max_position_embeddings")
        && settings.context().is_ok_and(|context| context > original)
    {
        notes.push(ExportNote::LongRotations { original });
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    #[test]
    fn every_note_is_said_with_what_it_is_about() {
        let tokens = || vec!["<|x|> (rstrip)".to_owned()];
        let cases: Vec<(ExportNote, &[&str])> = vec![
            (ExportNote::LeftOut { tensors: tokens() }, &["<|x|>"]),
            (ExportNote::OtherTypes { count: 3, total: 7, file_type: "Q4_K_M" }, &["3", "7", "Q4_K_M"]),
            (ExportNote::NoWindow { window: 50, context: 700 }, &["50", "700"]),
            (ExportNote::LongRotations { original: 256 }, &["256"]),
            (ExportNote::TokensWithoutRow { tokens: tokens() }, &["<|x|>"]),
            (ExportNote::CapForNone { cap: NO_CAP }, &["4096"]),
            (ExportNote::TokenFlags { tokens: tokens() }, &["<|x|> (rstrip)"]),
            (ExportNote::BlankTokens { tokens: tokens() }, &["<|x|>"]),
            (ExportNote::BlankBefore { is_first_only: true }, &["llama.cpp"]),
            (ExportNote::BlankBefore { is_first_only: false }, &["llama.cpp"]),
            (ExportNote::NotComposed, &["NFC"]),
        ];
        for (note, parts) in cases {
            assert_said(&note, parts);
        }
    }
}
