//! Seconds and memory of the models: means with their deviations, and how to measure them.

use crate::gui::design::layout::rule::placed_ui;
use egui::{Id, Rect, Stroke, Ui, pos2, vec2};
use egui_plot::{Line, MarkerShape, PlotBounds, PlotPoints, Points};

use super::{command::CompareCommand, measured::Timed, perplexity_chart::ink};
use crate::{
    evaluate::{MeasuredSpeed, ModelSpeed},
    gui::{
        app::{command::Command, jobs::kind::JobKind, merged_folder::MergedFolder, state::AppState},
        design::{
            scale::round_step,
            tokens::{Colors, Type, grid, space},
            widget::{Align, ButtonLook, chart_ui, field_ui, flowing_panel_ui, text_ui, wrapped_text_ui},
        },
        frame::{command_button::CommandButton, error_banner::error_banner_ui, progress_note::progress_note_ui},
    },
    message::message,
    report::ModelRole,
    units,
};

/// Height of a model's line.
const ROW: f32 = 40.0;

/// Height of the column titles, and of the axis.
const HEADER: f32 = 24.0;
const AXIS: f32 = 22.0;

/// Width of the names.
const NAMES: f32 = 112.0;

/// Widths of the numbers: a pass, writing, loading, memory.
const NUMBERS: [f32; 4] = [104.0, 84.0, 62.0, 84.0];

/// Width of the prompt.
const PROMPT: f32 = 320.0;

/// The panel.
pub(in crate::gui) fn time_ui(
    ui: &mut Ui,
    place: Rect,
    least_bottom: f32,
    state: &AppState,
    done: &MergedFolder,
    commands: &mut Vec<Command>,
) -> Rect {
    let words = state.words();
    flowing_panel_ui(ui, place, words.text("time-and-memory"), "", least_bottom, |ui, body| {
        let colors = Colors::of(ui);
        let inner = body.shrink2(vec2(space::S12, 0.0));
        let below = |top: f32| Rect::from_min_max(pos2(inner.left(), top), inner.max);
        if let Some(progress) = state.jobs.progress(JobKind::MeasureTime) {
            let sample = &progress.sample;
            let title = if sample.bytes_total == 0 { words.text("loading-models") } else { words.text("measuring") };
            let (done, total) = (sample.bytes_done, sample.bytes_total);
            let pass = || words.say(&message!("pass-of", pass: (done + 1).min(total), total: total));
            let moved = (total > 0).then(pass);
            let placed = placed_ui(ui, inner, |ui| progress_note_ui(ui, sample, title, moved.as_deref(), "", words));
            let bottom = placed.bottom();
            let button = CommandButton::new(CompareCommand::CancelTiming, ButtonLook::Plain);
            let size = vec2(button.width(ui, words), grid::BUTTON);
            button.show(ui, Rect::from_min_size(pos2(inner.left(), bottom), size), words, commands);
            return bottom + size.y + space::S16;
        }
        match &done.timing {
            Some(Ok(timed)) => {
                let bottom = timed_ui(ui, inner, timed, state);
                ask_ui(ui, below(bottom + space::S12), state, done, commands)
            }
            Some(Err(problem)) => {
                let home = state.machine.home.as_deref();
                let place = below(inner.top() + space::S4);
                let banner = placed_ui(ui, place, |ui| error_banner_ui(ui, problem, home, words));
                ask_ui(ui, below(banner.bottom() + space::S12), state, done, commands)
            }
            None => {
                let text = below(inner.top() + space::S4);
                let note =
                    if state.machine.program.is_some() { words.text("time-waits") } else { words.text("no-program") };
                let height = wrapped_text_ui(ui, text, &[(note, Type::BODY, colors.text_secondary)]);
                ask_ui(ui, below(text.top() + height + space::S12), state, done, commands)
            }
        }
    })
}

/// The prompt and the button; returns the bottom.
fn ask_ui(ui: &mut Ui, rect: Rect, state: &AppState, done: &MergedFolder, commands: &mut Vec<Command>) -> f32 {
    let words = state.words();
    let button =
        CommandButton::new(CompareCommand::MeasureTime, ButtonLook::Plain).enabled(state.machine.program.is_some());
    let size = vec2(button.width(ui, words), grid::PRIMARY_BUTTON);
    let width = PROMPT.min(rect.width() - size.x - space::S8);
    let field = Rect::from_min_size(rect.min, vec2(width, size.y));
    let mut prompt = done.prompt.clone();
    let response = field_ui(ui, field, Id::unique("prompt"), &mut prompt, words.text("prompt-hint"), true);
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(words.text("prompt")));
    if response.changed() {
        commands.push(CompareCommand::EditPrompt(prompt).into());
    }
    let is_entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    if is_entered && state.machine.program.is_some() {
        commands.push(CompareCommand::MeasureTime.into());
    }
    button.show(ui, Rect::from_min_size(field.right_top() + vec2(space::S8, 0.0), size), words, commands);
    field.bottom() + space::S16
}

/// Columns of numbers from the right end of `line`.
fn number_cells(line: Rect) -> [Rect; 4] {
    let mut right = line.right();
    let mut cells = NUMBERS.map(|_| line);
    for (cell, width) in cells.iter_mut().zip(NUMBERS).rev() {
        *cell = Rect::from_min_max(pos2(right - width, line.top()), pos2(right, line.bottom()));
        right = cell.left();
    }
    cells
}

/// The chart with its numbers and how they were measured; returns the bottom.
fn timed_ui(ui: &mut Ui, rect: Rect, timed: &Timed, state: &AppState) -> f32 {
    let colors = Colors::of(ui);
    let words = state.words();
    let header = Rect::from_min_size(rect.min, vec2(rect.width(), HEADER));
    let titles =
        [words.text("forward-pass"), words.text("writes-per-sec"), words.text("load-time"), words.text("peak-memory")];
    for (cell, title) in number_cells(header).into_iter().zip(titles) {
        text_ui(ui, cell, Align::Right, title, Type::CAPTION, colors.text_secondary);
    }
    let height = timed.roles.len() as f32 * ROW;
    let rows = Rect::from_min_size(header.left_bottom(), vec2(rect.width(), height));
    let plot = Rect::from_min_max(
        pos2(rect.left() + NAMES, rows.top()),
        pos2(rect.right() - NUMBERS.iter().sum::<f32>(), rows.bottom()),
    );
    dots_ui(ui, plot, timed, state.machine.shows_measurements);
    for (index, (role, speed)) in timed.roles.iter().zip(timed.report.models.iter().flatten()).enumerate() {
        let line = Rect::from_min_size(pos2(rect.left(), rows.top() + index as f32 * ROW), vec2(rect.width(), ROW));
        let name = Rect::from_min_size(line.min, vec2(NAMES, ROW));
        text_ui(ui, name, Align::Left, name_of(*role, state), Type::BODY_MEDIUM, colors.text);
        speed_ui(ui, line, speed, state);
    }
    let measured = timed.report.models.iter().flatten().find_map(ModelSpeed::measured);
    let note = measured.map_or_else(String::new, |speed| {
        words.say(&message!("speed-note", runs: speed.forward_secs.runs, tokens: speed.forward_tokens))
    });
    let area = Rect::from_min_max(pos2(rect.left(), rows.bottom() + AXIS + space::S8), rect.max);
    area.top() + wrapped_text_ui(ui, area, &[(&note, Type::CAPTION, colors.text_secondary)])
}

pub(in crate::gui) fn name_of(role: ModelRole, state: &AppState) -> &'static str {
    let words = state.words();
    match role {
        ModelRole::Base | ModelRole::Rounded => words.text("base"),
        ModelRole::RunTime => words.text("base-and-adapter"),
        ModelRole::Merged => words.text("merged-model"),
    }
}

fn speed_ui(ui: &mut Ui, line: Rect, speed: &ModelSpeed, state: &AppState) {
    let colors = Colors::of(ui);
    let numbers = match speed {
        ModelSpeed::Measured(speed) => measured_numbers(speed, state.machine.shows_measurements),
        ModelSpeed::TooLarge { needed_bytes, .. } => {
            let text = state.words().say(&message!("needs-memory", bytes: units::bytes(*needed_bytes)));
            text_ui(ui, line, Align::Right, &text, Type::EVIDENCE, colors.text_secondary);
            return;
        }
    };
    for (cell, number) in number_cells(line).into_iter().zip(numbers) {
        text_ui(ui, cell, Align::Right, &number, Type::MONO, colors.text);
    }
}

fn measured_numbers(speed: &MeasuredSpeed, shows: bool) -> [String; 4] {
    if !shows {
        return NUMBERS.map(|_| "—".to_owned());
    }
    let (mean, std) = (speed.forward_secs.mean * 1e3, speed.forward_secs.std * 1e3);
    let decimals = usize::from(mean < 10.0);
    let rate = speed.decode_tokens_per_sec();
    [
        format!("{mean:.decimals$} ± {std:.decimals$}"),
        rate.map_or_else(
            || "—".to_owned(),
            |rate| if rate < 10.0 { format!("{rate:.1}") } else { format!("{rate:.0}") },
        ),
        units::duration(speed.load_secs),
        speed.peak_memory_bytes.map_or_else(|| "—".to_owned(), units::bytes),
    ]
}

/// A dot and a whisker for each model, milliseconds from zero on; the y axis counts points from the top.
fn dots_ui(ui: &mut Ui, plot: Rect, timed: &Timed, shows: bool) {
    let colors = Colors::of(ui);
    let spreads = timed.report.models.iter().flatten().zip(&timed.roles).enumerate();
    let spreads: Vec<_> =
        spreads.filter_map(|(index, (speed, role))| Some((index, *role, speed.measured()?.forward_secs))).collect();
    let most = spreads.iter().map(|(_, _, spread)| (spread.mean + spread.std) * 1e3).fold(0.0, f64::max) * 1.08;
    if most <= 0.0 || !shows {
        return;
    }
    let step = round_step(most, 3.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few marks")]
    let marks: Vec<f64> = (0..=(most / step) as u32).map(|mark| f64::from(mark) * step).collect();
    let bounds = PlotBounds::from_min_max([0.0, -f64::from(plot.height())], [most, 0.0]);
    let transform = chart_ui(ui, "time dots", plot, bounds, [&marks, &[]], |plot_ui| {
        for (index, role, spread) in spreads {
            let (mean, std) = (spread.mean * 1e3, spread.std * 1e3);
            let (y, color) = (-f64::from((index as f32 + 0.5) * ROW), ink(colors, role));
            let ends = PlotPoints::from(vec![[(mean - std).max(0.0), y], [mean + std, y]]);
            plot_ui.line(Line::new(format!("deviation {index}"), ends).color(color).width(2.0).allow_hover(false));
            let mut dot = |name: &str, color, radius: f32| {
                let points = Points::new(format!("{name} {index}"), PlotPoints::from(vec![[mean, y]]));
                plot_ui.points(points.shape(MarkerShape::Circle).color(color).radius(radius).allow_hover(false));
            };
            dot("mean", color, 4.5);
            if role == ModelRole::RunTime {
                dot("hole", colors.panel, 3.0);
            }
        }
    });
    ui.painter().hline(plot.x_range(), plot.bottom(), Stroke::new(1.0, colors.stroke_strong));
    for mark in marks {
        let center = pos2(transform.position_from_point_x(mark), plot.bottom() + 2.0 + (AXIS - 2.0) / 2.0);
        let area = Rect::from_center_size(center, vec2(48.0, AXIS - 2.0));
        let text = if step < 1.0 { format!("{mark:.1}") } else { format!("{mark:.0}") };
        text_ui(ui, area, Align::Center, &text, Type::MONO_SMALL, colors.text_secondary);
    }
}
