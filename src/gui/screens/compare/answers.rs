//! What each model answered to one prompt, and how long that took.

use egui::{Rect, Ui, pos2, vec2};

use super::{measured::Timed, perplexity_chart::ink, time_chart::name_of};
use crate::{
    evaluate::{ModelSpeed, TimedAnswer},
    gui::{
        app::{command::Command, merged_folder::MergedFolder, state::AppState},
        design::{
            tokens::{Colors, Type, grid, space},
            widget::{Align, Icon, flowing_panel_ui, hairline, mark_ui, table_header, text_ui, wrapped_text_ui},
        },
    },
    message::message,
    report::ModelRole,
    units,
};

/// Width of the names of the models, and of the seconds.
const NAMES: f32 = 118.0;
const SECONDS: f32 = 84.0;

/// Lowest a row gets: two lines of seconds and tokens.
const LEAST_ROW: f32 = 42.0;

/// The panel.
pub(in crate::gui) fn answers_ui(
    ui: &mut Ui,
    place: Rect,
    least_bottom: f32,
    state: &AppState,
    done: &MergedFolder,
    _commands: &mut Vec<Command>,
) -> Rect {
    let words = state.words();
    flowing_panel_ui(ui, place, words.text("answers"), words.text("answers-note"), least_bottom, |ui, body| {
        let colors = Colors::of(ui);
        let timed = done.timed();
        let Some((timed, prompt)) = timed.and_then(|timed| Some((timed, timed.report.prompt.as_ref()?))) else {
            let inner = body.shrink2(vec2(space::S12, 0.0));
            let text = Rect::from_min_max(inner.min + vec2(0.0, space::S4), inner.max);
            let runs = [(words.text("answers-wait"), Type::BODY, colors.text_secondary)];
            return text.top() + wrapped_text_ui(ui, text, &runs) + space::S16;
        };
        let header = table_header(ui, body);
        let [name, text, _] = cells(header);
        text_ui(ui, name, Align::Left, words.text("prompt"), Type::CAPTION, colors.text_secondary);
        text_ui(ui, text, Align::Left, prompt, Type::BODY, colors.text);
        let mut top = header.bottom();
        for (role, speed) in timed.roles.iter().zip(timed.report.models.iter().flatten()) {
            let row = Rect::from_min_max(pos2(place.left(), top), place.max);
            top = answer_ui(ui, row, *role, speed, state);
            hairline(ui, Rect::from_min_size(place.min, vec2(place.width(), 1.0)), top);
        }
        agreement_ui(ui, Rect::from_min_max(pos2(place.left() + space::S12, top), place.max), timed, state)
    })
}

/// Name, answer, seconds.
fn cells(row: Rect) -> [Rect; 3] {
    let inner = row.shrink2(vec2(space::S12, 0.0));
    let at = |left: f32, right: f32| Rect::from_min_max(pos2(left, row.top()), pos2(right, row.bottom()));
    let (text, seconds) = (inner.left() + NAMES, inner.right() - SECONDS);
    [at(inner.left(), text - space::S8), at(text, seconds - space::S12), at(seconds, inner.right())]
}

/// One model's answer; returns the bottom.
fn answer_ui(ui: &mut Ui, rect: Rect, role: ModelRole, speed: &ModelSpeed, state: &AppState) -> f32 {
    let colors = Colors::of(ui);
    let words = state.words();
    let [name, text, seconds] = cells(rect);
    let line = |area: Rect, top: f32| Rect::from_min_size(area.min + vec2(0.0, top), vec2(area.width(), 18.0));
    text_ui(ui, line(name, 12.0), Align::Left, name_of(role, state), Type::BODY_MEDIUM, ink(colors, role));
    let Some(answer) = answer_of(speed) else {
        let why = match speed {
            ModelSpeed::TooLarge { needed_bytes, .. } => {
                words.say(&message!("needs-memory", bytes: units::bytes(*needed_bytes)))
            }
            ModelSpeed::Measured(_) => "—".to_owned(),
        };
        text_ui(ui, line(text, 12.0), Align::Left, &why, Type::EVIDENCE, colors.text_secondary);
        return rect.top() + LEAST_ROW;
    };
    let shows = state.machine.shows_measurements;
    let duration = if shows { units::duration(answer.duration_secs) } else { "—".to_owned() };
    text_ui(ui, line(seconds, 4.0), Align::Right, &duration, Type::MONO, colors.text);
    let tokens = words.say(&message!("answer-tokens", count: answer.tokens));
    text_ui(ui, line(seconds, 21.0), Align::Right, &tokens, Type::CAPTION, colors.text_secondary);
    let area = Rect::from_min_max(text.min + vec2(0.0, 12.0), text.max);
    let said = answer.text.trim();
    let said = if said.is_empty() { "—" } else { said };
    let height = wrapped_text_ui(ui, area, &[(said, Type::BODY, colors.text)]);
    rect.top() + LEAST_ROW.max(height + 24.0)
}

fn answer_of(speed: &ModelSpeed) -> Option<&TimedAnswer> {
    speed.measured()?.answer.as_ref()
}

/// Whether merged answers as base + adapter does; returns the bottom.
fn agreement_ui(ui: &mut Ui, rect: Rect, timed: &Timed, state: &AppState) -> f32 {
    let colors = Colors::of(ui);
    let answer = |wanted: ModelRole| {
        let index = timed.roles.iter().position(|role| *role == wanted)?;
        Some(answer_of(timed.report.models.get(index)?.as_ref()?)?.text.as_str())
    };
    let (Some(run_time), Some(merged)) = (answer(ModelRole::RunTime), answer(ModelRole::Merged)) else {
        return rect.top() + space::S8;
    };
    let (icon, color, text) = if run_time == merged {
        (Icon::Passed, colors.ok, state.words().text("answers-equal"))
    } else {
        (Icon::Info, colors.text_secondary, state.words().text("answers-differ"))
    };
    let line = Rect::from_min_size(rect.min, vec2(rect.width() - space::S12, grid::LIST_ROW + 4.0));
    mark_ui(ui, pos2(line.left() + 6.0, line.center().y), icon, color);
    let area = Rect::from_min_max(pos2(line.left() + 18.0, line.top() + 8.0), pos2(line.right(), f32::INFINITY));
    area.top() + wrapped_text_ui(ui, area, &[(text, Type::EVIDENCE, colors.text_secondary)]) + space::S8
}
