//! Carries out what is asked of the list of all commands.

use egui::Context;

use super::{command::PaletteCommand, screen::palette_id, search::Search};
use crate::gui::app::state::AppState;

/// Opens, closes, searches, points.
pub(in crate::gui) fn carry_out(state: &mut AppState, ctx: &Context, command: PaletteCommand) {
    match command {
        PaletteCommand::Show(is_open) => {
            state.palette = is_open.then(Search::default);
            if is_open {
                ctx.memory_mut(|memory| memory.request_focus(palette_id()));
            }
        }
        PaletteCommand::Search(query) => state.palette = Some(Search { query, pointed: 0 }),
        PaletteCommand::PointAt(pointed) => {
            if let Some(search) = &mut state.palette {
                search.pointed = pointed;
            }
        }
    }
}
