//! The three wells.

use std::path::Path;

use egui::{CornerRadius, Key, Rect, Shape, Stroke, StrokeKind, Ui, UiBuilder, pos2, vec2};

use super::command_button::CommandButton;
use crate::gui::{
    command::UiCommand,
    inspection::Slot,
    problem::Problem,
    state::{AppState, Job, WellKind},
    tokens::{Palette, Type, grid, radius, space},
    view::{composed, display_path, parameter_count},
    widget::{Align, ButtonLook, Icon, chip_ui, elided_middle, field_ui, icon_ui, text_ui},
    words::Words,
};
use crate::units;

/// What a well shows.
struct WellView {
    kind: WellKind,
    title: &'static str,
    name: String,
    facts: String,
    hint: &'static str,
    is_filled: bool,
    facts_are_error: bool,
    chip: Option<(&'static str, ChipTone)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ChipTone {
    Good,
    Busy,
    Bad,
}

/// Base + adapter → output.
pub(in crate::gui) fn header_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let width = ((rect.width() - 2.0 * space::S16 - 2.0 * space::S24) / 3.0).floor();
    for (index, kind) in [WellKind::Base, WellKind::Adapter, WellKind::Output].into_iter().enumerate() {
        let left = rect.left() + space::S16 + index as f32 * (width + space::S24);
        let well = Rect::from_min_size(pos2(left, rect.top() + space::S12), vec2(width, 80.0));
        let view = well_view(state, kind);
        ui.scope_builder(UiBuilder::new().id_salt(index).max_rect(well), |ui| {
            well_ui(ui, well, &view, state, commands);
        });
        if index < 2 {
            let gap = Rect::from_min_size(well.right_top(), vec2(space::S24, well.height()));
            icon_ui(ui, gap, [Icon::Plus, Icon::Arrow][index], palette.text_secondary);
        }
    }
}

fn well_ui(ui: &mut Ui, rect: Rect, view: &WellView, state: &AppState, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let words = state.words();
    surface(ui, rect, view);
    let inner = rect.shrink2(vec2(13.0, 0.0));
    let name_row = Rect::from_min_size(inner.min + vec2(0.0, 8.0), vec2(inner.width(), 20.0));
    let title = text_ui(ui, name_row, Align::Left, view.title, Type::CAPTION_MEDIUM, palette.text_secondary);
    let name_left = name_row.left() + title.rect.width().max(48.0) + space::S8;
    let (name_type, name_color) =
        if view.is_filled { (Type::BODY_STRONG, palette.text) } else { (Type::BODY, palette.text_secondary) };
    let chip_width = if view.chip.is_some() { 92.0 } else { 0.0 };
    let name_rect = Rect::from_min_max(pos2(name_left, name_row.top()), name_row.max - vec2(chip_width, 0.0));
    text_ui(ui, name_rect, Align::Left, &view.name, name_type, name_color);
    if let Some((text, tone)) = view.chip {
        let (ink, fill) = match tone {
            ChipTone::Good => (palette.ok, palette.ok_soft),
            ChipTone::Busy => (palette.accent, palette.selected),
            ChipTone::Bad => (palette.error, palette.error_soft),
        };
        let width = crate::gui::widget::text_width(ui, text, Type::CAPTION_MEDIUM) + 12.0;
        chip_ui(ui, pos2(name_row.right() - width, name_row.center().y), text, ink, fill);
    }

    let path_row = Rect::from_min_size(inner.min + vec2(0.0, 31.0), vec2(inner.width(), grid::SMALL_BUTTON));
    let button = CommandButton::new(UiCommand::Browse(view.kind), ButtonLook::Small).enabled(!state.is_locked());
    let button_width = 69.0_f32.max(button.width(ui, words) - 8.0);
    let field = Rect::from_min_max(path_row.min, path_row.max - vec2(button_width + space::S8, 0.0));
    path_field_ui(ui, field, view, state, commands);
    let button_rect = Rect::from_min_max(pos2(path_row.right() - button_width, path_row.top()), path_row.max);
    button.show(ui, button_rect, words, commands);

    let facts_row = Rect::from_min_size(inner.min + vec2(0.0, 55.0), vec2(inner.width(), 16.0));
    let color = if view.facts_are_error { palette.error } else { palette.text_secondary };
    text_ui(ui, facts_row, Align::Left, &view.facts, Type::CAPTION, color);
}

/// Filled wells have an edge and their colour; empty ones are dashed.
fn surface(ui: &Ui, rect: Rect, view: &WellView) {
    let palette = Palette::of(ui);
    let painter = ui.painter();
    let is_bad = view.chip.is_some_and(|(_, tone)| tone == ChipTone::Bad);
    if view.is_filled {
        let color = if is_bad { palette.error } else { palette.stroke };
        let corner = CornerRadius::same(radius::PANEL);
        painter.rect(rect, corner, palette.panel, Stroke::new(1.0, color), StrokeKind::Inside);
        let color = match view.kind {
            WellKind::Base => palette.base,
            WellKind::Adapter => palette.adapter,
            WellKind::Output => palette.merged,
        };
        let bar = Rect::from_center_size(pos2(rect.left() + 1.5, rect.center().y), vec2(3.0, 54.0));
        painter.rect_filled(bar, 0.0, color);
    } else {
        let rect = rect.shrink(0.5);
        let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
        let stroke = Stroke::new(1.0, palette.stroke_strong);
        painter.extend(Shape::dashed_line(&corners.map(|corner| corner), stroke, 4.0, 3.0));
    }
}

/// While it has the focus the field holds the path as typed; otherwise its middle gives way.
fn path_field_ui(ui: &mut Ui, rect: Rect, view: &WellView, state: &AppState, commands: &mut Vec<UiCommand>) {
    let well = state.wells.get(view.kind);
    let id = path_field_id(view.kind);
    let has_focus = ui.memory(|memory| memory.has_focus(id));
    let shown = display_path(Path::new(&well.text), state.machine.home.as_deref());
    let mut text =
        if has_focus { well.text.clone() } else { elided_middle(ui, &shown, Type::MONO_SMALL, rect.width() - 16.0) };
    let response =
        ui.add_enabled_ui(!state.is_locked(), |ui| field_ui(ui, rect, id, &mut text, view.hint, view.is_filled)).inner;
    if has_focus && response.changed() {
        commands.push(UiCommand::EditPath(view.kind, text));
    }
    if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter) || !input.key_pressed(Key::Escape)) {
        commands.push(UiCommand::EnterPath(view.kind));
    }
    let name = (state.words().path_label)(view.title);
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(name));
    if !well.text.is_empty() && !has_focus {
        response.on_hover_text(composed(&well.text));
    }
}

fn path_field_id(kind: WellKind) -> egui::Id {
    egui::Id::unique(("path field", kind))
}

fn well_view(state: &AppState, kind: WellKind) -> WellView {
    let words = state.words();
    let is_opening = matches!(state.job, Job::Opening(_));
    let path_name = state.wells.get(kind).path.as_deref().map(|path| composed(&crate::checkpoint::folder_name(path)));
    let (title, empty, expects, hint) = match kind {
        WellKind::Base => (words.base, words.base_empty, words.base_expects, words.path_hint),
        WellKind::Adapter => (words.adapter, words.adapter_empty, words.adapter_expects, words.path_hint),
        WellKind::Output => (words.output, words.output_empty, words.output_expects, words.output_hint),
    };
    let mut view = WellView {
        kind,
        title,
        hint,
        is_filled: path_name.is_some(),
        name: path_name.unwrap_or_else(|| empty.to_owned()),
        facts: if is_opening && state.wells.get(kind).path.is_some() { words.opening } else { expects }.to_owned(),
        facts_are_error: false,
        chip: None,
    };
    match kind {
        WellKind::Base => fill_base(&mut view, state, words),
        WellKind::Adapter => fill_adapter(&mut view, state, words),
        WellKind::Output => fill_output(&mut view, state, words),
    }
    view
}

fn joined(parts: &[String]) -> String {
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("  ·  ")
}

fn fail(view: &mut WellView, problem: &Problem, words: &Words) {
    view.chip = Some((words.does_not_open, ChipTone::Bad));
    view.facts.clone_from(&problem.what);
    view.facts_are_error = true;
}

fn fill_base(view: &mut WellView, state: &AppState, words: &Words) {
    if !view.is_filled {
        return;
    }
    match state.inspection.as_ref().map(|inspection| &inspection.base) {
        Some(Slot::Open(facts)) => {
            view.name.clone_from(&facts.name);
            view.facts = joined(&[
                facts.architecture.clone(),
                facts.dtype.clone(),
                (words.params)(&parameter_count(facts.parameter_count)),
                units::bytes(facts.byte_count),
                (words.shards)(facts.shard_count),
            ]);
        }
        Some(Slot::Failed(problem)) => fail(view, problem, words),
        Some(Slot::Empty) | None => {}
    }
}

fn fill_adapter(view: &mut WellView, state: &AppState, words: &Words) {
    if !view.is_filled {
        return;
    }
    let Some(inspection) = &state.inspection else { return };
    match &inspection.adapter {
        Slot::Open(facts) => {
            view.name.clone_from(&facts.name);
            let rank = facts.rank.map_or_else(String::new, |rank| format!(" r {rank}"));
            let alpha = facts.scaling.map_or_else(String::new, |scaling| format!(", α {}", scaling.alpha));
            view.facts = joined(&[
                format!("{}{rank}{alpha}", facts.method),
                facts.dtype.map_or_else(String::new, |dtype| dtype.to_string()),
                (words.params)(&parameter_count(facts.parameter_count)),
                units::bytes(facts.byte_count),
                (words.tensors)(facts.tensor_count),
            ]);
            if !inspection.misfits.is_empty() {
                view.chip = Some((words.does_not_fit, ChipTone::Bad));
            }
        }
        Slot::Failed(problem) => fail(view, problem, words),
        Slot::Empty => {}
    }
}

fn fill_output(view: &mut WellView, state: &AppState, words: &Words) {
    let plan = match &state.job {
        Job::Planned(plan) => plan,
        Job::Running(running) => &running.plan,
        Job::Done(done) => {
            let facts = &done.merged;
            view.chip = Some(match &done.verified {
                Ok(report) if report.is_passed() => (words.verified, ChipTone::Good),
                Ok(_) => (words.not_verified, ChipTone::Bad),
                Err(_) => (words.merged, ChipTone::Busy),
            });
            view.facts = joined(&[
                facts.architecture.clone(),
                facts.dtype.clone(),
                (words.params)(&parameter_count(facts.parameter_count)),
                units::bytes(facts.byte_count),
                (words.shards)(facts.shard_count),
            ]);
            return;
        }
        _ => {
            let refused = state.inspection.as_ref().and_then(|inspection| inspection.plan.as_ref()?.as_ref().err());
            if let (Some(problem), true) = (refused, state.inspection.as_ref().is_some_and(|i| i.misfits.is_empty())) {
                view.facts.clone_from(&problem.what);
                view.facts_are_error = true;
                view.is_filled = true;
                view.chip = Some((words.cannot_plan_chip, ChipTone::Bad));
            } else if !matches!(state.job, Job::Opening(_)) {
                view.is_filled = false;
            }
            return;
        }
    };
    let dtype = match plan.dtype {
        crate::plan::DtypePolicy::Keep => {
            state.inspection.as_ref().and_then(|i| i.base.open()).map_or_else(String::new, |facts| facts.dtype.clone())
        }
        crate::plan::DtypePolicy::Convert(dtype) => dtype.stored().to_string(),
    };
    let state_word = if state.is_locked() { "" } else { words.new_folder };
    view.facts = joined(&[
        state_word.to_owned(),
        dtype,
        (words.params)(&parameter_count(plan.base.parameter_count())),
        units::bytes(plan.bytes().output),
        (words.shards)(plan.shards.len()),
    ]);
    if state.is_locked() {
        view.chip = Some((words.writing, ChipTone::Busy));
    }
}
