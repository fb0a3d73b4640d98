//! Nothing is loaded yet: what the program does, and one click to see it.

use egui::{Rect, Ui, pos2, vec2};

use super::command_button::CommandButton;
use crate::gui::{
    command::UiCommand,
    state::{AppState, Screen},
    tokens::{Palette, Type, grid, space},
    widget::{Align, ButtonLook, Icon, chip_ui, hairline, icon_ui, panel_frame, text_ui, text_width, wrapped_text_ui},
};

/// Widest the two columns get.
const WIDTH: f32 = 1000.0;

/// The welcome screen.
pub(in crate::gui) fn welcome_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let words = state.words();
    let width = WIDTH.min(rect.width() - 2.0 * space::S32);
    let left = (rect.center().x - width / 2.0).round();
    let top = rect.top() + 40.0;
    let line = |y: f32, height: f32| Rect::from_min_size(pos2(left, y), vec2(width, height));
    text_ui(ui, line(top, 28.0), Align::Left, words.welcome_title, Type::FIGURE, palette.text);
    text_ui(ui, line(top + 32.0, 18.0), Align::Left, words.welcome_text, Type::BODY, palette.text_secondary);
    let column = (width - 40.0) / 2.0;
    let sample = Rect::from_min_size(pos2(left, top + 80.0), vec2(column + 8.0, 176.0));
    sample_ui(ui, sample, state, commands);
    let questions = Rect::from_min_size(pos2(left + column + 40.0, top + 80.0), vec2(column, 236.0));
    questions_ui(ui, questions, state);
}

fn sample_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let words = state.words();
    panel_frame(ui, rect);
    let inner = rect.shrink(20.0);
    let title = Rect::from_min_size(inner.min, vec2(inner.width(), 22.0));
    text_ui(ui, title, Align::Left, words.sample_title, Type::TITLE, palette.text);
    let title_width = text_width(ui, words.sample_title, Type::TITLE);
    let chip_at = pos2(title.left() + title_width + space::S12, title.center().y + 0.5);
    chip_ui(ui, chip_at, words.built_in, palette.text_secondary, palette.sunken);
    let text = Rect::from_min_max(pos2(inner.left(), title.bottom() + space::S8), inner.max);
    wrapped_text_ui(ui, text, &[(words.sample_text, Type::BODY, palette.text_secondary)]);
    let button = CommandButton::new(UiCommand::OpenSample, ButtonLook::Primary);
    let width = button.width(ui, words).max(134.0);
    let place = Rect::from_min_size(
        pos2(inner.left(), inner.bottom() - grid::PRIMARY_BUTTON),
        vec2(width, grid::PRIMARY_BUTTON),
    );
    button.show(ui, place, words, commands);
    let promise = Rect::from_min_max(place.right_top() + vec2(space::S12, 0.0), pos2(inner.right(), place.bottom()));
    text_ui(ui, promise, Align::Left, words.sample_promise, Type::EVIDENCE, palette.text_secondary);
}

fn questions_ui(ui: &mut Ui, rect: Rect, state: &AppState) {
    let palette = Palette::of(ui);
    let words = state.words();
    let title = Rect::from_min_size(rect.min, vec2(rect.width(), 16.0));
    text_ui(ui, title, Align::Left, words.questions_title, Type::CAPTION_MEDIUM, palette.text_secondary);
    let answers = [
        (Icon::Tree, Screen::Modules),
        (Icon::Report, Screen::Report),
        (Icon::Bars, Screen::Compare),
        (Icon::Bars, Screen::Compare),
    ];
    for (index, ((question, answer), (icon, screen))) in words.questions.into_iter().zip(answers).enumerate() {
        let row = Rect::from_min_size(
            pos2(rect.left(), title.bottom() + space::S8 + index as f32 * 52.0),
            vec2(rect.width(), 52.0),
        );
        hairline(ui, row.expand2(vec2(1.0, 0.0)), row.top());
        icon_ui(ui, Rect::from_min_size(row.min, vec2(18.0, row.height())), icon, palette.text_secondary);
        let text_left = row.left() + 32.0;
        let upper = Rect::from_min_size(pos2(text_left, row.top() + 8.0), vec2(row.width() - 120.0, 18.0));
        text_ui(ui, upper, Align::Left, question, Type::BODY_MEDIUM, palette.text);
        let lower = upper.translate(vec2(0.0, 19.0));
        text_ui(ui, lower, Align::Left, answer, Type::EVIDENCE, palette.text_secondary);
        text_ui(ui, row, Align::Right, screen.title(words), Type::EVIDENCE, palette.text_secondary);
    }
}
