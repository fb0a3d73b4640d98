//! The program on a display of its own, with somebody in front of it.

use std::path::{Path, PathBuf};

use super::{
    PATIENCE, QUIET,
    display::Display,
    person::{CONTROL, Person},
    program::Program,
    until,
};
use crate::skip::skip;

/// Inside the mark of the chosen screen in the navigation, beside its icon.
pub const MERGE_SCREEN: (i16, i16) = (12, 180);

/// The same beside Compare.
pub const COMPARE_SCREEN: (i16, i16) = (12, 238);

/// In the row of BF16 among the options of a merge.
const BF16: (i16, i16) = (1000, 298);

/// An empty place of every screen.
const NOWHERE: (i16, i16) = (36, 560);

/// A start of the program; the program ends before its display. Where a test fails, what the window showed is kept.
pub struct Session {
    pub program: Program,
    pub person: Person,
    _display: Display,
    /// Blanks and Hangul, as in a user's folders: both are written otherwise in a dropped address.
    pub models: PathBuf,
    _home: tempfile::TempDir,
}

impl Session {
    /// Starts the program and waits for its window; `None` where there is no X server to show one on.
    pub fn start() -> Option<Self> {
        let Some(display) = Display::start() else {
            skip("Xvfb is not installed, so there is no X server to show a window on");
            return None;
        };
        let home = tempfile::tempdir().unwrap();
        let models = home.path().join("내 모델");
        let mut program = Program::start(home.path(), &display.name);
        let mut person = Person::at(&display.name);
        until("the window", || {
            program.assert_running();
            person.finds_window("Lorafuse")
        });
        let session = Self { program, person, _display: display, models, _home: home };
        session.rests();
        Some(session)
    }

    /// Waits until whatever was under way is over.
    pub fn rests(&self) {
        self.person.waits_until_quiet(QUIET, PATIENCE);
    }

    /// Drops `folder` and waits until its well shows it.
    pub fn drops(&self, folder: &Path) {
        let before = self.person.picture();
        assert!(self.person.drops(folder), "the window took the drop");
        // What is shown while folders are dragged over the window does not stay.
        until("the dropped folder in its well", || {
            self.rests();
            (self.person.picture() != before).then_some(())
        });
    }

    /// Goes to the Merge screen by its key.
    pub fn goes_to_merge(&self) {
        let elsewhere = self.person.picture().pixel(MERGE_SCREEN);
        until("the Merge screen", || {
            self.person.presses(&[CONTROL, '2' as u32]);
            (self.person.picture().pixel(MERGE_SCREEN) != elsewhere).then_some(())
        });
        self.rests();
    }

    /// Chooses BF16, and waits for the plan of it.
    pub fn chooses_bf16(&self) {
        let before = self.person.picture();
        until("the plan for BF16", || {
            self.person.clicks(BF16);
            self.rests();
            self.points_nowhere();
            (self.person.picture() != before).then_some(())
        });
    }

    /// Clicks the button that goes on, once it is there.
    pub fn goes_on(&self) {
        // Where it is pointed at already, it has another colour.
        self.points_nowhere();
        self.person.clicks(until("the button", || self.person.picture().widest_button()));
    }

    /// What is only pointed at does not stay.
    pub fn points_nowhere(&self) {
        self.person.points_at(NOWHERE);
        self.rests();
    }

    /// Finds `command` in the list of all, until `is_done`: on a slow machine the list opens behind what is typed.
    pub fn commands(&self, command: &str, is_done: impl Fn() -> bool) {
        until(command, || {
            self.person.commands(command, PATIENCE);
            self.rests();
            is_done().then_some(())
        });
    }
}

impl Drop for Session {
    /// Keeps a picture for whoever looks why.
    fn drop(&mut self) {
        if std::thread::panicking() && self.program.ended().is_none() {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("x_server.ppm");
            std::fs::write(&path, self.person.picture().to_ppm()).unwrap();
            println!("what the window showed: {}", path.display());
        }
    }
}
