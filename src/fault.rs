//! Faults of the program itself: every panic leaves a log, and says where it lies.

use std::{
    backtrace::Backtrace,
    fmt::Write as _,
    io::Write as _,
    panic::PanicHookInfo,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use crate::platform;

/// Whether panics are expected, as while drivers are tried.
static IS_HELD_BACK: AtomicBool = AtomicBool::new(false);

/// The last log of this process.
static LAST_LOG: Mutex<Option<PathBuf>> = Mutex::new(None);

/// From now on every panic of this process is logged; called once, by the program.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        if IS_HELD_BACK.load(Ordering::Relaxed) {
            return;
        }
        let log = platform::state_folder().and_then(|folder| write_log(&folder, &described(info)).ok());
        let mut stderr = std::io::stderr().lock();
        writeln!(stderr, "error: a fault of Lorafuse's own: {}", headline(info)).ok();
        match &log {
            Some(log) => writeln!(stderr, "hint: please report it; the log is {}", log.display()).ok(),
            None => writeln!(stderr, "hint: please report it; no log could be written").ok(),
        };
        *LAST_LOG.lock().unwrap_or_else(PoisonError::into_inner) = log;
    }));
}

/// Whether panics are expected from now on, as while drivers are tried, and leave no log.
pub fn hold_back(is_held_back: bool) {
    IS_HELD_BACK.store(is_held_back, Ordering::Relaxed);
}

/// Where the last fault of this process is described.
#[must_use]
pub fn last_log() -> Option<PathBuf> {
    LAST_LOG.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// What a panic carried.
#[must_use]
pub fn payload_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

/// `index out of bounds (src/tree/mod.rs:12:3)`
fn headline(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(|location| format!(" ({location})")).unwrap_or_default();
    format!("{}{place}", payload_text(info.payload()))
}

fn described(info: &PanicHookInfo<'_>) -> String {
    let mut text =
        format!("lorafuse {} on {} {}\n", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
    let thread = std::thread::current();
    writeln!(text, "thread {}: {}\n", thread.name().unwrap_or("without a name"), headline(info)).ok();
    writeln!(text, "{}", Backtrace::force_capture()).ok();
    text
}

/// Writes a new file, named by the time and the process.
fn write_log(folder: &Path, text: &str) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let path = folder.join(format!("fault-{seconds}-{}.log", std::process::id()));
    // Two threads that fail together share a log.
    std::fs::OpenOptions::new().append(true).create(true).open(&path)?.write_all(text.as_bytes())?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_new_and_a_second_fault_is_added_to_it() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("not/yet/there");
        let path = write_log(&folder, "first\n").unwrap();
        assert_eq!(path.parent(), Some(folder.as_path()));
        let again = write_log(&folder, "second\n").unwrap();
        let text = std::fs::read_to_string(&again).unwrap();
        assert!(text.ends_with("second\n"), "{text}");
    }

    #[test]
    fn a_payload_is_read_whatever_panicked() {
        assert_eq!(payload_text(&"static"), "static");
        assert_eq!(payload_text(&"owned".to_owned()), "owned");
        assert_eq!(payload_text(&7_u8), "no message");
    }
}
