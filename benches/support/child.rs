//! A program run to its end, with its time and memory.

use std::{
    io,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// How often memory is looked at. The kernel keeps the peak itself, so only what a program takes in its last moments is
/// missed.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(20);

/// Seconds and bytes of one run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// From the start until all output was on the disk.
    pub wall_secs: f64,
    /// Peak of the resident memory (`VmHWM`), mapped files included.
    pub peak_byte_count: u64,
    /// Largest anonymous part of it that was seen (`RssAnon`): what cannot be given back without swap.
    pub anonymous_byte_count: u64,
}

/// Runs the programs one after the other; their times add up, of their memories the largest counts.
pub fn run(commands: &mut [Command]) -> io::Result<Usage> {
    let started = Instant::now();
    let mut usage = Usage::default();
    for command in commands {
        let (peak, anonymous) = run_one(command)?;
        usage.peak_byte_count = usage.peak_byte_count.max(peak);
        usage.anonymous_byte_count = usage.anonymous_byte_count.max(anonymous);
    }
    usage.wall_secs = started.elapsed().as_secs_f64();
    Ok(usage)
}

fn run_one(command: &mut Command) -> io::Result<(u64, u64)> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let (id, is_done) = (child.id(), &is_done);
        let watcher =
            thread::Builder::new().name("memory".to_owned()).spawn_scoped(scope, move || watch_memory(id, is_done))?;
        let result = wait(&mut child);
        is_done.store(true, Ordering::Relaxed);
        let memory = watcher.join().unwrap_or_default();
        result.map_err(|error| io::Error::other(format!("{}: {error}", command.get_program().display())))?;
        Ok(memory)
    })
}

/// Waits while reading what the program has to say, which is told only if it fails.
fn wait(child: &mut Child) -> io::Result<()> {
    let mut message = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        io::Read::read_to_string(&mut stderr, &mut message)?;
    }
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{status}\n{message}"))) }
}

/// Peak and anonymous memory of a process until it ends; zeros where the system does not tell.
fn watch_memory(id: u32, is_done: &AtomicBool) -> (u64, u64) {
    let (mut peak, mut anonymous) = (0, 0);
    while !is_done.load(Ordering::Relaxed) {
        if let Ok(status) = std::fs::read_to_string(format!("/proc/{id}/status")) {
            peak = peak.max(kibibytes(&status, "VmHWM:"));
            anonymous = anonymous.max(kibibytes(&status, "RssAnon:"));
        }
        thread::sleep(SAMPLE_INTERVAL);
    }
    (peak, anonymous)
}

/// The bytes of a line as `VmHWM:     1234 kB`.
fn kibibytes(status: &str, key: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()).map_or(0, |count| count * 1024)
}
