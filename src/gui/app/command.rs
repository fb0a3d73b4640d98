//! Everything that a person can ask of the window. Widgets emit these; only `logic` acts on them.

use std::path::PathBuf;

use egui::{Key, KeyboardShortcut, Modifiers};

use super::state::{ModulesView, Screen, WellKind};
use crate::{
    gui::{
        screens::{compare::evaluation::Texts, modules::tree_order::SortColumn},
        words::Words,
    },
    merge::device::DeviceChoice,
    plan::{DtypePolicy, Rounding},
};

/// One wish of the user.
#[derive(Clone, Debug, PartialEq)]
pub enum UiCommand {
    /// Show another screen.
    ShowScreen(Screen),
    /// Fill the wells with the built-in sample.
    OpenSample,
    /// Fill the wells with a pair that was opened before.
    OpenPair {
        /// The base's folder.
        base: PathBuf,
        /// The adapter's folder.
        adapter: PathBuf,
    },
    /// Take the base that the adapter names.
    TakeBase(PathBuf),
    /// Forget the pairs that were opened before.
    ClearRecent,
    /// Choose a folder for a well in the system's dialog.
    Browse(WellKind),
    /// The text of a well's path field changed.
    EditPath(WellKind, String),
    /// The text of a well's path field is meant.
    EnterPath(WellKind),
    /// Put dropped folders into the wells they belong to.
    Drop(Vec<PathBuf>),
    /// Put a folder that was dropped on the output well into it.
    DropOnOutput(PathBuf),
    /// Choose what happens to dtypes.
    ChooseDtype(DtypePolicy),
    /// Choose how much of the adapter is merged.
    ChooseStrength(f64),
    /// Choose how updated tensors are rounded.
    ChooseRounding(Rounding),
    /// Choose whether the merged folder gets a model card.
    WriteCard(bool),
    /// Choose what computes.
    ChooseDevice(DeviceChoice),
    /// Choose the folder of one more adapter in the system's dialog.
    AddAdapter,
    /// Leave out one of the adapters beside the one in the well.
    RemoveAdapter(usize),
    /// Choose how much of such an adapter is merged.
    ChooseAdapterStrength(usize, f64),
    /// Choose a merged folder to be judged in the system's dialog.
    JudgeFolder,
    /// Merge as planned.
    StartMerge,
    /// Stop the running merge; what is finished is kept for the next one.
    CancelMerge,
    /// Remove what an interrupted merge left.
    DiscardPartial,
    /// Plan again after a failure.
    PlanAgain,
    /// Plan the same merge again for another folder, to choose other options; what is merged stays.
    MergeAgain,
    /// Open or fold a module of the tree.
    ToggleModule(String),
    /// Look at one module.
    SelectModule(String),
    /// Show only modules whose path contains this.
    FilterModules(String),
    /// Put the cursor into the filter.
    FocusFilter,
    /// Sort modules by this column: largest first, smallest first, as the tree has them.
    SortModules(SortColumn),
    /// Show only modules that change.
    ShowOnlyChanged(bool),
    /// Show the tree as a table or as printed text.
    ShowModulesAs(ModulesView),
    /// Put text on the clipboard.
    CopyText(String),
    /// Choose texts to measure perplexity on.
    BrowseTexts,
    /// Measure perplexity on these texts.
    MeasurePerplexity(Texts),
    /// Stop measuring and forget what was measured so far.
    CancelMeasurement,
    /// The prompt changed.
    EditPrompt(String),
    /// Time the models, and let them answer the prompt.
    MeasureTime,
    /// Stop timing.
    CancelTiming,
    /// Put the tables of the comparison on the clipboard, as Markdown.
    CopyComparison,
    /// Check the merged folder again.
    VerifyAgain,
    /// Stop checking.
    CancelVerification,
    /// Write the hash of every file into the merged folder.
    Seal,
    /// Stop hashing.
    CancelSeal,
    /// Write `report.json` and `report.md` beside the merged folder.
    ExportReport,
    /// Write a picture of this screen beside the merged folder.
    ExportPicture,
    /// Show the merged folder in the system's file manager.
    OpenFolder,
    /// System, light, dark, and around again.
    SwitchTheme,
    /// The next language.
    SwitchLanguage,
    /// Open or close the list of all commands.
    ShowPalette(bool),
    /// Show only commands with these words.
    SearchCommands(String),
    /// Point at a command of the list.
    PointAtCommand(usize),
}

impl UiCommand {
    /// What its button says; empty for commands that no button carries.
    #[must_use]
    pub fn label<'w>(&self, words: &'w Words) -> &'w str {
        match self {
            Self::ShowScreen(screen) => screen.title(words),
            Self::OpenSample => words.open_sample,
            Self::Browse(_) => words.browse,
            Self::StartMerge => words.merge,
            Self::CancelMerge
            | Self::CancelMeasurement
            | Self::CancelTiming
            | Self::CancelVerification
            | Self::CancelSeal => words.cancel,
            Self::AddAdapter => words.add_adapter,
            Self::RemoveAdapter(_) => words.remove,
            Self::JudgeFolder => words.judge_folder,
            Self::MeasureTime => words.measure_time,
            Self::CopyComparison => words.copy_table,
            Self::Seal => words.seal,
            Self::ExportPicture => words.export_picture,
            Self::ShowPalette(_) => words.all_commands,
            Self::WriteCard(_) => words.write_card,
            Self::DiscardPartial => words.discard,
            Self::PlanAgain => words.plan_again,
            Self::MergeAgain => words.merge_again,
            Self::FocusFilter => words.filter_hint,
            Self::ShowOnlyChanged(_) => words.only_changed,
            Self::CopyText(_) => words.copy,
            Self::BrowseTexts => words.measure_on_texts,
            Self::MeasurePerplexity(Texts::BuiltIn) => words.measure_on_builtin,
            Self::MeasurePerplexity(_) => words.measure_on_sample,
            Self::ClearRecent => words.clear_list,
            Self::VerifyAgain => words.verify_again,
            Self::ExportReport => words.export,
            Self::OpenFolder => words.open_folder,
            Self::SwitchTheme => words.theme,
            Self::SwitchLanguage => words.language_name,
            Self::ShowModulesAs(ModulesView::Table) => words.table,
            Self::ShowModulesAs(ModulesView::Printed) => words.printed,
            Self::OpenPair { .. }
            | Self::TakeBase(_)
            | Self::EditPath(..)
            | Self::EnterPath(_)
            | Self::Drop(_)
            | Self::DropOnOutput(_)
            | Self::ChooseDtype(_)
            | Self::ChooseStrength(_)
            | Self::ChooseAdapterStrength(..)
            | Self::ChooseRounding(_)
            | Self::ChooseDevice(_)
            | Self::EditPrompt(_)
            | Self::SearchCommands(_)
            | Self::PointAtCommand(_)
            | Self::SortModules(_)
            | Self::ToggleModule(_)
            | Self::SelectModule(_)
            | Self::FilterModules(_) => "",
        }
    }

    /// What it does, for the tooltip; empty where the label says it all.
    #[must_use]
    pub fn tooltip<'w>(&self, words: &'w Words) -> &'w str {
        match self {
            Self::ShowScreen(screen) => screen.tooltip(words),
            Self::OpenSample => words.open_sample_tooltip,
            Self::Browse(WellKind::Base) => words.browse_base_tooltip,
            Self::Browse(WellKind::Adapter) => words.browse_adapter_tooltip,
            Self::Browse(WellKind::Output) => words.browse_output_tooltip,
            Self::StartMerge => words.merge_tooltip,
            Self::CancelMerge => words.cancel_tooltip,
            Self::DiscardPartial => words.discard_tooltip,
            Self::MergeAgain => words.merge_again_tooltip,
            Self::FocusFilter => words.filter_tooltip,
            Self::ClearRecent => words.clear_list_tooltip,
            Self::BrowseTexts => words.measure_on_texts_tooltip,
            Self::MeasurePerplexity(Texts::BuiltIn) => words.measure_on_builtin_tooltip,
            Self::AddAdapter => words.add_adapter_tooltip,
            Self::JudgeFolder => words.judge_folder_tooltip,
            Self::MeasureTime => words.measure_time_tooltip,
            Self::CopyComparison => words.copy_table_tooltip,
            Self::Seal => words.seal_tooltip,
            Self::ExportPicture => words.export_picture_tooltip,
            Self::VerifyAgain => words.verify_again_tooltip,
            Self::ExportReport => words.export_tooltip,
            Self::OpenFolder => words.open_folder_tooltip,
            Self::SwitchTheme => words.theme_tooltip,
            Self::SwitchLanguage => words.language_tooltip,
            Self::ShowModulesAs(ModulesView::Printed) => words.printed_tooltip,
            _ => "",
        }
    }

    /// The keys that ask for it from anywhere.
    #[must_use]
    pub fn shortcut(&self) -> Option<KeyboardShortcut> {
        let command = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND, key));
        match self {
            Self::ShowScreen(Screen::Modules) => command(Key::Num1),
            Self::ShowScreen(Screen::Merge) => command(Key::Num2),
            Self::ShowScreen(Screen::Compare) => command(Key::Num3),
            Self::ShowScreen(Screen::Report) => command(Key::Num4),
            Self::Browse(WellKind::Base) => command(Key::B),
            Self::Browse(WellKind::Adapter) => command(Key::L),
            Self::Browse(WellKind::Output) => command(Key::O),
            Self::StartMerge => command(Key::Enter),
            Self::CancelMerge => Some(KeyboardShortcut::new(Modifiers::NONE, Key::Escape)),
            Self::FocusFilter => command(Key::F),
            Self::ShowModulesAs(_) => command(Key::P),
            Self::ExportReport => command(Key::E),
            Self::ExportPicture => command(Key::S),
            Self::MeasureTime => command(Key::M),
            Self::JudgeFolder => command(Key::J),
            Self::SwitchTheme => command(Key::T),
            Self::ShowPalette(_) => command(Key::K),
            _ => None,
        }
    }

    /// Tooltip and shortcut in one line; empty when there is neither.
    #[must_use]
    pub fn hover_text(&self, words: &Words, ctx: &egui::Context) -> String {
        let shortcut = self.shortcut().map(|shortcut| shortcut_text(ctx, shortcut)).unwrap_or_default();
        match (self.tooltip(words), shortcut.as_str()) {
            ("", "") => String::new(),
            (tooltip, "") => tooltip.to_owned(),
            ("", shortcut) => shortcut.to_owned(),
            (tooltip, shortcut) => format!("{tooltip} ({shortcut})"),
        }
    }
}

/// `Ctrl+Enter`, and `Esc` as it stands on the key.
pub fn shortcut_text(ctx: &egui::Context, shortcut: KeyboardShortcut) -> String {
    ctx.format_shortcut(&shortcut).replace("Escape", "Esc")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::words::words_en::ENGLISH;

    #[test]
    fn shortcuts_are_unique() {
        let commands = [
            UiCommand::ShowScreen(Screen::Modules),
            UiCommand::ShowScreen(Screen::Merge),
            UiCommand::ShowScreen(Screen::Compare),
            UiCommand::ShowScreen(Screen::Report),
            UiCommand::Browse(WellKind::Base),
            UiCommand::Browse(WellKind::Adapter),
            UiCommand::Browse(WellKind::Output),
            UiCommand::StartMerge,
            UiCommand::CancelMerge,
            UiCommand::FocusFilter,
            UiCommand::ShowModulesAs(ModulesView::Table),
            UiCommand::ExportReport,
            UiCommand::ExportPicture,
            UiCommand::MeasureTime,
            UiCommand::JudgeFolder,
            UiCommand::SwitchTheme,
            UiCommand::ShowPalette(true),
        ];
        for (index, command) in commands.iter().enumerate() {
            let shortcut = command.shortcut().unwrap();
            assert!(commands[..index].iter().all(|other| other.shortcut() != Some(shortcut)), "{command:?}");
            assert!(!command.label(&ENGLISH).is_empty());
        }
    }
}
