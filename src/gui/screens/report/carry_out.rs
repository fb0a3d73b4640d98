//! Carries out what is asked about a merged folder.

use egui::Context;

use super::documents::comparison_markdown;
use crate::gui::{
    app::{
        command::UiCommand,
        jobs::{
            watched::Work,
            workers::{self, Workers},
        },
        logic::notice,
        state::{AppState, Job, Tone},
    },
    design::path_text::display_path,
    screens::compare::evaluation::Evaluation,
    words::problem::Problem,
};

/// Measures, checks, seals, exports, or stops one of these.
pub(in crate::gui) fn carry_out(state: &mut AppState, workers: &mut Workers, ctx: &Context, command: UiCommand) {
    match command {
        UiCommand::BrowseTexts => workers::browse_texts(state, workers, ctx),
        UiCommand::MeasurePerplexity(texts) => workers::measure(state, ctx, texts),
        UiCommand::MeasureTime => workers::measure_time(state, ctx),
        UiCommand::CopyComparison => {
            if let Some(done) = state.finished() {
                ctx.copy_text(comparison_markdown(done, state.words()));
                state.notice = Some(notice(Tone::Neutral, state.words().copied_table.to_owned()));
            }
        }
        UiCommand::VerifyAgain => workers::verify_again(state, ctx),
        UiCommand::Seal => workers::seal(state, ctx),
        UiCommand::CancelMeasurement
        | UiCommand::EditPrompt(_)
        | UiCommand::CancelTiming
        | UiCommand::CancelVerification
        | UiCommand::CancelSeal => change_result(state, command),
        UiCommand::ExportReport => workers::export(state, workers, ctx),
        UiCommand::ExportPicture => workers::export_picture(state, workers, ctx),
        UiCommand::OpenFolder => open_folder(state),
        _ => {}
    }
}

/// What changes the merged folder's state and starts nothing.
fn change_result(state: &mut AppState, command: UiCommand) {
    let cancelled = Problem::of_words(|words| words.check_cancelled.to_owned());
    let Some(done) = state.finished_mut() else { return };
    match command {
        UiCommand::CancelMeasurement => done.evaluation = Evaluation::Idle,
        UiCommand::EditPrompt(prompt) => done.prompt = prompt,
        UiCommand::CancelTiming => done.timing = Work::Idle,
        UiCommand::CancelSeal => done.sealing = Work::Idle,
        UiCommand::CancelVerification => {
            done.verifying = None;
            done.verified.get_or_insert(Err(cancelled));
        }
        _ => {}
    }
}

/// Asks the system's file manager; what it answers shows in its own window.
fn open_folder(state: &mut AppState) {
    let Job::Done(done) = &state.job else { return };
    let program = if cfg!(target_os = "windows") {
        "explorer"
    } else if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    if std::process::Command::new(program).arg(&done.sources.merged).spawn().is_err() {
        let path = display_path(&done.sources.merged, state.machine.home.as_deref());
        state.notice = Some(notice(Tone::Caution, (state.words().no_file_manager)(&path)));
    }
}
