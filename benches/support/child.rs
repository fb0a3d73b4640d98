//! A program run to its end: how long it took, and how much memory it held at most.

use std::{
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// How often the memory is looked at; the kernel keeps the maximum, so that only the very end can be missed.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// What was measured of one run.
#[derive(Clone, Copy)]
pub struct Measured {
    pub duration_secs: f64,
    /// `VmHWM` of the process itself; 0 where the system does not tell.
    pub peak_resident_bytes: u64,
}

/// Runs `command`, which must succeed.
pub fn measure(command: &mut Command) -> Result<Measured, String> {
    let started = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    let mut peak_resident_bytes = 0;
    let status = loop {
        peak_resident_bytes = peak_resident_bytes.max(resident_high_water(child.id()));
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            break status;
        }
        sleep(POLL_INTERVAL);
    };
    let duration_secs = started.elapsed().as_secs_f64();
    if !status.success() {
        let mut message = String::new();
        if let Some(mut stderr) = child.stderr.take() {
            std::io::Read::read_to_string(&mut stderr, &mut message).ok();
        }
        return Err(format!("{} failed: {}", command.get_program().display(), message.trim_end()));
    }
    Ok(Measured { duration_secs, peak_resident_bytes })
}

fn resident_high_water(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kilobytes| kilobytes * 1024)
}
