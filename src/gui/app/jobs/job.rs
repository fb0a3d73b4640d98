//! One piece of work on a thread of its own, and who takes its result.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use egui::Context;
use poll_promise::Promise;

use super::{kind::JobKind, progress::Progress, wake::Waker};
use crate::{
    job::{JobContext, JobWatch},
    message::Problem,
};

/// One piece of work on a thread of its own.
pub struct Job<S> {
    /// What it does.
    pub kind: JobKind,
    /// How far it is.
    pub progress: Progress,
    pub(super) watch: CancelOnDrop,
    pub(super) waker: Arc<Waker>,
    pub(super) result: Box<dyn Pending<S>>,
}

/// The watcher's end of a job: a result that nobody waits for is not worth its time.
pub(super) struct CancelOnDrop(pub(super) JobWatch);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// A result that is still to come, whatever its type.
pub trait Pending<S> {
    /// Whether it is there.
    fn is_ready(&self) -> bool;

    /// Hands it to who waits for it.
    fn hand_over(self: Box<Self>, state: &mut S, ctx: &Context);
}

/// The result of a job, and who takes it.
struct Promised<T: Send + 'static, F> {
    promise: Promise<Result<T, Problem>>,
    take: F,
}

impl<S, T, F> Pending<S> for Promised<T, F>
where
    T: Send + 'static,
    F: FnOnce(&mut S, &Context, Result<T, Problem>),
{
    fn is_ready(&self) -> bool {
        self.promise.ready().is_some()
    }

    fn hand_over(self: Box<Self>, state: &mut S, ctx: &Context) {
        if let Ok(result) = self.promise.try_take() {
            (self.take)(state, ctx, result);
        }
    }
}

/// A fault of ours, which the panic hook wrote to its log.
pub(super) fn lost_worker() -> Problem {
    Problem::lost_worker(crate::fault::last_log().as_deref())
}

impl<S> Job<S> {
    /// Starts `work`; a frame is asked for when it reports and when it ends, however it ends.
    pub(super) fn start<T: Send + 'static>(
        kind: JobKind,
        ctx: &Context,
        work: impl FnOnce(&JobContext) -> Result<T, Problem> + Send + 'static,
        take: impl FnOnce(&mut S, &Context, Result<T, Problem>) + 'static,
    ) -> Self {
        let waker = Arc::new(Waker::new(ctx));
        let (job, watch) = JobContext::new({
            let waker = Arc::clone(&waker);
            move || waker.wake()
        });
        let (sender, promise) = Promise::new();
        let ctx = ctx.clone();
        let spawned = std::thread::Builder::new().name(kind.thread_name()).spawn(move || {
            // A fault is told by its log; here it ends the job and not the window.
            let result = catch_unwind(AssertUnwindSafe(|| work(&job)));
            sender.send(result.unwrap_or_else(|_| Err(lost_worker())));
            ctx.request_repaint();
        });
        let promise = if spawned.is_ok() { promise } else { Promise::from_ready(Err(lost_worker())) };
        let result = Box::new(Promised { promise, take });
        Self { kind, progress: Progress::new(), watch: CancelOnDrop(watch), waker, result }
    }
}
