//! Processor, memory, disk, fonts, and where our own files lie.

use std::path::PathBuf;

use lorafuse::{numeric::CpuLevel, platform, sample::Sample, units};
use serde::Serialize;

use super::window::DrawnBy;

/// The processor.
#[derive(Serialize)]
pub struct Cpu {
    pub threads: usize,
    /// The instructions that merges use.
    pub used: String,
    pub avx2: bool,
    pub avx512: bool,
}

impl Cpu {
    pub fn detect() -> Self {
        let level = CpuLevel::detected();
        Self {
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            used: level.to_string(),
            avx2: level >= CpuLevel::Avx2,
            avx512: level >= CpuLevel::Avx512,
        }
    }

    pub fn text(&self) -> String {
        format!("{} · {}", units::plural(self.threads, "thread"), self.used)
    }
}

/// Memory in bytes; null where the system does not tell.
#[derive(Serialize)]
pub struct Memory {
    pub available_bytes: Option<u64>,
    pub total_bytes: Option<u64>,
}

impl Memory {
    pub fn measure() -> Self {
        Self { available_bytes: platform::available_memory_bytes(), total_bytes: platform::total_memory_bytes() }
    }

    pub fn text(&self) -> String {
        format!("{} available of {}", bytes(self.available_bytes), bytes(self.total_bytes))
    }
}

/// What a disk still takes.
#[derive(Serialize)]
pub struct Disk {
    pub folder: PathBuf,
    pub free_bytes: Option<u64>,
    pub is_writable: bool,
}

impl Disk {
    /// Where this process stands, and where the user's files are.
    pub fn measure() -> Vec<Self> {
        let mut folders: Vec<PathBuf> =
            [std::env::current_dir().ok(), std::env::home_dir()].into_iter().flatten().collect();
        folders.dedup();
        folders
            .into_iter()
            .map(|folder| Self {
                free_bytes: platform::free_bytes(&folder),
                is_writable: platform::is_writable(&folder),
                folder,
            })
            .collect()
    }

    pub fn text(&self) -> String {
        let remark = if self.is_writable { "" } else { ", read-only" };
        format!("{} free in {}{remark}", bytes(self.free_bytes), self.folder.display())
    }
}

/// What can be written on the screen.
#[derive(Serialize)]
pub struct Fonts {
    /// Bundled, every syllable of it: no font of the system is needed for English and Korean.
    pub hangul: bool,
    /// Whether the system has a font for characters that the bundled ones lack; null where no window was tried.
    pub foreign_characters: Option<bool>,
}

impl Fonts {
    pub fn of(drawn_by: Option<&DrawnBy>) -> Self {
        let foreign_characters = drawn_by.and_then(|drawn_by| drawn_by.has_foreign_characters);
        Self { hangul: cfg!(feature = "gui"), foreign_characters }
    }

    pub fn text(&self) -> String {
        let own = if self.hangul { "Latin and Hangul bundled" } else { "none, as this build has no window" };
        match self.foreign_characters {
            Some(true) => format!("{own} · others (漢) from the system"),
            Some(false) => format!("{own} · others (漢) show as boxes"),
            None => own.to_owned(),
        }
    }
}

/// Our own files.
#[derive(Serialize)]
pub struct Files {
    pub program: Option<PathBuf>,
    pub sample: Option<PathBuf>,
    pub logs: Option<PathBuf>,
}

impl Files {
    pub fn find() -> Self {
        Self {
            program: std::env::current_exe().ok(),
            sample: Sample::find().ok().map(|sample| dunce::canonicalize(&sample.root).unwrap_or(sample.root)),
            logs: platform::state_folder(),
        }
    }

    pub fn program_text(&self) -> String {
        path(self.program.as_ref(), "somewhere")
    }

    pub fn sample_text(&self) -> String {
        path(self.sample.as_ref(), "not found")
    }

    pub fn logs_text(&self) -> String {
        path(self.logs.as_ref(), "nowhere")
    }
}

fn path(path: Option<&PathBuf>, if_none: &str) -> String {
    path.map_or_else(|| if_none.to_owned(), |path| path.display().to_string())
}

fn bytes(byte_count: Option<u64>) -> String {
    byte_count.map_or_else(|| "an unknown amount".to_owned(), units::bytes)
}
