//! Carries out what is asked of the window as a whole.

use egui::{
    Context,
    ThemePreference::{Dark, Light, System},
};

use super::{
    command::of_app::AppCommand,
    jobs::workers::{self, Workers},
    screen::Screen,
    state::{AppState, Job},
};
use crate::gui::screens::compare::evaluation::{Evaluation, Texts};

/// Shows, copies, switches.
pub(in crate::gui) fn carry_out(state: &mut AppState, workers: &mut Workers, ctx: &Context, command: AppCommand) {
    match command {
        AppCommand::ShowScreen(screen) => show_screen(state, ctx, screen),
        AppCommand::CopyText(text) => ctx.copy_text(text),
        AppCommand::ExportPicture => workers::export_picture(state, workers, ctx),
        AppCommand::SwitchTheme => switch_theme(ctx),
        AppCommand::SwitchLanguage => {
            state.language = state.language.next();
            // It was said in the other one.
            state.notice = None;
        }
    }
}

/// Shows `screen` where it has something to show. The sample's texts are at hand and small: seeing Compare is asking
/// for them.
fn show_screen(state: &mut AppState, ctx: &Context, screen: Screen) {
    if !state.is_reachable(screen) {
        return;
    }
    let is_new = std::mem::replace(&mut state.screen, screen) != screen;
    let texts = match &state.job {
        Job::Done(done) if matches!(done.evaluation, Evaluation::Idle) => &done.sample_texts,
        _ => return,
    };
    if is_new && screen == Screen::Compare && !texts.is_empty() {
        workers::measure(state, ctx, Texts::Sample);
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
