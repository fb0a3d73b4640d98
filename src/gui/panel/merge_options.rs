//! The choices of a merge, each with its consequence, and the button that starts it.

use egui::{
    ComboBox, CornerRadius, Rect, Response, Role, Sense, Slider, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2,
    vec2,
};

use super::next_step::{self, next_step_ui};
use crate::{
    gui::{
        command::UiCommand,
        inspection::Inspection,
        state::AppState,
        tokens::{Palette, Type, grid, space},
        view::{DtypeOption, upper_first},
        widget::{Align, hairline, panel_title_ui, prose_ui, scrolled_ui, text_ui},
        words::Words,
    },
    merge::device::{DeviceChoice, GpuAdapter},
    numeric::FloatDtype,
    plan::DtypePolicy,
    units,
};

/// Width of the field with the device, where there is room for it.
const DEVICE_FIELD: f32 = 212.0;

/// Height of a choice with its consequence.
const CHOICE: f32 = 44.0;

/// Height of the line with the slider.
const STRENGTH: f32 = 58.0;

/// Strengths that can be chosen.
const STRENGTHS: std::ops::RangeInclusive<f64> = 0.0..=2.0;

/// Width of the strength as a number.
const VALUE: f32 = 48.0;

/// Height of the line with the device.
const DEVICE: f32 = 58.0;

/// Height of the words about the tokenizer.
const TOKENIZER: f32 = 90.0;

/// The panel at the right of the plan.
pub(super) fn merge_options_ui(
    ui: &mut Ui,
    rect: Rect,
    state: &AppState,
    inspection: &Inspection,
    commands: &mut Vec<UiCommand>,
) {
    let words = state.words();
    let body = panel_title_ui(ui, rect, words.options, "");
    hairline(ui, rect, body.top());
    let strip = Rect::from_min_max(pos2(rect.left(), rect.bottom() - next_step::HEIGHT - 2.0 * space::S12), rect.max);
    let choices = Rect::from_min_max(body.min + vec2(1.0, 0.0), strip.right_top() - vec2(1.0, 0.0));
    let height = 36.0 + inspection.dtype_options.len() as f32 * CHOICE + STRENGTH + DEVICE + TOKENIZER;
    scrolled_ui(ui, "options", choices, height, |ui, area| choices_ui(ui, area, state, inspection, commands));
    if choices.height() < height {
        hairline(ui, rect, strip.top());
    }
    next_step_ui(ui, strip.shrink(space::S12), state, commands);
}

fn choices_ui(ui: &mut Ui, rect: Rect, state: &AppState, inspection: &Inspection, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let words = state.words();
    let inner = rect.shrink2(vec2(space::S12 - 1.0, 0.0));
    let label = Rect::from_min_size(inner.min + vec2(0.0, 6.0), vec2(inner.width(), 18.0));
    text_ui(ui, label, Align::Left, words.output_dtype, Type::CAPTION_MEDIUM, palette.text_secondary);
    let mut top = label.bottom() + space::S4;
    for option in &inspection.dtype_options {
        let row = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), CHOICE));
        let stored = inspection.base.open().map_or("", |facts| facts.dtype.as_str());
        if choice_ui(ui, row, option, stored, state.options.dtype == option.policy, words).clicked() {
            commands.push(UiCommand::ChooseDtype(option.policy));
        }
        top = row.bottom();
    }
    top += space::S8;
    hairline(ui, rect, top);
    let row = Rect::from_min_size(pos2(inner.left(), top), vec2(inner.width(), STRENGTH));
    strength_ui(ui, row, state, commands);
    hairline(ui, rect, row.bottom());
    let row = Rect::from_min_size(row.left_bottom(), vec2(row.width(), DEVICE));
    device_ui(ui, row, state, commands);
    hairline(ui, rect, row.bottom());
    if let Some(Ok(plan)) = &inspection.plan {
        let title = Rect::from_min_size(row.left_bottom() + vec2(0.0, 10.0), vec2(row.width(), 18.0));
        text_ui(ui, title, Align::Left, words.tokenizer, Type::BODY_MEDIUM, palette.text);
        let note = Rect::from_min_size(title.left_bottom() + vec2(0.0, 2.0), vec2(row.width(), 48.0));
        let sentence = upper_first(&plan.tokenizer.sentence());
        let height = prose_ui(ui, note, &sentence, Type::CAPTION, palette.text_secondary);
        hairline(ui, rect, note.top() + height + 10.0);
    }
}

fn choice_ui(ui: &mut Ui, rect: Rect, option: &DtypeOption, stored: &str, is_chosen: bool, words: &Words) -> Response {
    let palette = Palette::of(ui);
    let (name, note) = match option.policy {
        DtypePolicy::Keep => ((words.keep_dtype)(stored), words.keep_note),
        DtypePolicy::Convert(FloatDtype::BF16) => ("BF16".to_owned(), words.bf16_note),
        DtypePolicy::Convert(FloatDtype::F16) => ("F16".to_owned(), words.f16_note),
        DtypePolicy::Convert(FloatDtype::F32) => ("F32".to_owned(), words.f32_note),
    };
    let response = ui.allocate_rect(rect, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, &name));
    if is_chosen {
        ui.painter().rect_filled(rect, 0.0, palette.selected);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 0.0, palette.hover);
    }
    if response.has_focus() {
        let stroke = Stroke::new(2.0, palette.accent);
        ui.painter().rect_stroke(rect, CornerRadius::ZERO, stroke, StrokeKind::Inside);
    }
    let center = pos2(rect.left() + 18.0, rect.center().y);
    if is_chosen {
        ui.painter().circle_filled(center, 7.0, palette.accent_fill);
        ui.painter().circle_filled(center, 2.6, palette.on_accent);
    } else {
        ui.painter().circle(center, 6.5, palette.panel, Stroke::new(1.0, palette.stroke_strong));
    }
    let text = Rect::from_min_max(rect.min + vec2(36.0, 5.0), rect.max - vec2(space::S12, 0.0));
    let upper = Rect::from_min_size(text.min, vec2(text.width() - 70.0, 18.0));
    text_ui(ui, upper, Align::Left, &name, Type::BODY_MEDIUM, palette.text);
    let lower = upper.translate(vec2(0.0, 18.0));
    text_ui(ui, lower, Align::Left, note, Type::CAPTION, palette.text_secondary);
    let size = Rect::from_min_max(pos2(text.left(), rect.top()), pos2(text.right(), rect.bottom()));
    text_ui(ui, size, Align::Right, &units::bytes(option.byte_count), Type::MONO, palette.text);
    response
}

fn strength_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let words = state.words();
    let upper = Rect::from_min_size(rect.min + vec2(0.0, 11.0), vec2(rect.width(), 18.0));
    let label = text_ui(ui, upper, Align::Left, words.strength, Type::BODY_MEDIUM, palette.text);
    let lower = upper.translate(vec2(0.0, 18.0));
    let note = text_ui(ui, lower, Align::Left, words.strength_note, Type::CAPTION, palette.text_secondary);
    let label_width = label.rect.width().max(note.rect.width());
    let width = 180.0_f32.min(rect.width() - label_width - space::S12);
    let area = Rect::from_min_size(pos2(rect.right() - width, rect.center().y - 12.0), vec2(width, 24.0));
    let mut strength = state.options.strength;
    let (rail, value) = area.split_left_right_at_x(area.right() - VALUE);
    let number = egui::DragValue::new(&mut strength).range(STRENGTHS).speed(0.01).fixed_decimals(2);
    let number = ui.put(value, number).labelled_by(label.id);
    let slider = |ui: &mut Ui| {
        ui.spacing_mut().slider_width = rail.width() - space::S12;
        slider_look(ui, palette);
        ui.add(Slider::new(&mut strength, STRENGTHS).step_by(0.05).show_value(false))
    };
    let slid = ui
        .scope_builder(UiBuilder::new().id_salt("strength").max_rect(rail), |ui| {
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), slider).inner
        })
        .inner
        .labelled_by(label.id);
    if number.changed() || slid.changed() {
        commands.push(UiCommand::ChooseStrength(strength));
    }
}

/// The choice of what computes: a trial, the CPU, or one of the GPUs by name.
fn device_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let words = state.words();
    let upper = Rect::from_min_size(rect.min + vec2(0.0, 11.0), vec2(rect.width(), 18.0));
    let label = text_ui(ui, upper, Align::Left, words.computed_on, Type::BODY_MEDIUM, palette.text);
    let width = (rect.width() - label.rect.width() - space::S24).min(DEVICE_FIELD);
    let lower = upper.translate(vec2(0.0, 18.0));
    let lower = Rect::from_min_size(lower.min, vec2(rect.width() - width - space::S12, lower.height()));
    text_ui(ui, lower, Align::Left, words.device_note, Type::CAPTION, palette.text_secondary);
    let name = |device: DeviceChoice| match device {
        DeviceChoice::Auto => words.device_auto.to_owned(),
        DeviceChoice::Cpu => (words.device_cpu)(state.machine.thread_count),
        DeviceChoice::Gpu(index) => {
            let found = state.gpus.iter().flatten().find(|gpu| Some(gpu.index) == index);
            found.map_or_else(|| device.to_string(), GpuAdapter::title)
        }
    };
    let gpus = state.gpus.iter().flatten().map(|gpu| DeviceChoice::Gpu(Some(gpu.index)));
    let choices = [DeviceChoice::Auto, DeviceChoice::Cpu].into_iter().chain(gpus);
    let area = Rect::from_min_size(pos2(rect.right() - width, rect.center().y - 14.0), vec2(width, grid::BUTTON));
    ui.scope_builder(UiBuilder::new().id_salt("device").max_rect(area), |ui| {
        ui.spacing_mut().interact_size.y = area.height();
        let chosen = state.options.device;
        let combo = ComboBox::from_id_salt("device").width(width).truncate().selected_text(name(chosen));
        let shown = combo.show_ui(ui, |ui| {
            for choice in choices {
                if ui.selectable_label(choice == chosen, name(choice)).clicked() {
                    commands.push(UiCommand::ChooseDevice(choice));
                }
            }
        });
        shown.response.labelled_by(label.id);
    });
}

/// A filled rail and a knob with an accent edge.
fn slider_look(ui: &mut Ui, palette: &Palette) {
    let visuals = ui.visuals_mut();
    visuals.selection.bg_fill = palette.accent_fill;
    let widgets = &mut visuals.widgets;
    // The rail takes its colour from the knob at rest.
    widgets.inactive.bg_fill = palette.stroke;
    for state in [&mut widgets.inactive, &mut widgets.hovered, &mut widgets.active] {
        state.fg_stroke = Stroke::new(2.0, palette.accent_fill);
    }
}
