//! The program in a home of its own, so that its settings are those of a first start.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

/// The running program, stopped at the end.
pub struct Program {
    process: Child,
    home: PathBuf,
}

impl Program {
    /// Starts it in English, with nothing of the user's or of another display.
    pub fn start(home: &Path, display: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lorafuse"));
        for name in
            ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DBUS_SESSION_BUS_ADDRESS", "LC_ALL", "LC_MESSAGES", "LANGUAGE"]
        {
            command.env_remove(name);
        }
        command
            .env("DISPLAY", display)
            .env("LANG", "C.UTF-8")
            .env("HOME", home)
            .env("XDG_DATA_HOME", home.join(".local/share"))
            .env("XDG_CONFIG_HOME", home.join(".config"))
            .env("XDG_CACHE_HOME", home.join(".cache"))
            .env("XDG_STATE_HOME", home.join(".local/state"))
            .env("XDG_RUNTIME_DIR", home)
            .stdin(Stdio::null());
        Self { process: command.spawn().unwrap(), home: home.to_owned() }
    }

    /// Fails where the program has ended by itself.
    pub fn assert_running(&mut self) {
        let ended = self.process.try_wait().unwrap();
        assert!(ended.is_none(), "the program ended by itself: {ended:?}");
    }

    /// How it ended, once it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().unwrap()
    }

    /// CPU time of all its threads so far, in steps of 10 ms.
    pub fn cpu_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        // Behind the name, which may hold blanks: state is field 3, user and system time are fields 14 and 15.
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: u64 = fields[11..=12].iter().map(|field| field.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// What was done, as it remembers it for its next start.
    pub fn history(&self) -> String {
        std::fs::read_to_string(self.home.join(".local/state/lorafuse/history.json")).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
