//! An X server without a screen, for one test.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

/// A running server, stopped at the end.
pub struct Display {
    server: Child,
    /// What `DISPLAY` has to say.
    pub name: String,
}

impl Display {
    /// Starts Xvfb on a display that it finds free; `None` where it is not installed.
    pub fn start() -> Option<Self> {
        let mut command = Command::new("Xvfb");
        // It writes the number once it listens, so nothing has to be waited for.
        command.args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"]);
        let mut server = match command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn() {
            Ok(server) => server,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            Err(error) => panic!("Xvfb does not start: {error}"),
        };
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        assert!(!number.trim().is_empty(), "Xvfb ended without a display");
        Some(Self { server, name: format!(":{}", number.trim()) })
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}
