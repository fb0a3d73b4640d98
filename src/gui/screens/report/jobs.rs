//! What is done in the background with a merged folder.

use std::path::PathBuf;

use egui::Context;

use super::picture::picture;
use crate::{
    gui::app::{
        jobs::kind::JobKind,
        notice::{Notice, Tone},
        remember::remember_verdict,
        state::AppState,
    },
    merge::{self, Seal},
    message::{Problem, message},
    report::{Documents, Origin, Verified, listed},
    units::path::written_path,
};

/// Checks the folder, as it is now.
pub(in crate::gui) fn verify_again(state: &mut AppState, ctx: &Context) {
    let Some(done) = state.finished().filter(|_| !state.jobs.is_running(JobKind::Verify)) else { return };
    let (provenance, program) = (done.provenance.clone(), state.machine.program.clone());
    let verify = move |job: &_| Ok(provenance.verify(program, job));
    state.jobs.start(JobKind::Verify, ctx, verify, take_verified);
}

fn take_verified(state: &mut AppState, ctx: &Context, verified: Result<Verified, Problem>) {
    let (report, duration_secs) = verified.unwrap_or_else(|problem| (Err(problem), 0.0));
    if let Some(done) = state.finished_mut() {
        done.verified = Some(report);
        done.verify_duration_secs = duration_secs;
    }
    remember_verdict(state);
    // The checks are about the folder as it is now, and so is what is shown beside them.
    list_files(state, ctx);
}

/// Hashes every file, and writes the hashes into the folder.
pub(in crate::gui) fn seal(state: &mut AppState, ctx: &Context) {
    let Some(done) = state.finished().filter(|_| !state.jobs.is_running(JobKind::Seal)) else { return };
    let folder = done.provenance.merged.clone();
    let seal = move |job: &_| merge::seal(&folder, job).map_err(|error| Problem::of(&error));
    state.jobs.start(JobKind::Seal, ctx, seal, take_seal);
}

fn take_seal(state: &mut AppState, ctx: &Context, sealed: Result<Seal, Problem>) {
    let words = state.words();
    let Some(done) = state.finished_mut() else { return };
    let notice = match sealed {
        Ok(seal) => {
            done.is_sealed = true;
            // One that lay there before was not changed but written anew, by us.
            done.manifest.retain(|file| file.name != merge::SEAL_FILE);
            Notice::new(Tone::Good, words.say(&message!("sealed", count: seal.files.len())))
        }
        Err(problem) => Notice::of_problem(&problem, words),
    };
    list_files(state, ctx);
    state.notice = Some(notice);
}

/// Looks what has become of the folder's files, and which came into it after it was listed.
fn list_files(state: &mut AppState, ctx: &Context) {
    let Some(done) = state.finished() else { return };
    let (folder, known) = (done.provenance.merged.clone(), done.manifest.clone());
    let list = move |_: &_| Ok(listed(&folder, known, Origin::Added));
    state.jobs.start(JobKind::ListFiles, ctx, list, |state: &mut AppState, _, listed| {
        if let (Ok(manifest), Some(done)) = (listed, state.finished_mut()) {
            done.take_manifest(manifest);
        }
    });
}

/// Writes the report beside the folder.
pub(in crate::gui) fn export(state: &mut AppState, ctx: &Context) {
    let Some(done) = state.finished().filter(|_| !state.jobs.is_running(JobKind::Export)) else { return };
    let documents = Documents::of(done, state.words());
    state.jobs.start(JobKind::Export, ctx, move |_| documents.write(), take_exported);
}

/// Asks for the next frame as a picture; it is written as soon as it comes.
pub(in crate::gui) fn export_picture(state: &mut AppState, ctx: &Context) {
    if state.jobs.is_running(JobKind::Export) {
        return;
    }
    let folder = state.machine.home.clone().or_else(|| std::env::current_dir().ok()).unwrap_or_default();
    let merged = state.finished().map(|done| done.provenance.merged.clone());
    let name = format!("{:?}.png", state.screen).to_lowercase();
    let place = merged.map_or_else(
        || folder.join(format!("lorafuse-{name}")),
        |merged| {
            let stem = merged.file_name().unwrap_or_default().to_string_lossy().into_owned();
            merged.with_file_name(format!("{stem}-{name}"))
        },
    );
    let (sender, image) = crossbeam_channel::bounded(1);
    ctx.request_screenshot(move |image| {
        sender.try_send(image).ok();
    });
    state.jobs.start(JobKind::Export, ctx, move |_| picture(&image, &place), take_exported);
}

fn take_exported(state: &mut AppState, _: &Context, exported: Result<PathBuf, Problem>) {
    let words = state.words();
    state.notice = Some(match exported {
        Ok(path) => {
            let text = words.say(&message!("exported", path: written_path(&path, state.machine.home.as_deref())));
            if let Some(done) = state.finished_mut() {
                done.written = Some(path);
            }
            Notice::new(Tone::Good, text)
        }
        Err(problem) => Notice::of_problem(&problem, words),
    });
}
