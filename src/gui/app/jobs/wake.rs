//! Wakes the window for what a worker reports, though never more often than is worth a frame.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// Between two frames that only a worker asked for. Live numbers change four times a second, and on a screen that is
/// drawn without a GPU every frame takes time from the work itself.
pub const FRAME_INTERVAL: Duration = Duration::from_millis(250);

/// Asks for one frame however many events there are, and for another when more come after it.
#[derive(Debug)]
pub struct Waker {
    ctx: egui::Context,
    is_asked: AtomicBool,
}

impl Waker {
    /// A waker of the window behind `ctx`.
    #[must_use]
    pub fn new(ctx: &egui::Context) -> Self {
        Self { ctx: ctx.clone(), is_asked: AtomicBool::new(false) }
    }

    /// Something happened; called by the worker as often as it likes.
    pub fn wake(&self) {
        if !self.is_asked.swap(true, Ordering::AcqRel) {
            self.ctx.request_repaint_after(FRAME_INTERVAL);
        }
    }

    /// The window looks now: what happens from here on is worth another frame. Called before the look, so that
    /// nothing is missed between the two.
    pub fn look(&self) {
        self.is_asked.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn frame(ctx: &egui::Context, look: impl Fn()) {
        ctx.run_ui(egui::RawInput::default(), |_| look()).textures_delta.clear();
    }

    /// A context without a window, and the delays of all frames that were asked of it.
    fn watched_context() -> (egui::Context, Arc<Mutex<Vec<Duration>>>) {
        let ctx = egui::Context::default();
        // The first passes ask for frames of their own.
        for _ in 0..4 {
            frame(&ctx, || {});
        }
        let delays = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&delays);
        ctx.set_request_repaint_callback(move |request| seen.lock().unwrap().push(request.delay));
        (ctx, delays)
    }

    #[test]
    fn a_thousand_events_ask_for_one_frame() {
        let (ctx, delays) = watched_context();
        let waker = Waker::new(&ctx);
        (0..1000).for_each(|_| waker.wake());
        assert_eq!(*delays.lock().unwrap(), [FRAME_INTERVAL]);
    }

    #[test]
    fn the_last_event_gets_its_frame() {
        let (ctx, delays) = watched_context();
        let waker = Waker::new(&ctx);
        for _ in 0..3 {
            waker.wake();
            waker.wake();
            frame(&ctx, || waker.look());
        }
        waker.wake();
        assert_eq!(delays.lock().unwrap().len(), 4, "one for each burst");
    }
}
