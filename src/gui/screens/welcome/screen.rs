//! Nothing is loaded yet: what the program does, and one click to see it.

use crate::gui::design::layout::rule::placed_ui;
use egui::{Rect, Ui, pos2, vec2};

use super::{command::WelcomeCommand, recent_pairs::recent_ui, sample_facts::SampleFacts};
use crate::{
    gui::{
        app::{
            command::{Command, face::ScreenCommand, of_app::AppCommand},
            screen::Screen,
            state::AppState,
        },
        design::{
            quantities::parameter_count,
            tokens::{Colors, Type, grid, space},
            widget::{
                Align, ButtonLook, Icon, chip_ui, hairline, icon_ui, panel_frame, scrolled_ui, text_ui, text_width,
                wrapped_text_ui,
            },
        },
        frame::{command_button::CommandButton, wells::command::WellsCommand},
    },
    message::{Language, message},
    units,
};

/// Widest the two columns get.
const WIDTH: f32 = 1000.0;

/// Height of the sample and of the questions.
const CARDS: f32 = 236.0;

/// Height of a question with its answer.
const QUESTION: f32 = 52.0;

/// The welcome screen.
pub(in crate::gui) fn welcome_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    let words = state.words();
    let recent_height = super::recent_pairs::height(state.recent().len());
    let needed = 32.0 + 72.0 + CARDS + space::S16 + grid::BUTTON + space::S32 + recent_height;
    scrolled_ui(ui, "welcome", rect, needed, |ui, rect| {
        let colors = Colors::of(ui);
        let width = WIDTH.min(rect.width() - 2.0 * space::S32);
        let left = (rect.center().x - width / 2.0).round();
        // A little above the middle, where a page is looked at first.
        let top = (rect.top() + ((rect.height() - needed) * 0.3).clamp(0.0, 64.0) + 32.0).round();
        let line = |y: f32, height: f32| Rect::from_min_size(pos2(left, y), vec2(width, height));
        text_ui(ui, line(top, 28.0), Align::Left, words.text("welcome-title"), Type::FIGURE, colors.text);
        let text =
            if state.machine.takes_drops { words.text("welcome-text") } else { words.text("welcome-without-drops") };
        text_ui(ui, line(top + 32.0, 18.0), Align::Left, text, Type::BODY, colors.text_secondary);
        let gap = if width < 900.0 { space::S24 } else { 40.0 };
        let column = (width - gap) / 2.0;
        let cards = line(top + 72.0, CARDS);
        sample_ui(ui, Rect::from_min_size(cards.min, vec2(column, CARDS)), state, commands);
        questions_ui(ui, Rect::from_min_max(pos2(cards.right() - column, cards.top()), cards.max), words);
        let judge = line(cards.bottom() + space::S16, grid::BUTTON);
        judge_ui(ui, judge, words, commands);
        let recent = line(judge.bottom() + space::S24, recent_height);
        recent_ui(ui, recent, state, commands);
    });
}

/// The way in for a model that is merged already.
fn judge_ui(ui: &mut Ui, line: Rect, words: Language, commands: &mut Vec<Command>) {
    let button = CommandButton::new(WellsCommand::JudgeFolder, ButtonLook::Plain);
    let size = vec2(button.width(ui, words), line.height());
    let note = Rect::from_min_max(line.min + vec2(size.x + space::S12, 0.0), line.max);
    button.show(ui, Rect::from_min_size(line.min, size), words, commands);
    text_ui(ui, note, Align::Left, words.text("judge-note"), Type::EVIDENCE, Colors::of(ui).text_secondary);
}

fn sample_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let words = state.words();
    panel_frame(ui, rect);
    let inner = rect.shrink(20.0);
    let title = Rect::from_min_size(inner.min, vec2(inner.width(), 22.0));
    text_ui(ui, title, Align::Left, words.text("sample-title"), Type::TITLE, colors.text);
    let title_width = text_width(ui, words.text("sample-title"), Type::TITLE);
    let chip_at = pos2(title.left() + title_width + space::S12, title.center().y + 0.5);
    let chip = Rect::from_min_max(pos2(chip_at.x, chip_at.y - 9.0), pos2(inner.right(), chip_at.y + 9.0));
    placed_ui(ui, chip, |ui| {
        _ = chip_ui(ui, words.text("built-in"), crate::gui::design::ink::Ink::Secondary, colors.sunken);
    });
    let text = Rect::from_min_max(pos2(inner.left(), title.bottom() + space::S4), inner.max);
    let is_missing = matches!(state.sample, Some(Err(_)));
    match &state.sample {
        Some(Err(problem)) => {
            let (title, advice) = (problem.title(words), problem.advice(words).unwrap_or_default());
            let runs = [
                (title.as_str(), Type::BODY, colors.error),
                (". ", Type::BODY, colors.error),
                (advice.as_str(), Type::BODY, colors.text_secondary),
            ];
            wrapped_text_ui(ui, text, &runs);
        }
        Some(Ok(facts)) => {
            let height = wrapped_text_ui(ui, text, &[(words.text("sample-text"), Type::BODY, colors.text_secondary)]);
            let rows = Rect::from_min_max(pos2(inner.left(), text.top() + height + 10.0), inner.max);
            facts_ui(ui, rows, facts, words);
        }
        None => {
            wrapped_text_ui(ui, text, &[(words.text("sample-text"), Type::BODY, colors.text_secondary)]);
        }
    }
    let button = CommandButton::new(WelcomeCommand::OpenSample, ButtonLook::Primary).enabled(!is_missing);
    let size = vec2(button.width(ui, words).max(134.0), grid::PRIMARY_BUTTON);
    let place = Rect::from_min_size(pos2(inner.left(), inner.bottom() - size.y), size);
    button.show(ui, place, words, commands);
    let promise = Rect::from_min_max(place.right_top() + vec2(space::S12, 0.0), pos2(inner.right(), place.bottom()));
    if text_width(ui, words.text("sample-promise"), Type::EVIDENCE) <= promise.width() {
        text_ui(ui, promise, Align::Left, words.text("sample-promise"), Type::EVIDENCE, colors.text_secondary);
    } else {
        let run = (words.text("sample-promise"), Type::CAPTION, colors.text_secondary);
        wrapped_text_ui(ui, promise, &[run]);
    }
}

/// Base, adapter and output: what they hold, how large they are.
fn facts_ui(ui: &mut Ui, rect: Rect, facts: &SampleFacts, words: Language) {
    let colors = Colors::of(ui);
    let (base, adapter) = (&facts.base, &facts.adapter);
    let rank = adapter.rank.map_or_else(String::new, |rank| format!(", {} {rank}", words.text("rank")));
    let rows = [
        (
            words.text("base"),
            colors.text_secondary,
            words.say(&message!("params", count: parameter_count(base.parameter_count))),
            base.byte_count,
            format!("{}, {}", base.dtype, words.say(&message!("shards", count: base.shard_count))),
        ),
        (
            words.text("adapter"),
            colors.adapter,
            format!("{}{rank}", adapter.method),
            adapter.byte_count,
            words.say(&message!("modules-count", count: adapter.target_count)),
        ),
        (
            words.text("output"),
            colors.merged,
            words.text("same-parameters").to_owned(),
            facts.merged_bytes,
            words.text("as-bf16").to_owned(),
        ),
    ];
    for (index, (name, ink, what, byte_count, note)) in rows.into_iter().enumerate() {
        let row = Rect::from_min_size(rect.min + vec2(0.0, index as f32 * 22.0), vec2(rect.width(), 22.0));
        let at = |from: f32, to: f32| {
            Rect::from_min_max(
                pos2(row.left() + row.width() * from, row.top()),
                pos2(row.left() + row.width() * to, row.bottom()),
            )
        };
        text_ui(ui, at(0.0, 0.16), Align::Left, name, Type::EVIDENCE, ink);
        text_ui(ui, at(0.17, 0.50), Align::Left, &what, Type::EVIDENCE, colors.text);
        text_ui(ui, at(0.50, 0.70), Align::Right, &units::bytes(byte_count), Type::MONO, colors.text);
        text_ui(ui, at(0.72, 1.0), Align::Right, &note, Type::EVIDENCE, colors.text_secondary);
    }
}

fn questions_ui(ui: &mut Ui, rect: Rect, words: Language) {
    let colors = Colors::of(ui);
    let title = Rect::from_min_size(rect.min, vec2(rect.width(), 16.0));
    text_ui(ui, title, Align::Left, words.text("questions-title"), Type::CAPTION_MEDIUM, colors.text_secondary);
    let questions = [
        ("welcome-question-change", "welcome-question-change.answer", Icon::Tree, Screen::Modules),
        ("welcome-question-alone", "welcome-question-alone.answer", Icon::Report, Screen::Report),
        ("welcome-question-size", "welcome-question-size.answer", Icon::Bars, Screen::Compare),
        ("welcome-question-quality", "welcome-question-quality.answer", Icon::Bars, Screen::Compare),
    ];
    for (index, (question, answer, icon, screen)) in questions.into_iter().enumerate() {
        let top = rect.bottom() - (4 - index) as f32 * QUESTION;
        let row = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), QUESTION));
        hairline(ui, row.expand2(vec2(1.0, 0.0)), row.top());
        icon_ui(ui, Rect::from_min_size(row.min, vec2(18.0, row.height())), icon, colors.text_secondary);
        let upper = Rect::from_min_max(row.min + vec2(32.0, 8.0), pos2(row.right(), row.top() + 26.0));
        let title = AppCommand::ShowScreen(screen).face().map_or("", |face| face.label(words));
        let place = text_ui(ui, upper, Align::Right, title, Type::EVIDENCE, colors.text_secondary);
        let upper = Rect::from_min_max(upper.min, pos2(place.rect.left() - space::S8, upper.bottom()));
        text_ui(ui, upper, Align::Left, words.text(question), Type::BODY_MEDIUM, colors.text);
        let lower = Rect::from_min_max(pos2(upper.left(), row.top() + 27.0), pos2(row.right(), row.top() + 45.0));
        text_ui(ui, lower, Align::Left, words.text(answer), Type::EVIDENCE, colors.text_secondary);
    }
}
