//! Carries out what is asked of the window as a whole.

use egui::{
    Context,
    ThemePreference::{Dark, Light, System},
};

use super::{
    close::stop_and_close, closing::Closing, command::of_app::AppCommand, jobs::kind::JobKind, screen::Screen,
    state::AppState,
};
use crate::gui::screens::{
    compare::{command::Texts, jobs::measure},
    report::jobs::export_picture,
};

/// Shows, switches.
pub(in crate::gui) fn carry_out(state: &mut AppState, ctx: &Context, command: AppCommand) {
    match command {
        AppCommand::ShowScreen(screen) => show_screen(state, ctx, screen),
        AppCommand::ExportPicture => export_picture(state, ctx),
        AppCommand::SwitchTheme => switch_theme(ctx),
        AppCommand::SwitchLanguage => {
            state.language = state.language.next();
            // It was said in the other one.
            state.notice = None;
        }
        AppCommand::KeepMerging => state.closing = Closing::No,
        AppCommand::StopAndClose => stop_and_close(state),
    }
}

/// Shows `screen` where it has something to show. The sample's texts are at hand and small: seeing Compare is asking
/// for them.
fn show_screen(state: &mut AppState, ctx: &Context, screen: Screen) {
    if !state.is_reachable(screen) {
        return;
    }
    let is_new = std::mem::replace(&mut state.screen, screen) != screen;
    let waits = !state.jobs.is_running(JobKind::Evaluate);
    let Some(done) = state.finished().filter(|done| waits && done.evaluation.is_none()) else { return };
    if is_new && screen == Screen::Compare && !done.sample_texts.is_empty() {
        measure(state, ctx, Texts::Sample);
    }
}

fn switch_theme(ctx: &Context) {
    let next = match ctx.options(|options| options.theme_preference) {
        System => Light,
        Light => Dark,
        Dark => System,
    };
    ctx.set_theme(next);
}
