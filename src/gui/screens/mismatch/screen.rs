//! An adapter that does not fit, and folders that do not open.

use crate::gui::design::layout::rule::placed_ui;
use egui::{Rect, ScrollArea, Ui, UiBuilder, pos2, vec2};

use super::misfit::Misfit;
use crate::{
    gui::{
        app::{
            command::Command,
            inspection::{Inspection, Slot},
            state::AppState,
        },
        design::{
            screen_header::{inside, screen_header_ui},
            tokens::{Colors, Type, grid, space},
            widget::{
                Align, ButtonLook, Icon, elided_middle, hairline, panel_title_ui, prose_line_ui, table_header, text_ui,
            },
        },
        frame::{
            command_button::CommandButton,
            error_banner::error_banner_with_buttons_ui,
            wells::{
                command::WellsCommand,
                trouble::{WayOut, ways_out},
                well::WellKind,
            },
        },
        words::problem::Problem,
    },
    message::{Language, Message, message},
};

/// Height of a misfit: names and shapes, and the reason below them.
const ROW: f32 = 48.0;

/// One or both folders do not open.
pub(in crate::gui) fn problems_ui(ui: &mut Ui, state: &AppState, inspection: &Inspection, commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    let colors = Colors::of(ui);
    let words = state.words();
    let (_, body) = screen_header_ui(ui, rect, words.text("modules"), &[]);
    let mut area = inside(body);
    let failed = [
        (failed(&inspection.base), WellKind::Base, &inspection.base_choices),
        (failed(&inspection.adapter), WellKind::Adapter, &inspection.adapter_choices),
    ];
    for (problem, kind, choices) in failed {
        let Some(problem) = problem else { continue };
        let home = state.machine.home.as_deref();
        let ways_out = ways_out(kind, choices, words);
        let buttons = ways_out.iter().map(WayOut::button).collect();
        let banner = placed_ui(ui, area, |ui| {
            error_banner_with_buttons_ui(ui, problem, home, buttons, words, commands);
        });
        area = Rect::from_min_max(banner.left_bottom() + vec2(0.0, grid::GAP), area.max);
    }
    if matches!((&inspection.base, &inspection.adapter), (Slot::Empty, Slot::Open(_))) {
        let line = Rect::from_min_size(area.min, vec2(area.width(), 24.0));
        text_ui(ui, line, Align::Left, words.text("adapter-only"), Type::BODY, colors.text_secondary);
        let suggestion = inspection.suggested_base.as_ref();
        let mut top = line.bottom();
        if let Some(base) = suggestion {
            let line = Rect::from_min_size(pos2(area.left(), top), vec2(area.width(), 24.0));
            text_ui(
                ui,
                line,
                Align::Left,
                &words.say(&message!("base-found", place: Message::of(&base.found_in))),
                Type::BODY,
                colors.text_secondary,
            );
            top = line.bottom();
        }
        let look = if suggestion.is_some() { ButtonLook::Plain } else { ButtonLook::Primary };
        let label = suggestion.map(|base| words.say(&message!("use-base", name: &base.name)));
        let choose = CommandButton::new(WellsCommand::Browse(WellKind::Base), look);
        let choose = choose.icon(Icon::Folder).label(words.text("choose-base"));
        let take = suggestion.zip(label.as_ref()).map(|(base, label)| {
            CommandButton::new(WellsCommand::Fill(WellKind::Base, base.path.clone()), ButtonLook::Primary).label(label)
        });
        let mut left = area.left();
        for button in take.into_iter().chain([choose]) {
            let size = vec2(button.width(ui, words), grid::PRIMARY_BUTTON);
            let place = Rect::from_min_size(pos2(left, top + space::S12), size);
            button.show(ui, place, words, commands);
            left = place.right() + space::S8;
        }
    }
}

fn failed<T>(slot: &Slot<T>) -> Option<&Problem> {
    match slot {
        Slot::Failed(problem) => Some(problem),
        _ => None,
    }
}

fn choose_another(kind: WellKind, words: Language) -> CommandButton<'static> {
    let label = match kind {
        WellKind::Adapter => words.text("choose-another-adapter"),
        WellKind::Base | WellKind::Output => words.text("choose-another-base"),
    };
    CommandButton::new(WellsCommand::Browse(kind), ButtonLook::Plain).icon(Icon::Folder).label(label)
}

/// The adapter's tensors that have no place, with what that suggests.
pub(in crate::gui) fn mismatch_ui(ui: &mut Ui, state: &AppState, inspection: &Inspection, commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    let colors = Colors::of(ui);
    let words = state.words();
    let fit = inspection.fit.unwrap_or_default();
    let misfit: usize = inspection.misfits.iter().map(|misfit| misfit.tensor_count).sum();
    let placed = words.say(&message!("tensors-placed", placed: fit.placed, total: fit.adapter_tensors));
    let summary = words.say(&message!("misfit-summary", count: misfit));
    let subtitle = [
        (placed.as_str(), Type::BODY, colors.text_secondary),
        ("  ·  ", Type::BODY, colors.text_tertiary),
        (summary.as_str(), Type::BODY, colors.error),
    ];
    let (_, body) = screen_header_ui(ui, rect, words.text("modules"), &subtitle);
    let area = inside(body);
    let problem = Problem {
        what: message!(
            "problem-misfit",
            misfit: misfit,
            placed: fit.adapter_tensors.saturating_sub(misfit),
            total: fit.adapter_tensors,
        ),
        hint: inspection.misfit_hint.clone(),
        path: state.wells.adapter.path.as_ref().map(|path| path.to_string_lossy().into_owned()),
    };
    let home = state.machine.home.as_deref();
    let buttons = vec![choose_another(WellKind::Adapter, words), choose_another(WellKind::Base, words)];
    let banner = placed_ui(ui, area, |ui| {
        error_banner_with_buttons_ui(ui, &problem, home, buttons, words, commands);
    });
    let table = Rect::from_min_max(banner.left_bottom() + vec2(0.0, grid::GAP), area.max);
    let trained_on = inspection.adapter.open().and_then(|facts| facts.trained_on.as_deref());
    let remark = trained_on.map_or_else(String::new, |name| format!("{} {name}", words.text("says-its-base-is")));
    let body = panel_title_ui(ui, table, words.text("misfit-table"), &remark);
    let header = table_header(ui, body);
    let titles = [
        (words.text("in-the-adapter"), Align::Left),
        (words.text("shape"), Align::Right),
        (words.text("nearest-in-the-base"), Align::Left),
        (words.text("shape"), Align::Right),
    ];
    for (area, (title, align)) in cells(header).into_iter().zip(titles) {
        text_ui(ui, area, align, title, Type::CAPTION, colors.text_secondary);
    }
    let list = Rect::from_min_max(header.left_bottom(), body.max).shrink2(vec2(1.0, 1.0));
    misfits_ui(ui, list, &inspection.misfits, words);
}

/// Module and shape of the adapter, then of the base.
fn cells(row: Rect) -> [Rect; 4] {
    const SHAPE: f32 = 104.0;
    let inner = row.shrink2(vec2(space::S12, 0.0));
    let half = (inner.width() - space::S24) / 2.0;
    let line = vec2(half - SHAPE, row.height().min(28.0));
    let at = |left: f32, width: f32| Rect::from_min_size(pos2(left, row.top()), vec2(width, line.y));
    let right_half = inner.left() + half + space::S24;
    [at(inner.left(), line.x), at(inner.left() + line.x, SHAPE), at(right_half, line.x), at(right_half + line.x, SHAPE)]
}

fn misfits_ui(ui: &mut Ui, list: Rect, misfits: &[Misfit], words: Language) {
    ui.scope_builder(UiBuilder::new().id_salt("misfits").max_rect(list), |ui| {
        ui.set_clip_rect(list.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        ScrollArea::vertical().auto_shrink(false).show_rows(ui, ROW, misfits.len(), |ui, range| {
            for misfit in &misfits[range] {
                let (_, row) = ui.allocate_space(vec2(list.width(), ROW));
                misfit_ui(ui, row.expand2(vec2(1.0, 0.0)), misfit, words);
                hairline(ui, row, row.bottom());
                ui.advance_cursor_after_rect(row);
            }
        });
    });
}

fn misfit_ui(ui: &mut Ui, row: Rect, misfit: &Misfit, words: Language) {
    let colors = Colors::of(ui);
    let [module, shape, nearest, nearest_shape] = cells(row);
    let shown = elided_middle(ui, &misfit.module, Type::MONO_SMALL, module.width());
    text_ui(ui, module, Align::Left, &shown, Type::MONO_SMALL, colors.text);
    let expected = misfit.shape.as_ref().map(|shape| words.said(shape)).unwrap_or_default();
    text_ui(ui, shape, Align::Right, &expected, Type::MONO_SMALL, colors.adapter);
    let shown = elided_middle(ui, &misfit.nearest, Type::MONO_SMALL, nearest.width());
    text_ui(ui, nearest, Align::Left, &shown, Type::MONO_SMALL, colors.text_secondary);
    text_ui(ui, nearest_shape, Align::Right, &misfit.nearest_shape, Type::MONO_SMALL, colors.text_secondary);
    let reason =
        Rect::from_min_max(pos2(module.left(), row.top() + 25.0), pos2(nearest_shape.right(), row.bottom() - 5.0));
    prose_line_ui(ui, reason, &words.as_line(&misfit.reason), Type::EVIDENCE, colors.text_secondary);
}
