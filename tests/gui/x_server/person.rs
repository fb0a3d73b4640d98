//! Somebody who looks at the window, points, presses keys and drags folders into it.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use x11rb::{
    connection::Connection as _,
    protocol::{
        Event,
        damage::{ConnectionExt as _, ReportLevel},
        xfixes::ConnectionExt as _,
        xproto::{
            AtomEnum, BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ClientMessageEvent, ConnectionExt as _, EventMask,
            ImageFormat, InputFocus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, MOTION_NOTIFY_EVENT, MapState, Window,
        },
        xtest::ConnectionExt as _,
    },
    rust_connection::RustConnection,
};

use super::drag;

/// The left control key, as a keysym.
pub const CONTROL: u32 = 0xffe3;

/// The key that stops what is under way.
pub const ESCAPE: u32 = 0xff1b;

/// The key that takes what is offered.
const RETURN: u32 = 0xff0d;

/// A list is there when nothing was painted for so long; its caret blinks more slowly.
const SETTLED: Duration = Duration::from_millis(250);

/// The colours of the button that goes on, in light and in dark; nothing else is as wide in them.
const BUTTON_COLORS: [u32; 2] = [0x001d_5bcb, 0x002c_66d8];

/// A person at one display.
pub struct Person {
    connection: RustConnection,
    root: Window,
    window: Window,
}

impl Person {
    /// Sits down at `display`.
    pub fn at(display: &str) -> Self {
        let (connection, screen) = x11rb::connect(Some(display)).unwrap();
        connection.damage_query_version(1, 1).unwrap().reply().unwrap();
        connection.xfixes_query_version(5, 0).unwrap().reply().unwrap();
        let root = connection.setup().roots[screen].root;
        Self { connection, root, window: x11rb::NONE }
    }

    /// Looks for a visible window of this title, and gives it the focus as a window manager would.
    pub fn finds_window(&mut self, title: &str) -> Option<()> {
        let windows = self.connection.query_tree(self.root).unwrap().reply().unwrap().children;
        self.window = windows.into_iter().find(|window| self.is_shown_as(*window, title))?;
        let damage = self.connection.generate_id().unwrap();
        self.connection.damage_create(damage, self.window, ReportLevel::RAW_RECTANGLES).unwrap().check().unwrap();
        self.connection.set_input_focus(InputFocus::PARENT, self.window, x11rb::CURRENT_TIME).unwrap().check().unwrap();
        Some(())
    }

    /// A window may go while it is looked at: then it is not the one.
    fn is_shown_as(&self, window: Window, title: &str) -> bool {
        let name = self.connection.get_property(false, window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 64).unwrap();
        let attributes = self.connection.get_window_attributes(window).unwrap();
        let is_named = name.reply().is_ok_and(|name| name.value == title.as_bytes());
        is_named && attributes.reply().is_ok_and(|attributes| attributes.map_state == MapState::VIEWABLE)
    }

    /// What the window shows now.
    pub fn picture(&self) -> Picture {
        let size = self.connection.get_geometry(self.window).unwrap().reply().unwrap();
        let image = self
            .connection
            .get_image(ImageFormat::Z_PIXMAP, self.window, 0, 0, size.width, size.height, u32::MAX)
            .unwrap()
            .reply()
            .unwrap();
        let pixels =
            image.data.chunks_exact(4).map(|pixel| u32::from_le_bytes(pixel.try_into().unwrap()) & 0x00ff_ffff);
        Picture { width: size.width.into(), pixels: pixels.collect() }
    }

    /// Moves the pointer.
    pub fn points_at(&self, (x, y): (i16, i16)) {
        self.fakes(MOTION_NOTIFY_EVENT, 0, (x, y));
    }

    /// Clicks at a place of the window.
    pub fn clicks(&self, place: (i16, i16)) {
        self.points_at(place);
        self.fakes(BUTTON_PRESS_EVENT, 1, (0, 0));
        self.fakes(BUTTON_RELEASE_EVENT, 1, (0, 0));
    }

    /// Presses keys together and lets go of them.
    pub fn presses(&self, keysyms: &[u32]) {
        let codes: Vec<u8> = keysyms.iter().map(|keysym| self.key_code(*keysym)).collect();
        for code in &codes {
            self.fakes(KEY_PRESS_EVENT, *code, (0, 0));
        }
        for code in codes.iter().rev() {
            self.fakes(KEY_RELEASE_EVENT, *code, (0, 0));
        }
    }

    /// Opens the list of commands, types what it is to find, and takes the first.
    pub fn commands(&self, query: &str, patience: Duration) {
        self.presses(&[CONTROL, 'k' as u32]);
        self.waits_until_quiet(SETTLED, patience);
        query.chars().for_each(|letter| self.presses(&[letter as u32]));
        self.waits_until_quiet(SETTLED, patience);
        self.presses(&[RETURN]);
    }

    fn fakes(&self, kind: u8, detail: u8, (x, y): (i16, i16)) {
        self.connection.xtest_fake_input(kind, detail, 0, self.root, x, y, 0).unwrap().check().unwrap();
    }

    fn key_code(&self, keysym: u32) -> u8 {
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let keys = self.connection.get_keyboard_mapping(first, last - first + 1).unwrap().reply().unwrap();
        let mut rows = keys.keysyms.chunks(keys.keysyms_per_keycode.into());
        let index = rows.position(|row| row.first() == Some(&keysym)).unwrap();
        first + u8::try_from(index).unwrap()
    }

    /// Drags `folder` into the middle of the window and lets go; whether the window took it.
    pub fn drops(&self, folder: &Path) -> bool {
        let size = self.connection.get_geometry(self.window).unwrap().reply().unwrap();
        let middle = ((size.width / 2).cast_signed(), (size.height / 2).cast_signed());
        self.points_at(middle);
        drag::drop(&self.connection, self.root, self.window, middle, folder)
    }

    /// How often anything was painted in the window within `duration`.
    pub fn counts_paintings(&self, duration: Duration) -> usize {
        while self.connection.poll_for_event().unwrap().is_some() {}
        let started = Instant::now();
        let mut count = 0;
        while started.elapsed() < duration {
            match self.connection.poll_for_event().unwrap() {
                Some(event) => count += usize::from(matches!(event, Event::DamageNotify(_))),
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
        count
    }

    /// Waits until nothing was painted for `quiet`.
    pub fn waits_until_quiet(&self, quiet: Duration, patience: Duration) {
        let started = Instant::now();
        while self.counts_paintings(quiet) > 0 {
            assert!(started.elapsed() < patience, "the window paints on and on");
        }
    }

    /// Asks the window to close, as the button of its frame does.
    pub fn closes_window(&self) {
        let atom = |name: &str| self.connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom;
        let data = [atom("WM_DELETE_WINDOW"), x11rb::CURRENT_TIME, 0, 0, 0];
        let message = ClientMessageEvent::new(32, self.window, atom("WM_PROTOCOLS"), data);
        self.connection.send_event(false, self.window, EventMask::NO_EVENT, message).unwrap().check().unwrap();
    }
}

/// What a window shows.
#[derive(PartialEq, Eq)]
pub struct Picture {
    width: usize,
    /// 0xRRGGBB, row by row.
    pixels: Vec<u32>,
}

impl Picture {
    /// The colour of one pixel.
    pub fn pixel(&self, (x, y): (i16, i16)) -> u32 {
        self.pixels[usize::from(y.unsigned_abs()) * self.width + usize::from(x.unsigned_abs())]
    }

    /// The picture as a file that every viewer opens.
    pub fn to_ppm(&self) -> Vec<u8> {
        let header = format!("P6 {} {} 255\n", self.width, self.pixels.len() / self.width);
        let bytes = self.pixels.iter().flat_map(|pixel| pixel.to_be_bytes().into_iter().skip(1));
        header.into_bytes().into_iter().chain(bytes).collect()
    }

    /// The left end of the widest stripe of the button's colour, where no letter stands.
    pub fn widest_button(&self) -> Option<(i16, i16)> {
        let mut widest = (0, None);
        for (y, row) in self.pixels.chunks_exact(self.width).enumerate() {
            let mut start = 0;
            for stripe in row.chunk_by(|left, right| left == right) {
                if BUTTON_COLORS.contains(&stripe[0]) && stripe.len() > widest.0 {
                    widest = (stripe.len(), Some((start, y)));
                }
                start += stripe.len();
            }
        }
        let (x, y) = widest.1?;
        Some((i16::try_from(x + 8).unwrap(), i16::try_from(y + 8).unwrap()))
    }
}
