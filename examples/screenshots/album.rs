//! Where pictures go, in which looks and languages each screen is taken, and which of them are wanted.

use std::path::{Path, PathBuf};

use egui::{Theme, Vec2, vec2};
use egui_kittest::Harness;
use lorafuse::gui::{Language, LorafuseApp};

use super::support::USUAL_SIZE;

/// The smallest window that is allowed.
const SMALLEST_SIZE: Vec2 = vec2(900.0, 600.0);

/// High enough for all of Compare.
const TALL_SIZE: Vec2 = vec2(1280.0, 1440.0);

/// The pictures that the repository keeps.
const KEPT: [&str; 16] = [
    "welcome-light",
    "modules-light",
    "modules-dark",
    "modules-printed-light",
    "mismatch-light",
    "merge-plan-light",
    "merge-running-dark",
    "compare-light",
    "compare-dark",
    "report-light",
    "modules-korean-light",
    "compare-tall-light",
    "judged-light",
    "commands-light",
    "sizes-halved-light",
    "sizes-packed-light",
];

/// How a screen is shown for a picture.
pub struct Look {
    pub name: &'static str,
    theme: Theme,
    scale: f32,
    size: Vec2,
}

const fn look(name: &'static str, theme: Theme, scale: f32, size: Vec2) -> Look {
    Look { name, theme, scale, size }
}

pub const LOOKS: [Look; 5] = [
    look("light", Theme::Light, 1.0, USUAL_SIZE),
    look("dark", Theme::Dark, 1.0, USUAL_SIZE),
    look("light@2x", Theme::Light, 2.0, USUAL_SIZE),
    look("dark@2x", Theme::Dark, 2.0, USUAL_SIZE),
    look("light-small", Theme::Light, 1.0, SMALLEST_SIZE),
];

/// The languages in which every screen is taken, with what they add to a picture's name.
const LANGUAGES: [(Language, &str); 3] =
    [(Language::English, ""), (Language::Korean, "-in-korean"), (Language::Pseudo, "-in-pseudo")];

/// Where pictures go, and which are taken.
pub struct Album {
    pub folder: PathBuf,
    is_complete: bool,
    /// How names begin of the pictures that are wanted; all of them where it is empty.
    pub beginnings: Vec<String>,
}

impl Album {
    pub fn of_the_repository() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
        Self { folder, is_complete: false, beginnings: Vec::new() }
    }

    pub fn of(folder: PathBuf, beginnings: Vec<String>) -> Self {
        Self { folder, is_complete: true, beginnings }
    }

    /// Takes `screen` as it is now, in every look that is wanted.
    pub fn take(&self, harness: &mut Harness<'_, LorafuseApp>, screen: &str) {
        for look in &LOOKS {
            self.take_look(harness, screen, look);
        }
    }

    /// Takes `screen` in one look and every language, where that is wanted.
    pub fn take_look(&self, harness: &mut Harness<'_, LorafuseApp>, screen: &str, look: &Look) {
        let usual = harness.state().state.language;
        for (language, suffix) in LANGUAGES {
            let name = format!("{screen}{}-{}", if language == usual { "" } else { suffix }, look.name);
            if self.wants(&name) {
                harness.state_mut().state.language = language;
                harness.ctx.set_theme(look.theme);
                show_at(harness, look.scale, look.size);
                self.save(harness, &name);
                harness.state_mut().state.language = usual;
                show_at(harness, 1.0, USUAL_SIZE);
            }
        }
    }

    fn save(&self, harness: &mut Harness<'_, LorafuseApp>, name: &str) {
        // A processor that is busy elsewhere may take longer over a picture than wgpu waits.
        let image = (0..20).find_map(|_| harness.render().ok()).unwrap();
        image.save(self.folder.join(format!("{name}.png"))).unwrap();
    }

    pub fn wants(&self, name: &str) -> bool {
        if !self.is_complete {
            return KEPT.contains(&name);
        }
        self.beginnings.is_empty() || self.beginnings.iter().any(|beginning| name.starts_with(beginning))
    }

    /// Whether any picture of `screens` is wanted: what only they show need not be waited for.
    pub fn wants_any(&self, screens: &[&str]) -> bool {
        let is_wanted = |screen: &&str| {
            self.beginnings.iter().any(|wanted| screen.starts_with(wanted.as_str()) || wanted.starts_with(*screen))
        };
        self.beginnings.is_empty() || screens.iter().any(is_wanted)
    }

    /// Takes all of a screen that scrolls.
    pub fn take_tall(&self, harness: &mut Harness<'_, LorafuseApp>, screen: &str) {
        for (look, theme) in [("light", Theme::Light), ("dark", Theme::Dark)] {
            let name = format!("{screen}-tall-{look}");
            if self.wants(&name) {
                harness.ctx.set_theme(theme);
                show_at(harness, 1.0, TALL_SIZE);
                self.save(harness, &name);
            }
        }
        show_at(harness, 1.0, USUAL_SIZE);
    }
}

/// Moves the window to a screen of this scale and gives it this size in points.
pub fn show_at(harness: &mut Harness<'_, LorafuseApp>, scale: f32, size: Vec2) {
    let viewport = harness.input_mut().viewports.entry(egui::ViewportId::ROOT).or_default();
    viewport.native_pixels_per_point = Some(scale);
    harness.set_size(size);
    harness.set_render_cursor(false);
    harness.run_steps(3);
}
