//! The side of a file manager in a drop: <https://www.freedesktop.org/wiki/Specifications/XDND>.

use std::{
    fmt::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use x11rb::{
    connection::Connection as _,
    protocol::{
        Event,
        xproto::{
            self, Atom, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, PropMode,
            SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Window, WindowClass,
        },
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

/// The protocol's version that we speak.
const VERSION: u32 = 5;

/// Longest wait for an answer of the window.
const PATIENCE: Duration = Duration::from_mins(1);

/// Drags `folder` over `target` and lets go of it at `place` (of the root window); whether the target took it.
pub fn drop(connection: &RustConnection, root: Window, target: Window, place: (i16, i16), folder: &Path) -> bool {
    let drag = Drag::begin(connection, root, target, address(folder));
    let is_aware = connection.get_property(false, target, drag.atom("XdndAware"), xproto::AtomEnum::ATOM, 0, 1);
    assert!(!is_aware.unwrap().reply().unwrap().value.is_empty(), "the window says that it takes drops");
    drag.send("XdndEnter", [VERSION << 24, drag.kind, 0, 0]);
    let packed_place = (u32::from(place.0.unsigned_abs()) << 16) | u32::from(place.1.unsigned_abs());
    drag.send("XdndPosition", [0, packed_place, x11rb::CURRENT_TIME, drag.atom("XdndActionCopy")]);
    // The target looks at what is dragged before it is let go.
    let (status, is_accepted) = (drag.atom("XdndStatus"), 1);
    let (mut is_welcome, mut is_handed_over) = (false, false);
    drag.until(|event| {
        match event {
            Event::ClientMessage(message) if message.type_ == status => {
                is_welcome = message.data.as_data32()[1] & is_accepted == is_accepted;
                assert!(is_welcome, "the window refuses what is dragged over it");
            }
            Event::SelectionRequest(request) => is_handed_over = drag.hand_over(request),
            _ => {}
        }
        is_welcome && is_handed_over
    });
    drag.send("XdndDrop", [0, x11rb::CURRENT_TIME, 0, 0]);
    let finished = drag.atom("XdndFinished");
    let mut is_taken = false;
    drag.until(|event| match event {
        Event::ClientMessage(message) if message.type_ == finished => {
            is_taken = message.data.as_data32()[1] & is_accepted == is_accepted;
            true
        }
        _ => false,
    });
    connection.destroy_window(drag.source).unwrap().check().unwrap();
    is_taken
}

/// A drag under way.
struct Drag<'c> {
    connection: &'c RustConnection,
    source: Window,
    target: Window,
    /// `text/uri-list`.
    kind: Atom,
    address: String,
}

impl<'c> Drag<'c> {
    fn begin(connection: &'c RustConnection, root: Window, target: Window, address: String) -> Self {
        let source = connection.generate_id().unwrap();
        let input_only = WindowClass::INPUT_ONLY;
        let create = connection.create_window(0, source, root, 0, 0, 1, 1, 0, input_only, 0, &CreateWindowAux::new());
        create.unwrap().check().unwrap();
        let mut drag = Self { connection, source, target, kind: x11rb::NONE, address };
        drag.kind = drag.atom("text/uri-list");
        let selection = drag.atom("XdndSelection");
        connection.set_selection_owner(source, selection, x11rb::CURRENT_TIME).unwrap().check().unwrap();
        drag
    }

    fn atom(&self, name: &str) -> Atom {
        self.connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
    }

    /// Tells the target; the first word is always who drags.
    fn send(&self, kind: &str, [a, b, c, d]: [u32; 4]) {
        let message = ClientMessageEvent::new(32, self.target, self.atom(kind), [self.source, a, b, c, d]);
        self.connection.send_event(false, self.target, EventMask::NO_EVENT, message).unwrap().check().unwrap();
    }

    /// Gives the addresses to whoever asks for them in the right form; whether it did.
    fn hand_over(&self, request: &SelectionRequestEvent) -> bool {
        let is_right = request.target == self.kind;
        let property = if is_right { request.property } else { x11rb::NONE };
        if is_right {
            let bytes = self.address.as_bytes();
            let change =
                self.connection.change_property8(PropMode::REPLACE, request.requestor, property, self.kind, bytes);
            change.unwrap().check().unwrap();
        }
        let answer = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property,
        };
        self.connection.send_event(false, request.requestor, EventMask::NO_EVENT, answer).unwrap().check().unwrap();
        is_right
    }

    fn until(&self, mut is_done: impl FnMut(&Event) -> bool) {
        let started = Instant::now();
        loop {
            match self.connection.poll_for_event().unwrap() {
                Some(event) if is_done(&event) => return,
                Some(_) => {}
                None => std::thread::sleep(Duration::from_millis(5)),
            }
            assert!(started.elapsed() < PATIENCE, "the window does not answer to what is dragged over it");
        }
    }
}

/// `file:///…` and the line's end, every byte that is no letter or digit written as `%…`.
fn address(folder: &Path) -> String {
    let mut address = "file://".to_owned();
    for byte in folder.to_str().unwrap().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => address.push(byte.into()),
            byte => write!(address, "%{byte:02X}").unwrap(),
        }
    }
    address + "\r\n"
}
