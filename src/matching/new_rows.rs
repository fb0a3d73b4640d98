//! New rows of tokens beside what a head learned that shares the embedding's weight: PEFT keeps them beneath every
//! module that shares it, so a layer that was adapted there was trained on them (`set_additional_trainable_modules`).

use super::{
    Applied, Entries, UpdateRef,
    tied::{Shared, is_trained_whole},
};
use crate::adapter::Adapter;

/// Gives the entries of all that share the embedding's weight its new rows, beneath what the same adapter changes there.
pub(super) fn share(shared: &Shared, adapters: &[Adapter], applied: &mut Entries) {
    let is_rows =
        |update: &UpdateRef| update.target_in(adapters).update().is_some_and(|of| of.new_token_ids().is_some());
    let rows_of = |entry: &Applied| entry.updates.iter().filter(|update| is_rows(update)).cloned().collect::<Vec<_>>();
    let Some((embedding, others)) = shared.members.split_first() else { return };
    let rows = applied.get(&embedding.disk).map(rows_of).unwrap_or_default();
    for name in others.iter().map(|member| &member.disk) {
        let Some(entry) = applied.get_mut(name).filter(|entry| !is_trained_whole(entry, adapters)) else { continue };
        for row in &rows {
            let is_own = |update: &UpdateRef| update.adapter == row.adapter && is_rows(update);
            if entry.updates.iter().any(is_own) {
                continue;
            }
            let above = entry.updates.iter().position(|update| update.adapter >= row.adapter);
            entry.updates.insert(above.unwrap_or(entry.updates.len()), row.clone());
        }
    }
}
