//! Seconds and memory of the models: means with their deviations, and how to measure them.

use egui::{Id, Key};

use super::{
    command::CompareCommand,
    model_face::{is_hollow, role_ink, role_title},
};
use crate::{
    evaluate::{MeasuredSpeed, ModelSpeed},
    gui::{
        design::{
            chart::{
                axis::Axis,
                dots::{Dot, DotPlot},
            },
            tokens::chart,
            widget::field_ui,
        },
        frame::{error_banner::error_banner_ui, progress_note::progress_note_ui},
        prelude::*,
    },
    report::{ModelRole, Timed, mean_and_deviation, short_number},
};

/// The panel.
pub(in crate::gui) fn time_ui(ui: &mut Ui, state: &AppState, done: &MergedFolder, commands: &mut Vec<Command>) {
    let words = state.words();
    Surface::titled(words.text("time-and-memory")).show(ui, |ui| {
        if state.jobs.is_running(JobKind::MeasureTime) {
            return inset_ui(ui, space::S12, 0.0, |ui| measuring_ui(ui, state, commands));
        }
        if let Some(Ok(timed)) = &done.timing {
            timed_ui(ui, timed, state);
        }
        inset_ui(ui, space::S12, 0.0, |ui| {
            match &done.timing {
                Some(Ok(timed)) => {
                    let measured = timed.report.models.iter().flatten().find_map(ModelSpeed::measured);
                    let note = measured.map_or_else(String::new, |speed| {
                        words.say(&message!("speed-note", runs: speed.forward_secs.runs, tokens: speed.forward_tokens))
                    });
                    paragraph_ui(ui, &note, Type::CAPTION, Ink::Secondary);
                }
                Some(Err(problem)) => error_banner_ui(ui, state, problem, Vec::new(), commands),
                None => {
                    let waits = if state.machine.program.is_some() { "time-waits" } else { "no-program" };
                    paragraph_ui(ui, words.text(waits), Type::BODY, Ink::Secondary);
                }
            }
            ui.add_space(space::S12);
            ask_ui(ui, state, done, commands);
            ui.add_space(space::S16);
        });
    });
}

/// How many passes are done, and a way to stop them.
fn measuring_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    let Some(progress) = state.jobs.progress(JobKind::MeasureTime) else { return };
    let sample = &progress.sample;
    let (done, total) = (sample.bytes_done, sample.bytes_total);
    let title = if total == 0 { words.text("loading-models") } else { words.text("measuring") };
    let pass = || words.say(&message!("pass-of", pass: (done + 1).min(total), total: total));
    progress_note_ui(ui, sample, title, (total > 0).then(pass).as_deref(), "", words);
    CommandButton::new(CompareCommand::CancelTiming, ButtonLook::Plain).add(ui, words, commands);
    ui.add_space(space::S16);
}

/// The prompt and the button.
fn ask_ui(ui: &mut Ui, state: &AppState, done: &MergedFolder, commands: &mut Vec<Command>) {
    let words = state.words();
    let can_measure = state.machine.program.is_some();
    ui.horizontal(|ui| {
        let button = CommandButton::new(CompareCommand::MeasureTime, ButtonLook::Plain).enabled(can_measure);
        let width = (ui.available_width() - button.width(ui, words) - space::S8).min(grid::FIELD);
        let mut prompt = done.prompt.clone();
        let (size, hint) = (vec2(width, grid::PRIMARY_BUTTON), words.text("prompt-hint"));
        let response = field_ui(ui, size, Id::unique("prompt"), &mut prompt, hint, true);
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(words.text("prompt")));
        if response.changed() {
            commands.push(CompareCommand::EditPrompt(prompt).into());
        }
        if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) && can_measure {
            commands.push(CompareCommand::MeasureTime.into());
        }
        ui.add_space(space::S8);
        button.height(grid::PRIMARY_BUTTON).add(ui, words, commands);
    });
}

/// The chart with its numbers.
fn timed_ui(ui: &mut Ui, timed: &Timed, state: &AppState) {
    let words = state.words();
    let shows = state.machine.shows_measurements;
    let models: Vec<(ModelRole, &ModelSpeed)> =
        timed.roles.iter().copied().zip(timed.report.models.iter().flatten()).collect();
    let dots = models.iter().map(|(role, speed)| speed.measured().filter(|_| shows).map(|speed| dot(*role, speed)));
    let dots: Vec<Option<Dot>> = dots.collect();
    let ends = dots.iter().flatten().filter_map(|dot| dot.whisker).map(|([_, end], _)| end);
    let mut plot = DotPlot::new("time dots", Axis::from_zero(ends.fold(0.0, f64::max)));
    let columns = [
        TableColumn::text("", grid::column::NAME),
        TableColumn::wide(""),
        TableColumn::number(words.text("forward-pass"), grid::column::INTERVAL),
        TableColumn::number(words.text("writes-per-sec"), grid::column::WORD),
        TableColumn::number(words.text("load-time"), grid::column::WORD),
        TableColumn::number(words.text("peak-memory"), grid::column::WORD),
    ];
    let table = Table::new("times", &columns).complete().without_rules().row_height(chart::ROW);
    table.show(ui, models.len(), |cells, index| {
        let (role, speed) = models[index];
        cells.text(role_title(role, words), Type::BODY_MEDIUM, Ink::Primary);
        cells.cell(|ui| {
            plot.keep(ui, dots[index]);
            if let ModelSpeed::TooLarge { needed_bytes, .. } = speed {
                let text = words.say(&message!("needs-memory", bytes: units::bytes(*needed_bytes)));
                paragraph_ui(ui, &text, Type::EVIDENCE, Ink::Secondary);
            }
        });
        for number in speed.measured().map(|speed| numbers(speed, shows)).into_iter().flatten() {
            cells.number(&number, Ink::Primary);
        }
    });
    plot.show(ui);
    ui.add_space(space::S8);
}

/// The milliseconds of a pass.
fn dot(role: ModelRole, speed: &MeasuredSpeed) -> Dot {
    let (pass, ink) = (speed.forward_secs.in_milliseconds(), role_ink(role));
    Dot { value: pass.mean, whisker: Some((pass.ends(), ink)), ink, is_hollow: is_hollow(role), reference: None }
}

/// A pass, writing, loading, memory.
fn numbers(speed: &MeasuredSpeed, shows: bool) -> [String; 4] {
    let numbers = [
        Some(mean_and_deviation(speed.forward_secs.in_milliseconds())),
        speed.decode_tokens_per_sec().map(short_number),
        Some(units::duration(speed.load_secs)),
        speed.peak_memory_bytes.map(units::bytes),
    ];
    numbers.map(|number| number.filter(|_| shows).unwrap_or_else(|| "—".to_owned()))
}
