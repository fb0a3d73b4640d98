//! Everything that a person can ask of the window. Widgets emit commands; each screen carries out its own.

pub mod face;
pub mod of_app;

use self::{
    face::{Face, ScreenCommand},
    of_app::AppCommand,
};
use crate::gui::{
    frame::wells::command::WellsCommand,
    screens::{
        compare::command::CompareCommand, merge::command::MergeCommand, modules::command::ModulesCommand,
        palette::command::PaletteCommand, report::command::ReportCommand, welcome::command::WelcomeCommand,
    },
};

/// The one list of who has commands: a screen that is in it is in the palette, among the keys and in their test.
macro_rules! commands {
    ($($(#[$doc:meta])+ $screen:ident($command:ty)),+ $(,)?) => {
        /// What is asked, by the part of the window that carries it out.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Command {
            $($(#[$doc])+ $screen($command)),+
        }

        $(impl From<$command> for Command {
            fn from(command: $command) -> Self {
                Self::$screen(command)
            }
        })+

        impl Command {
            /// Every command with a face.
            pub fn listed() -> impl Iterator<Item = (Self, &'static Face)> {
                let listed = std::iter::empty();
                $(let listed = listed.chain(
                    <$command>::LISTED.iter().map(|(command, face)| (Self::$screen(command.clone()), face)),
                );)+
                listed
            }

            /// Its face; `None` for what comes from a field, a row or a slider.
            #[must_use]
            pub fn face(&self) -> Option<&'static Face> {
                match self {
                    $(Self::$screen(command) => command.face()),+
                }
            }
        }
    };
}

commands! {
    /// Of the window as a whole.
    App(AppCommand),
    /// Of base, adapter and output.
    Wells(WellsCommand),
    /// Of the welcome screen.
    Welcome(WelcomeCommand),
    /// Of the Modules screen.
    Modules(ModulesCommand),
    /// Of the Merge screen.
    Merge(MergeCommand),
    /// Of the Compare screen.
    Compare(CompareCommand),
    /// Of the Report screen.
    Report(ReportCommand),
    /// Of the list of all commands.
    Palette(PaletteCommand),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Language;

    #[test]
    fn a_key_asks_for_one_thing() {
        let mut keys: Vec<(Command, egui::KeyboardShortcut)> = Vec::new();
        for (command, face) in Command::listed() {
            let Some(key) = face.key else { continue };
            let other = keys.iter().find(|(other, known)| *known == key && !is_same_switch(other, &command));
            assert!(other.is_none(), "{command:?} has the key of {other:?}");
            keys.push((command, key));
        }
        assert!(keys.len() > 15, "the keys are gone: {keys:?}");
    }

    /// Both ways of one switch, of which only one can be asked for at a time, share its key.
    fn is_same_switch(left: &Command, right: &Command) -> bool {
        use Command::{Modules, Palette};
        matches!(
            (left, right),
            (Modules(ModulesCommand::ShowAs(_)), Modules(ModulesCommand::ShowAs(_)))
                | (Palette(PaletteCommand::Show(_)), Palette(PaletteCommand::Show(_)))
        )
    }

    #[test]
    fn every_listed_command_is_named_in_every_language() {
        for language in Language::ALL {
            for (command, face) in Command::listed() {
                assert!(!face.title(language).is_empty(), "{command:?} has no name in {language:?}");
            }
        }
    }

    #[test]
    fn no_command_is_listed_twice() {
        let listed: Vec<Command> = Command::listed().map(|(command, _)| command).collect();
        for (index, command) in listed.iter().enumerate() {
            assert!(!listed[..index].contains(command), "{command:?} has two faces");
        }
    }
}
