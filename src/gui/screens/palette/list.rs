//! The list of all commands: which there are now, and which of them are meant.

use crate::gui::{
    app::{
        command::UiCommand,
        state::{AppState, Job, ModulesView, Screen, WellKind},
    },
    screens::compare::evaluation::Texts,
    words::{Language, Words},
};

/// The open list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// What was typed.
    pub query: String,
    /// The command that Enter takes, counted among those that match.
    pub pointed: usize,
}

impl Palette {
    /// The commands that can be asked for now and match what was typed in any language.
    #[must_use]
    pub fn matching(&self, state: &AppState) -> Vec<UiCommand> {
        let query = self.query.trim().to_lowercase();
        let texts =
            |words: &Words, command: &UiCommand| format!("{} {}", title(command, words), command.tooltip(words));
        let matches = |command: &UiCommand| {
            let mut all = Language::ALL.into_iter().map(|language| texts(language.words(), command).to_lowercase());
            all.any(|text| query.split_whitespace().all(|part| text.contains(part)))
        };
        available(state).into_iter().filter(matches).collect()
    }
}

/// What the list calls a command; where its button needs its place to be understood, that is added.
#[must_use]
pub fn title(command: &UiCommand, words: &Words) -> String {
    let label = command.label(words);
    match command {
        UiCommand::Browse(WellKind::Base) => format!("{}: {label}", words.base),
        UiCommand::Browse(WellKind::Adapter) => format!("{}: {label}", words.adapter),
        UiCommand::Browse(WellKind::Output) => format!("{}: {label}", words.output),
        UiCommand::CancelMerge => format!("{label}: {}", words.merge),
        UiCommand::CancelMeasurement => format!("{label}: {}", words.perplexity),
        UiCommand::CancelTiming => format!("{label}: {}", words.time_and_memory),
        UiCommand::CancelVerification => format!("{label}: {}", words.report),
        UiCommand::CancelSeal => format!("{label}: {}", words.seal),
        UiCommand::SwitchLanguage => words.language_tooltip.to_owned(),
        UiCommand::ShowOnlyChanged(_) | UiCommand::ShowModulesAs(_) => format!("{}: {label}", words.modules),
        _ => label.to_owned(),
    }
}

/// Every command that does something now.
fn available(state: &AppState) -> Vec<UiCommand> {
    let mut commands: Vec<UiCommand> =
        Screen::ALL.into_iter().filter(|screen| state.is_reachable(*screen)).map(UiCommand::ShowScreen).collect();
    if matches!(state.job, Job::Planned(_)) {
        commands.push(UiCommand::StartMerge);
    }
    if matches!(state.job, Job::Running(_)) {
        commands.push(UiCommand::CancelMerge);
    } else {
        commands.push(UiCommand::OpenSample);
        commands.extend([WellKind::Base, WellKind::Adapter, WellKind::Output].map(UiCommand::Browse));
        commands.extend(state.wells.adapter.path.is_some().then_some(UiCommand::AddAdapter));
        commands.push(UiCommand::JudgeFolder);
    }
    commands.extend(state.finished().and_then(|done| done.made.as_ref()).map(|_| UiCommand::MergeAgain));
    if state.is_reachable(Screen::Modules) {
        let other_view = match state.modules.view {
            ModulesView::Table => ModulesView::Printed,
            ModulesView::Printed => ModulesView::Table,
        };
        let only_changed = UiCommand::ShowOnlyChanged(!state.modules.only_changed);
        commands.extend([UiCommand::FocusFilter, only_changed, UiCommand::ShowModulesAs(other_view)]);
    }
    commands.extend(of_result(state));
    commands.extend([UiCommand::SwitchTheme, UiCommand::SwitchLanguage]);
    commands
}

/// What can be done with a merged folder.
fn of_result(state: &AppState) -> Vec<UiCommand> {
    let Some(done) = state.finished() else { return Vec::new() };
    let mut commands = Vec::new();
    if done.evaluation.is_running() {
        commands.push(UiCommand::CancelMeasurement);
    } else {
        commands.extend((!done.sample_texts.is_empty()).then_some(UiCommand::MeasurePerplexity(Texts::Sample)));
        commands.extend([UiCommand::MeasurePerplexity(Texts::BuiltIn), UiCommand::BrowseTexts]);
    }
    commands.extend(done.evaluation.done().map(|_| UiCommand::CopyComparison));
    if done.timing.is_running() {
        commands.push(UiCommand::CancelTiming);
    } else if state.machine.program.is_some() {
        commands.push(UiCommand::MeasureTime);
    }
    commands.push(if done.verifying.is_some() { UiCommand::CancelVerification } else { UiCommand::VerifyAgain });
    if done.sealing.is_running() {
        commands.push(UiCommand::CancelSeal);
    } else if !done.is_sealed {
        commands.push(UiCommand::Seal);
    }
    commands.extend([UiCommand::ExportReport, UiCommand::ExportPicture, UiCommand::OpenFolder]);
    commands
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::app::state::Machine;

    fn titles(query: &str) -> Vec<String> {
        let machine = Machine { home: None, program: None, takes_drops: true, ..Machine::detect() };
        let palette = Palette { query: query.to_owned(), pointed: 0 };
        let words = Language::English.words();
        palette.matching(&AppState::new(machine)).iter().map(|command| title(command, words)).collect()
    }

    #[test]
    fn commands_are_found_in_both_languages_by_any_part() {
        assert_eq!(titles("base bro"), ["Base: Browse…"]);
        assert_eq!(titles("샘플"), ["Try the sample"]);
        assert!(titles("").len() >= 7);
        assert!(titles("merge now nowhere").is_empty());
    }

    #[test]
    fn every_command_of_the_list_has_a_name() {
        assert!(titles("").iter().all(|title| !title.is_empty()));
    }
}
