//! Nothing is loaded yet: what the program does, and one click to see it.

use egui::ScrollArea;

use super::{command::WelcomeCommand, recent_pairs::recent_ui};
use crate::{
    gui::{
        app::command::face::ScreenCommand, design::widget::chip_ui, frame::wells::command::WellsCommand, prelude::*,
    },
    report::SampleFacts,
    units::quantity::parameter_count,
};

/// The welcome screen.
pub(in crate::gui) fn welcome_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    ScrollArea::vertical().id_salt("welcome").auto_shrink(false).show(ui, |ui| {
        let is_roomy = ui.available_height() > grid::ROOMY;
        centered_ui(ui, grid::READING, space::S32, |ui| {
            ui.spacing_mut().item_spacing = vec2(space::S12, 0.0);
            // A little above the middle, where a page is looked at first.
            ui.add_space(if is_roomy { 2.0 * space::S32 } else { space::S32 });
            paragraph_ui(ui, words.text("welcome-title"), Type::FIGURE, Ink::Primary);
            ui.add_space(space::S4);
            let text = if state.machine.takes_drops { "welcome-text" } else { "welcome-without-drops" };
            paragraph_ui(ui, words.text(text), Type::BODY, Ink::Secondary);
            ui.add_space(space::S24);
            beside_ui(
                ui,
                space::S32,
                commands,
                |ui, commands| sample_ui(ui, state, commands),
                |ui, _| questions_ui(ui, words),
            );
            ui.add_space(space::S16);
            judge_ui(ui, words, commands);
            ui.add_space(space::S24);
            recent_ui(ui, state, commands);
            ui.add_space(space::S32);
        });
    });
}

/// The way in for a model that is merged already.
fn judge_ui(ui: &mut Ui, words: Language, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        CommandButton::new(WellsCommand::JudgeFolder, ButtonLook::Plain).add(ui, words, commands);
        paragraph_ui(ui, words.text("judge-note"), Type::EVIDENCE, Ink::Secondary);
    });
}

fn sample_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    Surface::plain().show(ui, |ui| {
        inset_ui(ui, space::S12, space::S16, |ui| {
            ui.spacing_mut().item_spacing.x = space::S12;
            ui.horizontal_wrapped(|ui| {
                label_ui(ui, words.text("sample-title"), Type::TITLE, Ink::Primary);
                let fill = Colors::of(ui).sunken;
                chip_ui(ui, words.text("built-in"), Ink::Secondary, fill);
            });
            ui.add_space(space::S4);
            if let Some(Err(problem)) = &state.sample {
                let (title, advice) = (problem.title(words), problem.advice(words).unwrap_or_default());
                let title = format!("{title}. ");
                let spans = [(&*title, Type::BODY, Ink::Error), (&*advice, Type::BODY, Ink::Secondary)];
                paragraph_spans_ui(ui, &spans);
            } else {
                paragraph_ui(ui, words.text("sample-text"), Type::BODY, Ink::Secondary);
            }
        });
        if !matches!(state.sample, Some(Err(_))) {
            facts_ui(ui, state.sample.as_ref().and_then(|sample| sample.as_ref().ok()), words);
        }
        inset_ui(ui, space::S12, space::S16, |ui| {
            ui.horizontal(|ui| {
                CommandButton::new(WelcomeCommand::OpenSample, ButtonLook::Primary)
                    .enabled(!matches!(state.sample, Some(Err(_))))
                    .add(ui, words, commands);
                paragraph_ui(ui, words.text("sample-promise"), Type::EVIDENCE, Ink::Secondary);
            });
        });
    });
}

/// Base, adapter and output; what they hold and how large they are comes when it is read, and moves nothing.
fn facts_ui(ui: &mut Ui, facts: Option<&SampleFacts>, words: Language) {
    let names = [
        (words.text("base"), Ink::Secondary),
        (words.text("adapter"), Ink::Adapter),
        (words.text("output"), Ink::Merged),
    ];
    let known = facts.map(|facts| known(facts, words)).unwrap_or_default();
    let columns = [
        TableColumn::text("", grid::column::ROLE),
        TableColumn::wide(""),
        TableColumn::number("", grid::column::ROLE),
        TableColumn::number("", grid::column::NUMBER),
    ];
    let table = Table::new("sample", &columns).headless().without_rules().complete();
    table.show(ui, names.len(), |cells, index| {
        let ((name, ink), [what, bytes, note]) = (names[index], &known[index]);
        cells.text(name, Type::EVIDENCE, ink);
        cells.text(what, Type::EVIDENCE, Ink::Primary);
        cells.number(bytes, Ink::Primary);
        cells.text(note, Type::EVIDENCE, Ink::Secondary);
    });
}

/// What base, adapter and output hold, their bytes, and a note on each.
fn known(facts: &SampleFacts, words: Language) -> [[String; 3]; 3] {
    let (base, adapter) = (&facts.base, &facts.adapter);
    let rank = adapter.rank.map_or_else(String::new, |rank| format!(", {} {rank}", words.text("rank")));
    [
        [
            words.say(&message!("params", count: parameter_count(base.parameter_count))),
            units::bytes(base.byte_count),
            format!("{}, {}", base.dtype, words.say(&message!("shards", count: base.shard_count))),
        ],
        [
            format!("{}{rank}", adapter.method),
            units::bytes(adapter.byte_count),
            words.say(&message!("modules-count", count: adapter.target_count)),
        ],
        [words.text("same-parameters").to_owned(), units::bytes(facts.merged_bytes), words.text("as-bf16").to_owned()],
    ]
}

fn questions_ui(ui: &mut Ui, words: Language) {
    label_ui(ui, words.text("questions-title"), Type::CAPTION_MEDIUM, Ink::Secondary);
    ui.add_space(space::S12);
    let questions = [
        ("welcome-question-change", "welcome-question-change.answer", Icon::Tree, Screen::Modules),
        ("welcome-question-alone", "welcome-question-alone.answer", Icon::Report, Screen::Report),
        ("welcome-question-size", "welcome-question-size.answer", Icon::Bars, Screen::Compare),
        ("welcome-question-quality", "welcome-question-quality.answer", Icon::Bars, Screen::Compare),
    ];
    for (question, answer, icon, screen) in questions {
        let title = AppCommand::ShowScreen(screen).face().map_or("", |face| face.label(words));
        Row::new(words.text(question), Type::BODY_MEDIUM, Ink::Primary)
            .icon(icon, Ink::Secondary)
            .value(title, Type::EVIDENCE, Ink::Secondary)
            .note(words.text(answer), Type::EVIDENCE, Ink::Secondary)
            .margins(0.0, space::S8)
            .rule()
            .show(ui);
    }
}
