//! The choices of a merge, each with its consequence, and the button that starts it.

use crate::gui::design::layout::rule::placed_ui;
use egui::{CornerRadius, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::command::MergeCommand;
use super::{
    device_option::device_ui,
    rounding_option::{ROUNDING_HEIGHT, rounding_ui},
    strength_option::{STRENGTH, strength_ui},
};
use crate::{
    gui::{
        app::{command::Command, inspection::Inspection, state::AppState},
        design::{
            tokens::{Colors, Type, grid, space},
            widget::{
                Align, ButtonLook, checkbox_ui, hairline, panel_title_ui, prose_ui, scrolled_ui, text_ui, text_width,
            },
        },
        frame::{
            command_button::CommandButton,
            next_step::{self, next_step_ui},
        },
    },
    message::{Language, message},
    numeric::FloatDtype,
    plan::{DtypeOption, DtypePolicy},
    units,
};

/// Height of a choice with its consequence.
const CHOICE: f32 = 44.0;

/// Height of the button for one more adapter, below its strengths.
const ADD: f32 = 32.0;

/// Height of the line with the device.
const DEVICE: f32 = 52.0;

/// Height of the line about the model card.
const CARD: f32 = 36.0;

/// Height of the words about the tokenizer.
const TOKENIZER: f32 = 72.0;

/// A gain below which a dtype is worth a second thought.
const LITTLE: f64 = 0.9;

/// The panel at the right of the plan.
pub(in crate::gui) fn merge_options_ui(
    ui: &mut Ui,
    rect: Rect,
    state: &AppState,
    inspection: &Inspection,
    commands: &mut Vec<Command>,
) {
    let words = state.words();
    let body = panel_title_ui(ui, rect, words.text("options"), "");
    hairline(ui, rect, body.top());
    let strip = Rect::from_min_max(pos2(rect.left(), rect.bottom() - next_step::HEIGHT - 2.0 * space::S12), rect.max);
    let choices = Rect::from_min_max(body.min + vec2(1.0, 0.0), strip.right_top() - vec2(1.0, 0.0));
    let strengths = state.adapters().len().max(1) as f32 * STRENGTH + ADD;
    let dtypes = 36.0 + inspection.dtype_options.len() as f32 * CHOICE;
    let height = dtypes + ROUNDING_HEIGHT + strengths + DEVICE + CARD + TOKENIZER;
    scrolled_ui(ui, "options", choices, height, |ui, area| choices_ui(ui, area, state, inspection, commands));
    if choices.height() < height {
        hairline(ui, rect, strip.top());
    }
    placed_ui(ui, strip.shrink(space::S12), |ui| next_step_ui(ui, state, commands));
}

fn choices_ui(ui: &mut Ui, rect: Rect, state: &AppState, inspection: &Inspection, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let words = state.words();
    let inner = rect.shrink2(vec2(space::S12 - 1.0, 0.0));
    let label = Rect::from_min_size(inner.min + vec2(0.0, 6.0), vec2(inner.width(), 18.0));
    text_ui(ui, label, Align::Left, words.text("output-dtype"), Type::CAPTION_MEDIUM, colors.text_secondary);
    let mut top = label.bottom() + space::S4;
    for option in &inspection.dtype_options {
        let row = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), CHOICE));
        if choice_ui(ui, row, option, inspection, state).clicked() {
            commands.push(MergeCommand::ChooseDtype(option.policy).into());
        }
        top = row.bottom();
    }
    top += space::S4;
    let mut next = |ui: &Ui, height: f32| {
        hairline(ui, rect, top);
        let row = Rect::from_min_size(pos2(inner.left(), top), vec2(inner.width(), height));
        top = row.bottom();
        row
    };
    let row = next(ui, ROUNDING_HEIGHT);
    rounding_ui(ui, row, state, commands);
    let adapters = state.adapters();
    let row = next(ui, adapters.len().max(1) as f32 * STRENGTH + ADD);
    for index in 0..adapters.len().max(1) {
        let line = Rect::from_min_size(row.min + vec2(0.0, index as f32 * STRENGTH), vec2(row.width(), STRENGTH));
        strength_ui(ui, line, index, state, commands);
    }
    let add = CommandButton::new(MergeCommand::AddAdapter, ButtonLook::Small).with_icon();
    let size = vec2(add.width(ui, words), grid::SMALL_BUTTON);
    add.show(ui, Rect::from_min_size(pos2(row.left(), row.bottom() - ADD), size), words, commands);
    let row = next(ui, DEVICE);
    device_ui(ui, row, state, commands);
    let row = next(ui, CARD);
    card_ui(ui, row, state, commands);
    if let Some(plan) = &inspection.resolved {
        let row = next(ui, TOKENIZER);
        let title = Rect::from_min_size(row.min + vec2(0.0, 9.0), vec2(row.width(), 18.0));
        text_ui(ui, title, Align::Left, words.text("tokenizer"), Type::BODY_MEDIUM, colors.text);
        let note = Rect::from_min_size(title.left_bottom() + vec2(0.0, 2.0), vec2(row.width(), 48.0));
        let sentence = words.as_line(&plan.tokenizer.sentence());
        prose_ui(ui, note, &sentence, Type::CAPTION, colors.text_secondary);
    }
}

/// Whether the folder gets a model card.
fn card_ui(ui: &mut Ui, row: Rect, state: &AppState, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let words = state.words();
    let writes_card = state.options.writes_card;
    let width = text_width(ui, words.text("write-card"), Type::BODY) + 22.0;
    let check = Rect::from_min_size(row.min + vec2(0.0, space::S4), vec2(width, row.height()));
    let check_box = |ui: &mut Ui| checkbox_ui(ui, words.text("write-card"), writes_card);
    if ui.scope_builder(egui::UiBuilder::new().max_rect(check), check_box).inner {
        commands.push(MergeCommand::WriteCard(!writes_card).into());
    }
    let note = Rect::from_min_max(pos2(check.right() + space::S12, row.top()), row.max);
    text_ui(ui, note, Align::Right, words.text("write-card-note"), Type::CAPTION, colors.text_secondary);
}

/// The dtype that `policy` writes, where it is one that a merge computes with.
fn written(policy: DtypePolicy, stored: &str) -> Option<FloatDtype> {
    match policy {
        DtypePolicy::Convert(dtype) => Some(dtype),
        DtypePolicy::Keep => [FloatDtype::F32, FloatDtype::F16, FloatDtype::BF16]
            .into_iter()
            .find(|dtype| dtype.stored().to_string() == stored),
    }
}

fn choice_ui(ui: &mut Ui, rect: Rect, option: &DtypeOption, inspection: &Inspection, state: &AppState) -> Response {
    let colors = Colors::of(ui);
    let words = state.words();
    let stored = inspection.base.open().map_or("", |facts| facts.dtype.as_str());
    let is_chosen = state.options.dtype == option.policy;
    let (name, note) = name_and_note(option.policy, stored, words);
    let response = ui.allocate_rect(rect, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, &name));
    if is_chosen {
        ui.painter().rect_filled(rect, 0.0, colors.selected);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 0.0, colors.hover);
    }
    if response.has_focus() {
        let stroke = Stroke::new(2.0, colors.accent);
        ui.painter().rect_stroke(rect, CornerRadius::ZERO, stroke, StrokeKind::Inside);
    }
    let center = pos2(rect.left() + 18.0, rect.center().y);
    if is_chosen {
        ui.painter().circle_filled(center, 7.0, colors.accent_fill);
        ui.painter().circle_filled(center, 2.6, colors.on_accent);
    } else {
        ui.painter().circle(center, 6.5, colors.panel, Stroke::new(1.0, colors.stroke_strong));
    }
    let text = Rect::from_min_max(rect.min + vec2(36.0, 5.0), rect.max - vec2(space::S12, 0.0));
    let upper = Rect::from_min_size(text.min, vec2(text.width() - 76.0, 18.0));
    text_ui(ui, upper, Align::Left, &name, Type::BODY_MEDIUM, colors.text);
    let lower = upper.translate(vec2(0.0, 18.0));
    text_ui(ui, lower, Align::Left, note, Type::CAPTION, colors.text_secondary);
    // What the rounding would leave of the adapter stands under the size, once it is known.
    let estimate = state.survival.as_ref().and_then(|survival| survival.as_ref().ok());
    let gain = written(option.policy, stored).and_then(|dtype| {
        let gains = &estimate?.gain_by_dtype;
        gains.iter().find(|(known, _)| *known == dtype).map(|(_, gain)| *gain)
    });
    let size = if gain.is_some() { upper } else { Rect::from_min_max(pos2(text.left(), rect.top()), text.max) };
    let size =
        Rect::from_min_max(size.min, pos2(text.right(), if gain.is_some() { upper.bottom() } else { rect.bottom() }));
    text_ui(ui, size, Align::Right, &units::bytes(option.byte_count), Type::MONO, colors.text);
    if let Some(gain) = gain {
        let ink = if gain < LITTLE { colors.warn } else { colors.text_secondary };
        let area = Rect::from_min_max(lower.min, pos2(text.right(), lower.bottom()));
        text_ui(ui, area, Align::Right, &words.say(&message!("keeps", gain: gain)), Type::CAPTION, ink);
    }
    response
}

/// What a dtype is called, and what it costs.
fn name_and_note(policy: DtypePolicy, stored: &str, words: Language) -> (String, &'static str) {
    match policy {
        DtypePolicy::Keep => (words.say(&message!("keep-dtype", dtype: stored)), words.text("keep-note")),
        DtypePolicy::Convert(FloatDtype::BF16) => ("BF16".to_owned(), words.text("bf16-note")),
        DtypePolicy::Convert(FloatDtype::F16) => ("F16".to_owned(), words.text("f16-note")),
        DtypePolicy::Convert(FloatDtype::F32) => ("F32".to_owned(), words.text("f32-note")),
    }
}
