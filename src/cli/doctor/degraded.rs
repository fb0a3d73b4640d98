//! What works less well here than it could, and the way out.

use lorafuse::platform::FileDialogs;
use serde::Serialize;

use super::{Diagnosis, window::Window};

/// Below this much free memory evaluation of real models is narrow.
const LITTLE_MEMORY: u64 = 4_000_000_000;

/// Below this much free space few merged models fit.
const LITTLE_SPACE: u64 = 20_000_000_000;

/// One thing.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Degraded {
    /// What is missing, and what that means.
    pub what: String,
    /// What to do about it, or what works all the same.
    pub remedy: String,
}

/// All that the diagnosis shows to be degraded, most important first.
pub fn of(diagnosis: &Diagnosis) -> Vec<Degraded> {
    let parts = [
        of_window(&diagnosis.window),
        diagnosis.files.sample.is_none().then(|| {
            degraded(
                "The built-in sample was not found: `demo` and “Try the sample” do not work.",
                "Install the program again, or set LORAFUSE_ASSETS to the folder that holds `sample`.",
            )
        }),
        (diagnosis.file_dialogs == FileDialogs::Missing).then(|| {
            degraded(
                "There is neither a desktop portal nor zenity: Browse… opens nothing.",
                "Drop folders into the window or paste their paths; or install zenity, or xdg-desktop-portal-gtk.",
            )
        }),
        (diagnosis.fonts.foreign_characters == Some(false)).then(|| {
            degraded(
                "The system has no font for characters beyond Latin and Hangul: names in them show as boxes.",
                "Install a font for them (Debian: fonts-noto-cjk).",
            )
        }),
        (!diagnosis.gpus.iter().any(|gpu| !gpu.is_software())).then(|| {
            degraded(
                "No GPU was found for merging: the processor computes, which is rarely slower.",
                "Nothing to do: a merge waits for the disk. A GPU needs a Vulkan driver here.",
            )
        }),
        (cfg!(target_arch = "x86_64") && !diagnosis.cpu.avx2).then(|| {
            degraded(
                "The processor has no AVX2: conversions and products are slower.",
                "Nothing to do: results are the same to the bit.",
            )
        }),
        diagnosis.memory.available_bytes.filter(|byte_count| *byte_count < LITTLE_MEMORY).map(|_| {
            degraded(
                "Less than 4 GB of memory is available: evaluation reads weights several times.",
                "Close other programs before comparing models. Merging needs about 100 MB.",
            )
        }),
        diagnosis.disk.first().and_then(|disk| disk.free_bytes).filter(|byte_count| *byte_count < LITTLE_SPACE).map(
            |_| {
                degraded(
                    "Less than 20 GB is free here: a merged 7 B model takes 15 GB.",
                    "Choose an output folder on another disk.",
                )
            },
        ),
    ];
    parts.into_iter().flatten().collect()
}

fn of_window(window: &Window) -> Option<Degraded> {
    match window {
        Window::Opens(drawn_by) if drawn_by.is_software == Some(true) => Some(degraded(
            "The window is drawn by the processor: it works, and moves less smoothly.",
            "Install the driver of the graphics card, or go on without it.",
        )),
        Window::Opens(_) => None,
        Window::Missing { reason, hint } => Some(Degraded {
            what: format!("The window does not open: {}.", reason.trim_end_matches('.')),
            remedy: match hint {
                Some(hint) => format!("{}.", upper_first(hint)),
                None => "Every other command works.".to_owned(),
            },
        }),
    }
}

fn degraded(what: &str, remedy: &str) -> Degraded {
    Degraded { what: what.to_owned(), remedy: remedy.to_owned() }
}

fn upper_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + characters.as_str())
}
