//! An adapter that does not fit, and folders that do not open.

use egui::{CornerRadius, Rect, Ui, UiBuilder, pos2, vec2};
use egui_extras::{Column, TableBuilder};

use super::{
    command_button::CommandButton,
    screen_header::{inside, screen_header_ui},
};
use crate::gui::{
    command::UiCommand,
    inspection::{Inspection, Slot},
    problem::Problem,
    state::{AppState, WellKind},
    tokens::{Palette, Type, grid, radius, space},
    view::Misfit,
    widget::{Align, ButtonLook, Icon, hairline, icon_ui, panel_title_ui, text_ui, wrapped_text_ui},
};

const SIDE: f32 = 328.0;

/// What happened, what to do next, the path last.
pub(super) fn error_banner_ui(ui: &mut Ui, rect: Rect, problem: &Problem, home: Option<&std::path::Path>) -> Rect {
    let palette = Palette::of(ui);
    let background = ui.painter().add(egui::Shape::Noop);
    let icon = Rect::from_min_size(rect.min + vec2(space::S16, space::S16), vec2(20.0, 20.0));
    icon_ui(ui, icon, Icon::Failed, palette.error);
    let left = rect.left() + 48.0;
    let mut top = rect.top() + space::S16 - 2.0;
    let width = rect.width() - 64.0;
    let line = |top: f32| Rect::from_min_size(pos2(left, top), vec2(width, 200.0));
    let what = Type { face: crate::gui::tokens::Face::SemiBold, ..Type::TITLE };
    top += wrapped_text_ui(ui, line(top), &[(&problem.what, what, palette.text)]) + 2.0;
    if let Some(hint) = &problem.hint {
        top += wrapped_text_ui(ui, line(top), &[(hint, Type::BODY, palette.text)]) + space::S4;
    }
    if let Some(path) = &problem.path {
        let path = crate::gui::view::display_path(std::path::Path::new(path), home);
        top += wrapped_text_ui(ui, line(top), &[(&path, Type::MONO_SMALL, palette.text_secondary)]) + 2.0;
    }
    let area = Rect::from_min_max(rect.min, pos2(rect.right(), top + space::S12));
    let shape = egui::epaint::RectShape::filled(area, CornerRadius::same(radius::PANEL), palette.error_soft);
    ui.painter().set(background, shape);
    area
}

/// One or both folders do not open.
pub(in crate::gui) fn problems_ui(
    ui: &mut Ui,
    rect: Rect,
    state: &AppState,
    inspection: &Inspection,
    commands: &mut Vec<UiCommand>,
) {
    let palette = Palette::of(ui);
    let words = state.words();
    let (_, body) = screen_header_ui(ui, rect, words.modules, &[]);
    let mut area = inside(body);
    let failed = [failed(&inspection.base), failed(&inspection.adapter)];
    let wells = [(WellKind::Base, words.choose_another_base), (WellKind::Adapter, words.choose_another_adapter)];
    for (problem, (kind, label)) in failed.into_iter().zip(wells) {
        let Some(problem) = problem else { continue };
        let banner = error_banner_ui(ui, area, problem, state.machine.home.as_deref());
        let button = CommandButton::new(UiCommand::Browse(kind), ButtonLook::Plain).icon(Icon::Folder).label(label);
        let place = Rect::from_min_size(
            banner.left_bottom() + vec2(0.0, space::S12),
            vec2(button.width(ui, words), grid::BUTTON),
        );
        button.show(ui, place, words, commands);
        area = Rect::from_min_max(place.left_bottom() + vec2(0.0, space::S16), area.max);
    }
    if matches!((&inspection.base, &inspection.adapter), (Slot::Empty, Slot::Open(_))) {
        text_ui(
            ui,
            Rect::from_min_size(area.min, vec2(area.width(), 24.0)),
            Align::Left,
            words.adapter_only,
            Type::BODY,
            palette.text_secondary,
        );
    }
}

fn failed<T>(slot: &Slot<T>) -> Option<&Problem> {
    match slot {
        Slot::Failed(problem) => Some(problem),
        _ => None,
    }
}

/// The adapter's tensors that have no place, with what that suggests.
pub(in crate::gui) fn mismatch_ui(
    ui: &mut Ui,
    rect: Rect,
    state: &AppState,
    inspection: &Inspection,
    commands: &mut Vec<UiCommand>,
) {
    let palette = Palette::of(ui);
    let words = state.words();
    let fit = inspection.fit.unwrap_or_default();
    let misfit: usize = inspection.misfits.iter().map(|misfit| misfit.tensor_count).sum();
    let (changed, rest) = (words.tensors_change)(fit.changed_tensors, fit.base_tensors);
    let (change, summary) = (format!("{changed}{rest}"), (words.misfit_summary)(misfit));
    let subtitle = [
        (change.as_str(), Type::BODY, palette.text_secondary),
        ("  ·  ", Type::BODY, palette.text_tertiary),
        (summary.as_str(), Type::BODY, palette.error),
    ];
    let (_, body) = screen_header_ui(ui, rect, words.modules, &subtitle);
    let area = inside(body);
    let problem = Problem {
        what: (words.misfit_title)(misfit, fit.adapter_tensors),
        hint: inspection.misfit_hint.as_deref().map(crate::gui::view::upper_first),
        path: state.wells.adapter.path.as_ref().map(|path| path.to_string_lossy().into_owned()),
    };
    let banner = error_banner_ui(ui, area, &problem, state.machine.home.as_deref());
    let below = Rect::from_min_max(banner.left_bottom() + vec2(0.0, grid::GAP), area.max);
    let table = Rect::from_min_max(below.min, pos2(below.right() - SIDE - grid::GAP, below.bottom()));
    let remark = (words.tensors)(misfit);
    let rows = panel_title_ui(ui, table, words.misfit_table, &remark);
    misfit_table_ui(ui, rows.shrink2(vec2(1.0, 1.0)), &inspection.misfits, state);
    let side = Rect::from_min_size(pos2(table.right() + grid::GAP, below.top()), vec2(SIDE, 156.0));
    ways_out_ui(ui, side, state, inspection, commands);
}

fn ways_out_ui(ui: &mut Ui, rect: Rect, state: &AppState, inspection: &Inspection, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let words = state.words();
    let body = panel_title_ui(ui, rect, words.or, "").shrink(space::S12);
    let wells = [(WellKind::Adapter, words.choose_another_adapter), (WellKind::Base, words.choose_another_base)];
    for (index, (kind, label)) in wells.into_iter().enumerate() {
        let place = Rect::from_min_size(
            body.min + vec2(0.0, index as f32 * (grid::BUTTON + space::S8)),
            vec2(body.width(), grid::BUTTON),
        );
        let button = CommandButton::new(UiCommand::Browse(kind), ButtonLook::Plain).icon(Icon::Folder).label(label);
        button.show(ui, place, words, commands);
    }
    if let Some(name) = inspection.adapter.open().and_then(|facts| facts.trained_on.as_deref()) {
        let line = Rect::from_min_size(pos2(body.left(), body.bottom() - 18.0), vec2(body.width(), 18.0));
        let runs = [
            (words.says_its_base_is, Type::CAPTION, palette.text_secondary),
            ("  ", Type::CAPTION, palette.text),
            (name, Type::MONO_SMALL, palette.text),
        ];
        crate::gui::widget::runs_ui(ui, line, Align::Left, &runs);
    }
}

/// A module path that loses its middle rather than its end.
fn fitting(ui: &Ui, path: &str, area: Rect) -> String {
    crate::gui::widget::elided_middle(ui, path, Type::MONO_SMALL, area.width())
}

fn misfit_table_ui(ui: &mut Ui, rect: Rect, misfits: &[Misfit], state: &AppState) {
    let palette = Palette::of(ui);
    let words = state.words();
    let header = Rect::from_min_size(rect.min, vec2(rect.width(), 26.0));
    ui.painter().rect_filled(header, 0.0, palette.app);
    hairline(ui, header, header.bottom());
    let shapes = 92.0;
    let names = ((rect.width() - 2.0 * shapes) * 0.31).floor();
    let widths = [names, shapes, names, shapes, rect.width() - 2.0 * (shapes + names)];
    let titles = [words.in_the_adapter, words.shape, words.nearest_in_the_base, words.shape, words.reason];
    let cells = move |row: Rect| {
        let mut left = row.left();
        widths.map(|width| {
            let area = Rect::from_min_size(pos2(left, row.top()), vec2(width, row.height()));
            left += width;
            area.shrink2(vec2(space::S12 / 2.0, 0.0)).translate(vec2(space::S4, 0.0))
        })
    };
    let aligns = [Align::Left, Align::Right, Align::Left, Align::Right, Align::Left];
    for ((area, title), align) in cells(header).into_iter().zip(titles).zip(aligns) {
        text_ui(ui, area, align, title, Type::CAPTION, palette.text_secondary);
    }
    let body = Rect::from_min_max(header.left_bottom(), rect.max);
    ui.scope_builder(UiBuilder::new().id_salt("misfits").max_rect(body), |ui| {
        ui.set_clip_rect(body.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        let table = TableBuilder::new(ui).column(Column::exact(rect.width())).auto_shrink(false);
        table.max_scroll_height(f32::INFINITY).body(|body| {
            body.rows(grid::TREE_ROW, misfits.len(), |mut row| {
                let Some(misfit) = misfits.get(row.index()) else { return };
                row.col(|ui| {
                    let full = ui.max_rect();
                    hairline(ui, full, full.bottom());
                    let texts = [&misfit.module, &misfit.shape, &misfit.nearest, &misfit.nearest_shape, &misfit.reason];
                    let kinds = [Type::MONO_SMALL, Type::MONO_SMALL, Type::MONO_SMALL, Type::MONO_SMALL, Type::CAPTION];
                    let inks = [
                        palette.text,
                        palette.adapter,
                        palette.text_secondary,
                        palette.text_secondary,
                        palette.text_secondary,
                    ];
                    for (index, area) in cells(full).into_iter().enumerate() {
                        let text = if index % 2 == 0 && index < 4 {
                            fitting(ui, texts[index], area)
                        } else {
                            texts[index].clone()
                        };
                        let response = text_ui(ui, area, aligns[index], &text, kinds[index], inks[index]);
                        if text != *texts[index] {
                            response.on_hover_text(texts[index]);
                        }
                    }
                });
            });
        });
    });
}
