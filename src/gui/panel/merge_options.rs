//! The choices of a merge, each with its consequence, and the button that starts it.

use egui::{
    CornerRadius, Rect, Response, Role, Sense, Slider, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::command_button::CommandButton;
use crate::{
    gui::{
        command::UiCommand,
        inspection::Inspection,
        state::{AppState, Job},
        tokens::{Palette, Type, grid, space},
        view::{DtypeOption, display_path},
        widget::{Align, ButtonLook, hairline, panel_title_ui, runs_ui, text_ui, wrapped_text_ui},
        words::Words,
    },
    numeric::FloatDtype,
    plan::DtypePolicy,
    units,
};

/// Height of a choice with its consequence.
const CHOICE: f32 = 44.0;

/// The panel at the right of the plan.
pub(super) fn merge_options_ui(
    ui: &mut Ui,
    rect: Rect,
    state: &AppState,
    inspection: &Inspection,
    commands: &mut Vec<UiCommand>,
) {
    let palette = Palette::of(ui);
    let words = state.words();
    let body = panel_title_ui(ui, rect, words.options, "");
    hairline(ui, rect, body.top());
    let label = Rect::from_min_size(body.min + vec2(space::S12, 6.0), vec2(body.width() - 24.0, 18.0));
    text_ui(ui, label, Align::Left, words.output_dtype, Type::CAPTION_MEDIUM, palette.text_secondary);
    let mut top = label.bottom() + space::S4;
    for option in &inspection.dtype_options {
        let row = Rect::from_min_size(pos2(rect.left() + 1.0, top), vec2(rect.width() - 2.0, CHOICE));
        let stored = inspection.base.open().map_or("", |facts| facts.dtype.as_str());
        if choice_ui(ui, row, option, stored, state.options.dtype == option.policy, words).clicked() {
            commands.push(UiCommand::ChooseDtype(option.policy));
        }
        top = row.bottom();
    }
    top += space::S8;
    hairline(ui, rect, top);
    let row = Rect::from_min_size(pos2(rect.left() + space::S12, top), vec2(rect.width() - 24.0, 58.0));
    strength_ui(ui, row, state, commands);
    top = row.bottom();
    hairline(ui, rect, top);
    if let Job::Planned(plan) = &state.job {
        let row = Rect::from_min_size(pos2(rect.left() + space::S12, top + 10.0), vec2(rect.width() - 24.0, 60.0));
        text_ui(
            ui,
            Rect::from_min_size(row.min, vec2(row.width(), 18.0)),
            Align::Left,
            words.tokenizer,
            Type::BODY_MEDIUM,
            palette.text,
        );
        let note = Rect::from_min_size(row.min + vec2(0.0, 20.0), vec2(row.width(), 40.0));
        let height = wrapped_text_ui(
            ui,
            note,
            &[(&crate::gui::view::upper_first(&plan.tokenizer.sentence()), Type::CAPTION, palette.text_secondary)],
        );
        hairline(ui, rect, note.top() + height + 10.0);
    }
    start_ui(ui, rect, state, commands);
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
    text_ui(ui, lower, Align::Left, words.strength_note, Type::CAPTION, palette.text_secondary);
    let area = Rect::from_center_size(pos2(rect.right() - 90.0, rect.center().y), vec2(180.0, 24.0));
    let mut strength = state.options.strength;
    let response = ui
        .scope_builder(UiBuilder::new().id_salt("strength").max_rect(area), |ui| {
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.spacing_mut().slider_width = 124.0;
                ui.visuals_mut().selection.bg_fill = palette.accent_fill;
                ui.visuals_mut().widgets.inactive.bg_fill = palette.stroke;
                ui.add(Slider::new(&mut strength, 0.0..=2.0).step_by(0.05).fixed_decimals(2))
            })
            .inner
        })
        .inner
        .labelled_by(label.id);
    if response.changed() {
        commands.push(UiCommand::ChooseStrength(strength));
    }
}

/// Where the merge goes, and the one primary button.
fn start_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let words = state.words();
    let inner = rect.shrink(space::S12);
    let button = Rect::from_min_max(pos2(inner.left(), inner.bottom() - grid::PRIMARY_BUTTON), inner.max);
    let line = Rect::from_min_size(pos2(inner.left(), button.top() - 30.0), vec2(inner.width(), 18.0));
    if let Some(output) = &state.wells.output.path {
        let shown = display_path(output, state.machine.home.as_deref());
        let shown = crate::gui::widget::elided_middle(ui, &shown, Type::MONO_SMALL, inner.width() - 64.0);
        let runs = [
            (words.creates, Type::CAPTION, palette.text_secondary),
            ("  ", Type::CAPTION, palette.text),
            (shown.as_str(), Type::MONO_SMALL, palette.text),
        ];
        runs_ui(ui, line, Align::Left, &runs);
    }
    let label = match state.options.dtype {
        DtypePolicy::Keep => words.merge.to_owned(),
        DtypePolicy::Convert(dtype) => (words.merge_to)(&dtype.stored().to_string()),
    };
    CommandButton::new(UiCommand::StartMerge, ButtonLook::Primary)
        .label(&label)
        .with_shortcut()
        .enabled(matches!(state.job, Job::Planned(_)))
        .show(ui, button, words, commands);
}
