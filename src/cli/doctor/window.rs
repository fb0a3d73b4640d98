//! What draws the window, asked of a process of its own: drivers are foreign code that may crash or hang.

use serde::{Deserialize, Serialize};

/// What the hidden command `probe` answers.
#[derive(Serialize, Deserialize)]
pub struct DrawnBy {
    pub renderer: String,
    pub interface: String,
    pub device: String,
    pub is_software: Option<bool>,
    pub has_foreign_characters: Option<bool>,
}

/// Whether a window opens, and by what.
#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Window {
    /// It opens.
    Opens(DrawnBy),
    /// It does not, for a reason and with a way out.
    Missing { reason: String, hint: Option<String> },
}

impl Window {
    /// Asks; a build without a window answers so.
    pub fn look() -> Self {
        probe::run().unwrap_or_else(|reason| Self::Missing { reason, hint: None })
    }

    pub fn drawn_by(&self) -> Option<&DrawnBy> {
        match self {
            Self::Opens(drawn_by) => Some(drawn_by),
            Self::Missing { .. } => None,
        }
    }

    pub fn text(&self) -> String {
        match self {
            Self::Opens(drawn_by) => {
                let software = if drawn_by.is_software == Some(true) { " · drawn by the processor" } else { "" };
                format!("{} · {}{software}", drawn_by.interface, drawn_by.device)
            }
            Self::Missing { reason, .. } => reason.clone(),
        }
    }
}

mod probe {
    //! The asking itself.

    use std::{
        io::Read as _,
        process::{Child, Command, Stdio},
        time::{Duration, Instant},
    };

    use super::Window;

    /// A driver that takes longer is treated as one that hangs.
    const LIMIT: Duration = Duration::from_secs(20);

    /// How often the process is looked at.
    const POLL_INTERVAL: Duration = Duration::from_millis(20);

    /// Runs the probe; an error is why it could not even fail in order.
    pub fn run() -> Result<Window, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        command.arg("probe").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("no process could be started: {error}"))?;
        let status = ended(&mut child)?;
        let (mut answer, mut complaint) = (String::new(), String::new());
        // Both are far smaller than a pipe, so that reading them after the end is enough.
        child.stdout.take().map(|mut pipe| pipe.read_to_string(&mut answer));
        child.stderr.take().map(|mut pipe| pipe.read_to_string(&mut complaint));
        if status.success() {
            return serde_json::from_str(&answer).map(Window::Opens).map_err(|error| error.to_string());
        }
        Ok(missing(&complaint).unwrap_or(Window::Missing {
            reason: format!("the driver ended the process that tried it ({status})"),
            hint: Some("update the graphics driver, or start with LORAFUSE_RENDERER=glow".to_owned()),
        }))
    }

    fn ended(child: &mut Child) -> Result<std::process::ExitStatus, String> {
        let started = Instant::now();
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if started.elapsed() < LIMIT => std::thread::sleep(POLL_INTERVAL),
                Ok(None) => {
                    child.kill().ok();
                    child.wait().ok();
                    return Err(format!("the driver did not answer within {} s", LIMIT.as_secs()));
                }
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// What the process said of itself: an error and a hint, among lines of drivers.
    fn missing(complaint: &str) -> Option<Window> {
        // Drivers write lines that begin like ours; ours come last.
        let said = |prefix| complaint.lines().rev().find_map(|line| line.strip_prefix(prefix)).map(str::to_owned);
        Some(Window::Missing { reason: said("error: ")?, hint: said("hint: ") })
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn error_and_hint_are_found_among_other_lines() {
            let Some(Window::Missing { reason, hint }) =
                missing("error: from a driver\nerror: no display\nhint: run demo\n")
            else {
                panic!("nothing found");
            };
            assert_eq!((reason.as_str(), hint.as_deref()), ("no display", Some("run demo")));
            assert!(missing("Segmentation fault\n").is_none());
        }
    }
}
