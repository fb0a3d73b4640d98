//! The small window that says, after a fault ended the large one, where its log lies.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use egui::{Align, Layout, Ui, Vec2, ViewportBuilder, ViewportCommand, vec2};

use super::{
    launch_error::LaunchError,
    renderers::{self, Place},
};
use crate::{
    gui::{
        app::{application::install_look, settings::Settings},
        design::{
            ink::Ink,
            layout::{panel::sunken_ui, rule::inset_ui, text::paragraph_ui},
            tokens::{Colors, Type, grid, space},
            widget::{ButtonLook, button_ui},
        },
    },
    message::Language,
};

/// The hidden command that shows it.
pub const FAULT_COMMAND: &str = "fault";

/// Of the window, in points.
const SIZE: Vec2 = vec2(560.0, 200.0);

/// Width of a button.
const BUTTON_WIDTH: f32 = 132.0;

/// The process of a fault may be in any state: another one shows the message and outlives it.
pub(in crate::gui) fn show_from_a_new_process(log: &Path) {
    let Ok(program) = std::env::current_exe() else { return };
    let mut command = Command::new(program);
    command.arg(FAULT_COMMAND).arg(log).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // The fault was told on stderr too; without a second process that must do.
    command.spawn().ok();
}

/// Shows where the log of a fault lies, and returns when that window is closed.
///
/// # Errors
/// As for the window itself.
pub fn show_fault(log: &Path) -> Result<(), LaunchError> {
    let viewport = ViewportBuilder::default().with_title("Lorafuse").with_inner_size(SIZE).with_resizable(false);
    renderers::open(&viewport, Place::Given, &|creation| {
        install_look(&creation.egui_ctx);
        // The main window's size is read with its language.
        creation.egui_ctx.send_viewport_cmd(ViewportCommand::InnerSize(SIZE));
        let language = creation.storage.map(Settings::load).unwrap_or_default().language;
        let language = language.unwrap_or_else(crate::gui::app::settings::language_of_system);
        Ok(Box::new(FaultWindow { log: log.to_owned(), words: language }))
    })
}

struct FaultWindow {
    log: PathBuf,
    words: Language,
}

impl eframe::App for FaultWindow {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        fault_ui(ui, &self.log, self.words);
    }

    fn persist_egui_memory(&self) -> bool {
        false
    }
}

/// Title, what to do, the path, and two buttons.
fn fault_ui(ui: &mut Ui, log: &Path, words: Language) {
    ui.painter().rect_filled(ui.max_rect(), 0.0, Colors::of(ui).app);
    ui.spacing_mut().item_spacing = Vec2::splat(space::S8);
    inset_ui(ui, space::S24, space::S24, |ui| {
        paragraph_ui(ui, words.text("fault-title"), Type::TITLE, Ink::Primary);
        paragraph_ui(ui, words.text("fault-text"), Type::BODY, Ink::Secondary);
        sunken_ui(ui, &log.to_string_lossy());
        ui.with_layout(Layout::right_to_left(Align::Max), |ui| {
            let button = |ui: &mut Ui, look, label| {
                let (_, rect) = ui.allocate_space(vec2(BUTTON_WIDTH, grid::BUTTON));
                button_ui(ui, rect, look, words.text(label), None, None).clicked()
            };
            if button(ui, ButtonLook::Primary, "fault-close") {
                ui.ctx().send_viewport_cmd(ViewportCommand::Close);
            }
            if button(ui, ButtonLook::Plain, "fault-copy") {
                ui.ctx().copy_text(log.to_string_lossy().into_owned());
            }
        });
    });
}
