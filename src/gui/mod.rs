//! The window. A leaf: no room knows that it exists.
//!
//! `logic` drains what workers report and acts on commands, `ui` only paints, a widget changes nothing but emits a
//! [`UiCommand`]. Everything slower than a frame happens on named threads.

mod background;
mod command;
mod drop_target;
mod evaluation;
mod fonts;
mod inspection;
mod launch;
mod logic;
mod panel;
mod problem;
mod run;
mod state;
mod theme;
mod tokens;
mod ui;
pub mod view;
mod widget;
mod words;
mod words_en;
mod words_ko;

pub use self::{
    command::UiCommand,
    evaluation::{Evaluation, Measured, Measuring},
    inspection::{Fit, Inspection, Slot},
    launch::{LaunchError, LaunchPaths, run},
    problem::Problem,
    run::{Finished, RunError, Sizes},
    state::{AppState, Job, Machine, ModulesView, Notice, Running, Screen, Tone, Well, WellKind, Wells},
    words::{Language, Words},
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
    workers: logic::Workers,
    commands: Vec<UiCommand>,
}

impl LorafuseApp {
    /// A window with nothing in its wells; [`install_look`] must have been called.
    #[must_use]
    pub fn new(machine: Machine) -> Self {
        Self { state: AppState::new(machine), workers: logic::Workers::default(), commands: Vec::new() }
    }

    /// Asks for `command` as a widget would; it is carried out in the next frame.
    pub fn ask(&mut self, command: UiCommand) {
        self.commands.push(command);
    }
}

impl eframe::App for LorafuseApp {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        logic::drain(&mut self.state, &mut self.workers, ctx);
        self.commands.extend(logic::shortcuts(&self.state, ctx));
        self.commands.extend(logic::drops(&mut self.state, ctx));
        for command in std::mem::take(&mut self.commands) {
            logic::carry_out(&mut self.state, &mut self.workers, ctx, command);
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        ui::window_ui(ui, &self.state, &mut self.commands);
        if !self.commands.is_empty() {
            ui.ctx().request_repaint();
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }

    fn persist_egui_memory(&self) -> bool {
        false
    }
}
