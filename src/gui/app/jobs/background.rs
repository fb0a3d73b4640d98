//! Work away from the window's thread: named threads whose result is looked at once a frame.

use crossbeam_channel::{Receiver, TryRecvError, bounded};

/// One piece of work on a thread of its own.
#[derive(Debug)]
pub struct Task<T> {
    result: Receiver<T>,
}

/// What a look at a task finds.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// Still at work.
    Pending,
    /// Done.
    Ready(T),
    /// The thread could not start or stopped without a result.
    Lost,
}

impl<T: Send + 'static> Task<T> {
    /// Starts `work` on a thread named `name`; `ctx` is repainted when it is done.
    pub fn spawn(name: &str, ctx: &egui::Context, work: impl FnOnce() -> T + Send + 'static) -> Self {
        let (sender, result) = bounded(1);
        let ctx = ctx.clone();
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            // Repaints on a panic too, so that the window sees the lost task.
            let _repaint = RepaintOnDrop(ctx);
            sender.send(work()).ok();
        });
        // A thread that cannot start has dropped its sender: the task is lost and says so at the next look.
        spawned.ok();
        Self { result }
    }

    /// Looks for the result.
    #[must_use]
    pub fn poll(&self) -> Outcome<T> {
        match self.result.try_recv() {
            Ok(value) => Outcome::Ready(value),
            Err(TryRecvError::Empty) => Outcome::Pending,
            Err(TryRecvError::Disconnected) => Outcome::Lost,
        }
    }
}

struct RepaintOnDrop(egui::Context);

impl Drop for RepaintOnDrop {
    fn drop(&mut self) {
        self.0.request_repaint();
    }
}
