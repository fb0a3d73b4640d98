//! The application as eframe drives it.

use super::{
    close::watch_close, command::Command, drain, input, jobs::kind::JobKind, logic, machine::Machine, settings,
    state::AppState,
};
use crate::{
    gui::{
        design::{fonts, theme},
        frame::window::window_ui,
        screens::{merge::jobs::find_gpus, welcome::greeting::greet},
    },
    message::Language,
};

/// Installs fonts and both themes into `ctx`.
pub fn install_look(ctx: &egui::Context) {
    fonts::install(ctx);
    theme::install(ctx);
}

/// The application as eframe drives it.
#[derive(Debug)]
pub struct LorafuseApp {
    /// What is known and shown.
    pub state: AppState,
    commands: Vec<Command>,
    /// As last seen, for the settings, which are saved outside of any frame.
    theme: egui::ThemePreference,
    /// Language and theme as they were saved last.
    saved: Option<(Language, egui::ThemePreference)>,
}

impl LorafuseApp {
    /// A window with nothing in its wells; [`install_look`] must have been called.
    #[must_use]
    pub fn new(machine: Machine) -> Self {
        Self {
            state: AppState::new(machine),
            commands: Vec::new(),
            theme: egui::ThemePreference::default(),
            saved: None,
        }
    }

    /// Saves what was chosen at once: a signal may end the program at any time.
    fn save_changes(&mut self, frame: &mut eframe::Frame) {
        let chosen = (self.state.language, self.theme);
        let before = self.saved.replace(chosen);
        if let Some(storage) = frame.storage_mut()
            && before.is_some_and(|before| before != chosen)
        {
            settings::Settings::of(&self.state, self.theme).save(storage);
            storage.flush();
        }
    }

    /// Asks for `command` as a widget would; it is carried out in the next frame.
    pub fn ask(&mut self, command: impl Into<Command>) {
        self.commands.push(command.into());
    }
}

impl eframe::App for LorafuseApp {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        self.theme = ctx.options(|options| options.theme_preference);
        let state = &mut self.state;
        let waits = state.sample.is_none() || state.recent_states.len() < state.recent().len();
        if state.is_welcome() && waits && !state.jobs.is_running(JobKind::Greet) {
            greet(state, ctx);
        }
        // Only now, so that slow drivers do not hold up the first frame.
        let waits = state.machine.looks_for_gpus && state.gpus.is_none();
        if waits && !state.is_welcome() && !state.jobs.is_running(JobKind::FindGpus) {
            find_gpus(state, ctx);
        }
        drain::drain(&mut self.state, ctx);
        self.commands.extend(input::keys(&self.state, ctx));
        self.commands.extend(input::drops(&mut self.state, ctx));
        for command in std::mem::take(&mut self.commands) {
            logic::carry_out(&mut self.state, ctx, command);
        }
        watch_close(&mut self.state, ctx);
        self.save_changes(frame);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        window_ui(ui, &self.state, &mut self.commands);
        if !self.commands.is_empty() {
            ui.ctx().request_repaint();
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        settings::Settings::of(&self.state, self.theme).save(storage);
    }

    fn persist_egui_memory(&self) -> bool {
        false
    }
}
