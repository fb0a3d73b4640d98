//! The one owner of work in the background.
//!
//! A job runs on a named thread, says how far it is, can be cancelled, and has a result of its own type, which goes to
//! whoever started it in the frame after it is there.

pub mod job;
pub mod kind;
pub mod progress;
pub mod wake;

use egui::Context;

use self::{
    job::{Job, Pending},
    kind::JobKind,
    progress::Progress,
    wake::FRAME_INTERVAL,
};
use crate::{
    job::{JobContext, JobEvent},
    message::Problem,
};

/// All work in the background on behalf of a state `S`.
pub struct Jobs<S> {
    running: Vec<Job<S>>,
}

impl<S> Default for Jobs<S> {
    fn default() -> Self {
        Self { running: Vec::new() }
    }
}

impl<S> std::fmt::Debug for Jobs<S> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.running.iter().map(|job| job.kind)).finish()
    }
}

impl<S> Jobs<S> {
    /// Starts `work` in place of the job of this kind before it; `take` gets its result. A fault in it is a problem like
    /// another.
    pub fn start<T: Send + 'static>(
        &mut self,
        kind: JobKind,
        ctx: &Context,
        work: impl FnOnce(&JobContext) -> Result<T, Problem> + Send + 'static,
        take: impl FnOnce(&mut S, &Context, Result<T, Problem>) + 'static,
    ) {
        self.forget(kind);
        self.running.push(Job::start(kind, ctx, work, take));
    }

    /// How far the job of this kind is; `None` where there is none.
    #[must_use]
    pub fn progress(&self, kind: JobKind) -> Option<&Progress> {
        self.running.iter().find(|job| job.kind == kind).map(|job| &job.progress)
    }

    /// Whether a job of this kind is at work.
    #[must_use]
    pub fn is_running(&self, kind: JobKind) -> bool {
        self.progress(kind).is_some()
    }

    /// Asks the job to stop; it still says how it ended.
    pub fn cancel(&self, kind: JobKind) {
        self.running.iter().filter(|job| job.kind == kind).for_each(|job| job.watch.0.cancel());
    }

    /// Asks the job to stop, and waits no more for its result.
    pub fn forget(&mut self, kind: JobKind) {
        self.running.retain(|job| job.kind != kind);
    }

    /// The same for all jobs about the merged folder that is shown.
    pub fn forget_result(&mut self) {
        self.running.retain(|job| !job.kind.is_about_result());
    }

    /// Looks how far all jobs are; returns what they reported since the last look.
    pub fn look(&mut self, ctx: &Context) -> Vec<(JobKind, JobEvent)> {
        let mut told = Vec::new();
        for job in &mut self.running {
            job.waker.look();
            told.extend(job.progress.look(&job.watch.0).into_iter().map(|event| (job.kind, event)));
            if job.progress.has_begun() {
                ctx.request_repaint_after(FRAME_INTERVAL);
            }
        }
        told
    }

    /// Takes a result that has come, to be handed over.
    pub fn take_result(&mut self) -> Option<Box<dyn Pending<S>>> {
        let index = self.running.iter().position(|job| job.result.is_ready())?;
        Some(self.running.remove(index).result)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// What jobs did to it.
    #[derive(Default)]
    struct Log {
        jobs: Jobs<Log>,
        taken: Vec<Result<u32, Problem>>,
    }

    fn take(log: &mut Log, _: &Context, result: Result<u32, Problem>) {
        log.taken.push(result);
    }

    fn drain_until(log: &mut Log, is_enough: impl Fn(&Log) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !is_enough(log) {
            assert!(Instant::now() < deadline, "the jobs did not end: {:?}", log.jobs);
            log.jobs.look(&Context::default());
            while let Some(result) = log.jobs.take_result() {
                result.hand_over(log, &Context::default());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn until_cancelled(job: &JobContext) -> u32 {
        while job.check_cancelled().is_ok() {
            std::thread::sleep(Duration::from_millis(1));
        }
        7
    }

    #[test]
    fn a_result_goes_to_who_asked_and_a_fault_is_a_problem() {
        let mut log = Log::default();
        log.jobs.start(JobKind::Seal, &Context::default(), |_| Ok(1), take);
        drain_until(&mut log, |log| log.taken.len() == 1);
        log.jobs.start(JobKind::Seal, &Context::default(), |_| panic!("a fault of ours"), take);
        drain_until(&mut log, |log| log.taken.len() == 2);
        assert_eq!(log.taken, [Ok(1), Err(job::lost_worker())]);
        assert!(!log.jobs.is_running(JobKind::Seal));
    }

    #[test]
    fn a_cancelled_job_says_how_it_ended_and_a_forgotten_one_nothing() {
        let mut log = Log::default();
        log.jobs.start(JobKind::Merge, &Context::default(), |job| Ok(until_cancelled(job)), take);
        log.jobs.cancel(JobKind::Merge);
        assert!(log.jobs.is_running(JobKind::Merge), "its result is still to come");
        drain_until(&mut log, |log| log.taken.len() == 1);
        log.jobs.start(JobKind::Verify, &Context::default(), |job| Ok(until_cancelled(job)), take);
        log.jobs.forget_result();
        assert!(!log.jobs.is_running(JobKind::Verify));
        assert!(log.jobs.take_result().is_none() && log.taken.len() == 1);
    }

    #[test]
    fn a_new_job_takes_the_place_of_the_one_of_its_kind() {
        let mut log = Log::default();
        log.jobs.start(JobKind::Spectrum, &Context::default(), |job| Ok(until_cancelled(job)), take);
        log.jobs.start(JobKind::Spectrum, &Context::default(), |_| Ok(2), take);
        drain_until(&mut log, |log| !log.taken.is_empty());
        assert_eq!(log.taken, [Ok(2)]);
    }

    #[test]
    fn what_a_job_reports_is_seen_by_the_next_look() {
        let mut log = Log::default();
        let work = |job: &JobContext| {
            job.start_stage(crate::job::Stage::Sealing, 10);
            job.advance(4);
            Ok(until_cancelled(job))
        };
        log.jobs.start(JobKind::Seal, &Context::default(), work, take);
        let is_seen =
            |log: &Log| log.jobs.progress(JobKind::Seal).is_some_and(|progress| progress.sample.bytes_done == 4);
        drain_until(&mut log, is_seen);
    }
}
