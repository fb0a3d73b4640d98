//! `doctor`: what this machine offers, and what is degraded for lack of it.

mod degraded;
mod machine;
mod window;

use std::{fmt::Write as _, process::ExitCode};

use serde::Serialize;

use self::{
    degraded::Degraded,
    machine::{Cpu, Disk, Files, Fonts, Memory},
    window::Window,
};
use super::{
    Failure, Outcome,
    args::DoctorArgs,
    print,
    table::{Align, render},
};
use lorafuse::{
    merge::device::{self, GpuAdapter},
    platform::FileDialogs,
    units,
};

/// Everything that was looked at.
#[derive(Serialize)]
struct Diagnosis {
    version: &'static str,
    system: String,
    window: Window,
    gpus: Vec<GpuAdapter>,
    cpu: Cpu,
    memory: Memory,
    disk: Vec<Disk>,
    fonts: Fonts,
    file_dialogs: FileDialogs,
    files: Files,
    degraded: Vec<Degraded>,
}

/// Looks and prints; a machine that lacks something is no failure.
pub fn run(args: &DoctorArgs) -> Outcome {
    let diagnosis = Diagnosis::of_this_machine();
    if args.json {
        let text = serde_json::to_string_pretty(&diagnosis).map_err(|error| Failure::plain(&error))?;
        print(&format!("{text}\n"))?;
    } else {
        print(&diagnosis.text())?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Diagnosis {
    fn of_this_machine() -> Self {
        let window = Window::look();
        let mut diagnosis = Self {
            version: env!("CARGO_PKG_VERSION"),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            fonts: Fonts::of(window.drawn_by()),
            window,
            gpus: device::list_adapters(),
            cpu: Cpu::detect(),
            memory: Memory::measure(),
            disk: Disk::measure(),
            file_dialogs: FileDialogs::detect(),
            files: Files::find(),
            degraded: Vec::new(),
        };
        diagnosis.degraded = degraded::of(&diagnosis);
        diagnosis
    }

    fn text(&self) -> String {
        let mut rows = vec![
            row("Program", format!("lorafuse {} · {} · {}", self.version, self.system, self.files.program_text())),
            row("Window", self.window.text()),
        ];
        rows.extend(named("GPUs", &self.gpus.iter().map(GpuAdapter::entry).collect::<Vec<_>>(), "none"));
        rows.push(row("Processor", self.cpu.text()));
        rows.push(row("Memory", self.memory.text()));
        rows.extend(named("Disk", &self.disk.iter().map(Disk::text).collect::<Vec<_>>(), "not told"));
        rows.push(row("Fonts", self.fonts.text()));
        rows.push(row("File dialogs", self.file_dialogs.label().to_owned()));
        rows.push(row("Sample", self.files.sample_text()));
        rows.push(row("Logs", self.files.logs_text()));
        let mut out = render(&["", ""], &[Align::Left, Align::Left], &rows);
        out.push('\n');
        if self.degraded.is_empty() {
            out.push_str("Nothing is degraded.\n");
        } else {
            writeln!(out, "Degraded: {}", units::plural(self.degraded.len(), "thing")).ok();
            for degraded in &self.degraded {
                writeln!(out, "- {}\n  {}", degraded.what, degraded.remedy).ok();
            }
        }
        out
    }
}

fn row(title: &str, text: String) -> [String; 2] {
    [title.to_owned(), text]
}

/// A row for each entry, with the title on the first.
fn named(title: &str, entries: &[String], if_none: &str) -> Vec<[String; 2]> {
    if entries.is_empty() {
        return vec![row(title, if_none.to_owned())];
    }
    entries.iter().enumerate().map(|(index, entry)| row(if index == 0 { title } else { "" }, entry.clone())).collect()
}
