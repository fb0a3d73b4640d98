//! The Merge screen after a run: what was written and done to each target, or what went wrong.

use egui::{Rect, ScrollArea, Ui, UiBuilder, pos2, vec2};

use super::{command::MergeCommand, updated_tensors::UpdatedTensor};
use crate::{
    gui::{
        app::{
            command::{Command, of_app::AppCommand},
            merged_folder::{Made, MergedFolder},
            screen::Screen,
            standing::Standing,
            state::AppState,
        },
        design::{
            figures::{Figure, figures_height, figures_ui},
            path_text::display_path,
            screen_header::{inside, screen_header_ui},
            tokens::{Colors, Type, grid, space},
            widget::{
                Align, ButtonLook, Icon, elided_middle, hairline, icon_ui, mark_ui, panel_frame, panel_title_ui,
                scrolled_ui, table_header, text_ui,
            },
        },
        frame::{
            command_button::CommandButton,
            error_banner::error_banner_with_buttons_ui,
            wells::{command::WellsCommand, well::WellKind},
        },
        screens::{
            modules::{heat::heat_cell_ui, heat_map::HeatScale},
            report::{command::ReportCommand, verdict::Verdict},
        },
        words::problem::Problem,
    },
    message::{Language, message},
    units,
};

/// Height of the panel that says that all went well.
const VERDICT: f32 = 124.0;

/// Height of the line that says what to do where little was kept.
const ADVICE: f32 = 36.0;

/// Lowest the list of tensors gets before the screen scrolls.
const LEAST_LIST: f32 = 150.0;

/// A merge that succeeded.
pub(in crate::gui) fn merge_done_ui(
    ui: &mut Ui,
    rect: Rect,
    state: &AppState,
    done: &MergedFolder,
    commands: &mut Vec<Command>,
) {
    let colors = Colors::of(ui);
    let words = state.words();
    let (_, subtitle) = titles(state.standing(done), words);
    let subtitle = [(subtitle, Type::BODY, colors.text_secondary)];
    let (_, body) = screen_header_ui(ui, rect, words.text("merge"), &subtitle);
    let Some(made) = &done.made else { return };
    let figures = figures(state, done, made);
    let figures_height = figures_height(inside(body).width(), figures.len());
    let verdict_height = VERDICT + if done.advice().is_some() { ADVICE } else { 0.0 };
    let needed = verdict_height + figures_height + LEAST_LIST + 2.0 * (grid::GAP + space::S16);
    scrolled_ui(ui, "merge done", body, needed, |ui, body| {
        let area = inside(body);
        let verdict = Rect::from_min_size(area.min, vec2(area.width(), verdict_height));
        verdict_ui(ui, verdict, state, done, commands);
        let figures_top = verdict.bottom() + grid::GAP;
        figures_ui(ui, Rect::from_min_max(pos2(area.left(), figures_top), area.max), &figures);
        let list = Rect::from_min_max(pos2(area.left(), figures_top + figures_height + grid::GAP), area.max);
        updated_ui(ui, list, state, done);
    });
}

fn verdict_ui(ui: &mut Ui, rect: Rect, state: &AppState, done: &MergedFolder, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let words = state.words();
    panel_frame(ui, rect);
    let icon = Rect::from_min_size(rect.min + vec2(space::S16, space::S16), vec2(20.0, 28.0));
    let verdict = Verdict::of(state, done);
    icon_ui(ui, icon, verdict.icon, verdict.color(colors));
    let (title, _) = titles(state.standing(done), words);
    let title = title.unwrap_or(&verdict.title);
    let text = Rect::from_min_max(rect.min + vec2(46.0, space::S16), rect.max - vec2(space::S16, 0.0));
    let line = |top: f32, height: f32| Rect::from_min_size(text.min + vec2(0.0, top), vec2(text.width(), height));
    text_ui(ui, line(0.0, 28.0), Align::Left, title, Type::FIGURE, colors.text);
    let path = display_path(&done.provenance.merged, state.machine.home.as_deref());
    let path = elided_middle(ui, &path, Type::MONO, text.width());
    text_ui(ui, line(30.0, 18.0), Align::Left, &path, Type::MONO, colors.text_secondary);
    if let Some(advice) = done.advice() {
        let note = Rect::from_min_size(rect.left_bottom() - vec2(0.0, ADVICE), vec2(rect.width(), ADVICE));
        hairline(ui, note, note.top());
        mark_ui(ui, pos2(note.left() + 26.0, note.center().y), Icon::Warning, colors.warn);
        let area = Rect::from_min_max(pos2(text.left(), note.top()), pos2(text.right(), note.bottom()));
        text_ui(ui, area, Align::Left, &words.with_period(&advice), Type::EVIDENCE, colors.text);
    }
    let bottom = rect.top() + VERDICT;
    let mut left = text.left();
    let mut buttons = Vec::new();
    if matches!(state.standing(done), Standing::Unchecked(_)) {
        buttons.push(CommandButton::new(ReportCommand::VerifyAgain, ButtonLook::Plain).label(words.text("check-now")));
    }
    buttons.extend([
        CommandButton::new(AppCommand::ShowScreen(Screen::Compare), ButtonLook::Primary)
            .label(words.text("see-compare")),
        CommandButton::new(AppCommand::ShowScreen(Screen::Report), ButtonLook::Plain).label(words.text("see-report")),
        CommandButton::new(ReportCommand::OpenFolder, ButtonLook::Plain).with_icon(),
        CommandButton::new(MergeCommand::MergeAgain, ButtonLook::Plain),
    ]);
    for button in buttons {
        let size = vec2(button.width(ui, words), grid::PRIMARY_BUTTON);
        let place = Rect::from_min_size(pos2(left, bottom - space::S16 - size.y), size);
        button.show(ui, place, words, commands);
        left = place.right() + space::S8;
    }
}

/// The title of the result, where the verdict has no better one, and what the screen says of it.
fn titles(standing: Standing<'_>, words: Language) -> (Option<&'static str>, &'static str) {
    match standing {
        Standing::Checking => (Some(words.text("merge-done-checking")), words.text("merge-written-subtitle")),
        Standing::Unchecked(_) => (Some(words.text("merge-done-unchecked")), words.text("merge-written-subtitle")),
        Standing::Failed(_) | Standing::Identical(_) => (None, words.text("merge-written-subtitle")),
        Standing::Held { has_remark: false, .. } => (Some(words.text("merge-done")), words.text("merge-done-subtitle")),
        Standing::Held { has_remark: true, .. } => {
            (Some(words.text("merge-done-remark")), words.text("merge-done-subtitle"))
        }
    }
}

fn figures(state: &AppState, done: &MergedFolder, made: &Made) -> Vec<Figure> {
    let words = state.words();
    let receipt = &made.receipt;
    let written: u64 = done.manifest.iter().map(|file| file.byte_count).sum();
    let lost = receipt.lost().len();
    let largest = done.updated.first();
    let mut figures = vec![
        Figure {
            label: words.text("written"),
            value: units::bytes(written),
            remark: words.say(&message!("files", count: done.manifest.len())),
        },
        Figure {
            label: words.text("updated-tensors"),
            value: units::count(done.updated.len() as u64),
            remark: if lost > 0 {
                words.say(&message!("lost-targets", count: lost))
            } else {
                words.say(&message!("no-lost-targets", count: done.updated.len()))
            },
        },
        Figure {
            label: words.text("largest-change"),
            value: largest
                .and_then(|row| row.change)
                .map_or_else(|| "—".to_owned(), crate::gui::screens::modules::heat::heat_number),
            remark: largest.map_or_else(String::new, |row| row.module.clone()),
        },
    ];
    let stats = receipt.update_stats();
    if let Some(gain) = stats.gain() {
        let changed = units::count(stats.changed_count);
        let remark = format!("{} {changed}", words.text("elements-changed"));
        figures.push(Figure { label: words.text("kept-figure"), value: format!("{:.2} %", 100.0 * gain), remark });
    }
    if state.machine.shows_measurements {
        figures.push(Figure {
            label: words.text("duration"),
            value: units::duration(receipt.duration_secs),
            remark: words.said(&receipt.device),
        });
    }
    figures
}

/// Module, change, elements changed, part kept.
fn cells(row: Rect) -> [Rect; 4] {
    let inner = row.shrink2(vec2(space::S16, 0.0));
    let at = |left: f32, right: f32| Rect::from_min_max(pos2(left, row.top()), pos2(right, row.bottom()));
    let right = inner.right();
    [
        at(inner.left(), right - 424.0),
        at(right - 408.0, right - 320.0),
        at(right - 312.0, right - 112.0),
        at(right - 104.0, right),
    ]
}

fn updated_ui(ui: &mut Ui, rect: Rect, state: &AppState, done: &MergedFolder) {
    let colors = Colors::of(ui);
    let words = state.words();
    let body = panel_title_ui(ui, rect, words.text("updated-tensors"), words.text("largest-first"));
    let header = table_header(ui, body);
    let kept = words.say(&message!("kept-in", dtype: &done.merged.dtype));
    let titles = [
        (words.text("module"), Align::Left),
        ("‖Δ‖ / ‖W‖", Align::Center),
        (words.text("elements-changed"), Align::Right),
        (kept.as_str(), Align::Right),
    ];
    for (cell, (title, align)) in cells(header).into_iter().zip(titles) {
        text_ui(ui, cell, align, title, Type::CAPTION, colors.text_secondary);
    }
    let list = Rect::from_min_max(header.left_bottom(), body.max).shrink2(vec2(1.0, 1.0));
    ui.scope_builder(UiBuilder::new().id_salt("updated").max_rect(list), |ui| {
        ui.set_clip_rect(list.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        let count = done.updated.len();
        ScrollArea::vertical().auto_shrink(false).show_rows(ui, grid::TREE_ROW, count, |ui, range| {
            for row in &done.updated[range] {
                let (_, area) = ui.allocate_space(vec2(list.width(), grid::TREE_ROW));
                row_ui(ui, area, row, state.modules.scale);
                ui.advance_cursor_after_rect(area);
            }
        });
    });
}

fn row_ui(ui: &mut Ui, rect: Rect, row: &UpdatedTensor, scale: Option<HeatScale>) {
    let colors = Colors::of(ui);
    let [module, change, changed, kept] = cells(rect);
    let name = elided_middle(ui, &row.module, Type::MONO_SMALL, module.width());
    text_ui(ui, module, Align::Left, &name, Type::MONO_SMALL, colors.text);
    if let (Some(value), Some(scale)) = (row.change, scale) {
        heat_cell_ui(ui, change.shrink2(vec2(0.0, 3.0)), value, scale);
    }
    text_ui(ui, changed, Align::Right, &row.changed, Type::MONO, colors.text);
    text_ui(ui, kept, Align::Right, &row.kept, Type::MONO, colors.text);
    hairline(ui, rect, rect.bottom());
}

/// A merge that stopped with an error.
pub(in crate::gui) fn merge_failed_ui(
    ui: &mut Ui,
    rect: Rect,
    state: &AppState,
    problem: &Problem,
    commands: &mut Vec<Command>,
) {
    let colors = Colors::of(ui);
    let words = state.words();
    let subtitle = [(words.text("nothing-left"), Type::BODY, colors.text_secondary)];
    let (_, body) = screen_header_ui(ui, rect, words.text("merge-failed"), &subtitle);
    let home = state.machine.home.as_deref();
    let elsewhere = CommandButton::new(WellsCommand::Browse(WellKind::Output), ButtonLook::Plain);
    let elsewhere = elsewhere.icon(Icon::Folder).label(words.text("another-place"));
    let buttons = vec![CommandButton::new(MergeCommand::PlanAgain, ButtonLook::Plain), elsewhere];
    error_banner_with_buttons_ui(ui, inside(body), problem, home, buttons, words, commands);
}
