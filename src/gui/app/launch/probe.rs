//! What would draw the window, told without showing it, or how long its first frame takes.

use std::{cell::RefCell, rc::Rc, time::Instant};

use eframe::{App, CreationContext};
use egui::{Context, RawInput, ViewportCommand};
use serde::Serialize;

use super::{
    launch_error::LaunchError,
    open::{LaunchPaths, app, viewport},
    renderers::{self, Place, Stop},
};
use crate::gui::{app::application::LorafuseApp, design::tokens::Type};

/// A character that no bundled face has: whether the system's fonts are found.
const FOREIGN: char = '漢';

/// What draws the window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DrawnBy {
    /// "wgpu" or "glow".
    pub renderer: String,
    /// The interface: "Vulkan", "Metal", "`DirectX` 12" or "OpenGL".
    pub interface: String,
    /// The device, as its driver names it.
    pub device: String,
    /// Whether the processor draws; `None` where the interface does not tell.
    pub is_software: Option<bool>,
    /// Whether a font of the system stands in for what the bundled faces lack; `None` where it was not tried.
    pub has_foreign_characters: Option<bool>,
    /// Milliseconds from the start of the process to the first frame; `None` where none was drawn.
    pub first_frame_ms: Option<f64>,
}

/// Tells what would draw the window.
///
/// # Errors
/// As for the window itself.
pub fn probe() -> Result<DrawnBy, LaunchError> {
    let found = RefCell::new(None);
    renderers::open(&viewport().with_visible(false), Place::Given, &|creation| {
        let foreign = has_foreign_characters(&creation.egui_ctx);
        *found.borrow_mut() = Some(DrawnBy { has_foreign_characters: Some(foreign), ..drawn_by(creation) });
        Err(Stop)
    })?;
    found.into_inner().ok_or_else(stopped)
}

/// Opens the window, draws one frame, closes it, and tells how long that took since `started`.
///
/// # Errors
/// As for the window itself.
pub fn time_first_frame(started: Instant) -> Result<DrawnBy, LaunchError> {
    let found = Rc::new(RefCell::new(None));
    renderers::open(&viewport(), Place::Given, &|creation| {
        let (drawn_by, found) = (drawn_by(creation), Rc::clone(&found));
        let app = app(creation, &LaunchPaths::default());
        Ok(Box::new(FirstFrame { app, started, drawn_by, has_painted: false, found }))
    })?;
    found.take().ok_or_else(stopped)
}

fn stopped() -> LaunchError {
    LaunchError::NoRenderer { reason: "the window was closed before it was drawn".to_owned() }
}

fn drawn_by(creation: &CreationContext<'_>) -> DrawnBy {
    let (renderer, interface, device, is_software) = match (&creation.wgpu_render_state, &creation.gl) {
        (Some(state), _) => {
            let info = state.adapter.get_info();
            // By their names, so that the window needs no crate of the GPU's.
            let is_software = format!("{:?}", info.device_type) == "Cpu" || info.name.contains("llvmpipe");
            let interface = match format!("{:?}", info.backend).as_str() {
                "Gl" => "OpenGL".to_owned(),
                "Dx12" => "DirectX 12".to_owned(),
                other => other.to_owned(),
            };
            ("wgpu", interface, info.name, Some(is_software))
        }
        (None, Some(gl)) => {
            use eframe::glow::HasContext as _;
            ("glow", "OpenGL".to_owned(), gl.version().vendor_info.clone(), None)
        }
        (None, None) => ("none", String::new(), String::new(), None),
    };
    DrawnBy {
        renderer: renderer.to_owned(),
        interface,
        device,
        is_software,
        has_foreign_characters: None,
        first_frame_ms: None,
    }
}

/// Draws a character in the void: fonts of the system are looked for when they are needed first.
fn has_foreign_characters(ctx: &Context) -> bool {
    crate::gui::app::application::install_look(ctx);
    for _ in 0..2 {
        let text = FOREIGN.to_string();
        let mut output = ctx.run_ui(RawInput::default(), |ui| drop(ui.label(&text)));
        // No painter takes them.
        output.textures_delta.clear();
    }
    ctx.fonts_mut(|fonts| fonts.has_glyph(&Type::BODY.font_id(), FOREIGN))
}

/// The app itself, until its first frame is on the screen.
struct FirstFrame {
    app: LorafuseApp,
    started: Instant,
    drawn_by: DrawnBy,
    has_painted: bool,
    found: Rc<RefCell<Option<DrawnBy>>>,
}

impl App for FirstFrame {
    fn logic(&mut self, ctx: &Context, frame: &mut eframe::Frame) {
        // The second pass begins when the first frame was handed to the screen.
        if self.has_painted && self.found.borrow().is_none() {
            let first_frame_ms = Some(self.started.elapsed().as_secs_f64() * 1e3);
            *self.found.borrow_mut() = Some(DrawnBy { first_frame_ms, ..self.drawn_by.clone() });
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
        self.app.logic(ctx, frame);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.app.ui(ui, frame);
        self.has_painted = true;
        ui.ctx().request_repaint();
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        self.app.clear_color(visuals)
    }

    fn persist_egui_memory(&self) -> bool {
        false
    }
}
