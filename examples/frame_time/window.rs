//! The real app without a window system.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use eframe::App as _;
use egui::{Event, RawInput, Rect, Vec2, vec2};
use lorafuse::gui::{LorafuseApp, Machine, Phase, WellKind, WellsCommand, install_look};

use crate::dropped::Dropped;

/// The size that the window opens with.
pub const SIZE: Vec2 = vec2(1280.0, 800.0);

/// Between two frames, as on a screen of 60 Hz.
pub const FRAME: Duration = Duration::from_micros(16_667);

/// The app in a window that nobody sees.
pub struct Window {
    ctx: egui::Context,
    /// The app itself.
    pub app: LorafuseApp,
    frame: eframe::Frame,
    started: Instant,
}

impl Window {
    /// An empty one.
    pub fn new() -> Self {
        let ctx = egui::Context::default();
        install_look(&ctx);
        // This program knows no hidden commands: it would measure itself.
        let app = LorafuseApp::new(Machine { program: None, history: None, ..Machine::detect() });
        Self { ctx, app, frame: eframe::Frame::_new_kittest(), started: Instant::now() }
    }

    /// What work in the background asks for frames.
    pub fn ctx(&self) -> egui::Context {
        self.ctx.clone()
    }

    /// Fills the wells and waits until all of the diff is shown.
    pub fn open(&mut self, base: PathBuf, adapter: PathBuf) {
        for (kind, path) in [(WellKind::Base, base), (WellKind::Adapter, adapter)] {
            self.app.ask(WellsCommand::EditPath(kind, path.to_string_lossy().into_owned()));
            self.app.ask(WellsCommand::EnterPath(kind));
        }
        self.run_until(|app| matches!(app.state.phase, Phase::Planned(_)) && app.state.modules.scale.is_some());
    }

    /// All that a frame needs before its triangles go to the GPU.
    pub fn frame(&mut self, events: Vec<Event>) {
        self.frame_of(RawInput { events, ..RawInput::default() });
    }

    /// A frame at whose beginning folders are dropped.
    pub fn drop_folders(&mut self, folders: &[PathBuf]) {
        let files = folders.iter().map(|path| Arc::new(Dropped(path.clone())) as egui::DroppedFileHandle);
        self.frame_of(RawInput { dropped_files: files.collect(), ..RawInput::default() });
    }

    fn frame_of(&mut self, input: RawInput) {
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(egui::Pos2::ZERO, SIZE)),
            time: Some(self.started.elapsed().as_secs_f64()),
            focused: true,
            ..input
        };
        let mut output = self.ctx.run_ui(input, |ui| {
            self.app.logic(ui.ctx(), &mut self.frame);
            self.app.ui(ui, &mut self.frame);
        });
        output.textures_delta.clear();
        let meshes = self.ctx.tessellate(output.shapes, output.pixels_per_point);
        assert!(!meshes.is_empty(), "a frame that shows nothing costs nothing");
    }

    /// Paints frames until `is_done`.
    pub fn run_until(&mut self, is_done: impl Fn(&LorafuseApp) -> bool) {
        while !is_done(&self.app) {
            self.frame(Vec::new());
            std::thread::sleep(FRAME);
        }
    }
}
