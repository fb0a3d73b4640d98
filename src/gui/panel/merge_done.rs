//! The Merge screen after a run: what was written, or what went wrong.

use egui::{Rect, Ui, pos2, vec2};

use super::{
    command_button::CommandButton,
    merge_plan::{Figure, figure_row_ui},
    mismatch::error_banner_ui,
    screen_header::{inside, screen_header_ui},
};
use crate::{
    gui::{
        command::UiCommand,
        problem::Problem,
        run::Finished,
        state::{AppState, Screen},
        tokens::{Palette, Type, grid, space},
        view::display_path,
        widget::{Align, ButtonLook, Icon, icon_ui, panel_frame, text_ui},
    },
    units,
};

/// A merge that succeeded.
pub(in crate::gui) fn merge_done_ui(
    ui: &mut Ui,
    rect: Rect,
    state: &AppState,
    done: &Finished,
    commands: &mut Vec<UiCommand>,
) {
    let palette = Palette::of(ui);
    let words = state.words();
    let (_, body) = screen_header_ui(ui, rect, words.merge, &[(words.merge_done, Type::BODY, palette.ok)]);
    let area = inside(body);
    let verdict = Rect::from_min_size(area.min, vec2(area.width(), 92.0));
    panel_frame(ui, verdict);
    let icon = Rect::from_min_size(verdict.min + vec2(space::S16, space::S16), vec2(20.0, 24.0));
    icon_ui(ui, icon, Icon::Passed, palette.ok);
    let text = Rect::from_min_max(verdict.min + vec2(46.0, 14.0), verdict.max - vec2(space::S16, 0.0));
    let line = |index: f32| Rect::from_min_size(text.min + vec2(0.0, index), vec2(text.width(), 28.0));
    text_ui(ui, line(0.0), Align::Left, words.merge_done, Type::FIGURE, palette.text);
    let path = display_path(&done.receipt.output, state.machine.home.as_deref());
    let note = (words.merge_done_note)(&path);
    text_ui(ui, line(32.0), Align::Left, &note, Type::BODY, palette.text_secondary);
    let figures = Rect::from_min_size(verdict.left_bottom() + vec2(0.0, grid::GAP), vec2(area.width(), 88.0));
    figure_row_ui(ui, figures, &done_figures(state, done));
    let buttons = figures.left_bottom() + vec2(0.0, space::S16);
    let mut left = buttons.x;
    for (screen, label) in [(Screen::Compare, words.see_compare), (Screen::Report, words.see_report)] {
        let button = CommandButton::new(UiCommand::ShowScreen(screen), ButtonLook::Plain).label(label);
        let place = Rect::from_min_size(pos2(left, buttons.y), vec2(button.width(ui, words), grid::BUTTON));
        button.show(ui, place, words, commands);
        left = place.right() + space::S8;
    }
    let button = CommandButton::new(UiCommand::OpenFolder, ButtonLook::Plain).icon(Icon::Folder);
    let place = Rect::from_min_size(pos2(left, buttons.y), vec2(button.width(ui, words), grid::BUTTON));
    button.show(ui, place, words, commands);
}

fn done_figures(state: &AppState, done: &Finished) -> Vec<Figure> {
    let words = state.words();
    let receipt = &done.receipt;
    let written: u64 = receipt.files.iter().map(|file| file.byte_count).sum();
    let updated = receipt.updated().count();
    let lost = receipt.lost().len();
    let largest = done.changes.iter().max_by(|a, b| a.1.total_cmp(b.1));
    let mut figures = vec![
        Figure { label: words.written, value: units::bytes(written), remark: (words.files)(receipt.files.len()) },
        Figure {
            label: words.update,
            value: units::count(updated as u64),
            remark: if lost > 0 { (words.lost_targets)(lost) } else { (words.no_lost_targets)(updated) },
        },
        Figure {
            label: words.largest_change,
            value: largest.map_or_else(|| "—".to_owned(), |(_, value)| super::heat::heat_number(*value)),
            remark: largest.map_or_else(String::new, |(path, _)| path.clone()),
        },
    ];
    if state.machine.shows_measurements {
        figures.push(Figure {
            label: words.duration,
            value: units::duration(receipt.duration_secs),
            remark: receipt.device.clone(),
        });
    }
    figures
}

/// A merge that stopped with an error.
pub(in crate::gui) fn merge_failed_ui(
    ui: &mut Ui,
    rect: Rect,
    state: &AppState,
    problem: &Problem,
    commands: &mut Vec<UiCommand>,
) {
    let palette = Palette::of(ui);
    let words = state.words();
    let subtitle = [(words.nothing_left, Type::BODY, palette.text_secondary)];
    let (_, body) = screen_header_ui(ui, rect, words.merge_failed, &subtitle);
    let banner = error_banner_ui(ui, inside(body), problem, state.machine.home.as_deref());
    let button = CommandButton::new(UiCommand::PlanAgain, ButtonLook::Plain);
    let place =
        Rect::from_min_size(banner.left_bottom() + vec2(0.0, space::S12), vec2(button.width(ui, words), grid::BUTTON));
    button.show(ui, place, words, commands);
}
