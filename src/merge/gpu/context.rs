//! An open device, and whether it still answers.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock},
    time::Duration,
};

use super::{
    chunks::ChunkLimits,
    found::{FoundGpu, ready},
};
use crate::merge::{
    MergeError,
    device::{Device, DeviceNeed, NotOpened},
};

/// No tile takes nearly as long; a device that does is not coming back.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(2);

/// Bytes of one buffer that the kernel uses at most: offsets in it stay far below 2³², also in elements.
const MOST_BINDING_BYTES: u64 = 1 << 30;

/// What the shader needs in one workgroup.
const THREADS: u32 = 256;
const WORKGROUP_MEMORY_BYTES: u32 = 16 << 10;
const STORAGE_BUFFERS: u32 = 5;

/// A device of our own, apart from the window's.
pub(super) struct Context {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub limits: ChunkLimits,
    name: String,
    failure: Failure,
}

/// The first thing that went wrong, whoever noticed it.
#[derive(Clone, Default)]
struct Failure(Arc<OnceLock<String>>);

impl Failure {
    fn record(&self, reason: impl Into<String>) {
        // Whatever follows the first failure follows from it.
        self.0.set(reason.into()).ok();
    }
}

impl Context {
    /// Opens the device.
    ///
    /// # Errors
    /// A device that is too small for the shader or that the driver refuses.
    pub(super) fn open(found: &FoundGpu) -> Result<Self, MergeError> {
        let name = found.info.title();
        let refused = |reason| MergeError::DeviceNotOpened { device: name.clone(), reason };
        let limits = found.adapter.limits();
        if let Some(reason) = shortage(&limits) {
            return Err(refused(reason));
        }
        let chunk_limits = chunk_limits(&limits);
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("lorafuse merge"),
            // All that the adapter has: the defaults would cut buffers smaller than they must be.
            required_limits: limits,
            // A few tiles and two factors need no blocks of hundreds of megabytes.
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let (device, queue) = ready(found.adapter.request_device(&descriptor))
            .map_err(|error| refused(NotOpened::Refused { said: error.to_string() }))?;
        let failure = Failure::default();
        let lost = failure.clone();
        device.set_device_lost_callback(move |reason, message| lost.record(format!("{reason:?}: {message}")));
        // Without a handler, wgpu panics; running out of memory arrives here too.
        let uncaptured = failure.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| uncaptured.record(error.to_string())));
        Ok(Self { device, queue, limits: chunk_limits, name, failure })
    }

    /// The device as reports name it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Why the device is lost, if it is.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.0.get().map(String::as_str)
    }

    /// Looks for news of the device without waiting.
    ///
    /// # Errors
    /// A device that is lost.
    pub(super) fn check(&self) -> Result<(), MergeError> {
        self.poll(wgpu::PollType::Poll)
    }

    /// Waits until everything of `submission` is done and its buffers are mapped.
    ///
    /// # Errors
    /// A device that is lost or does not answer.
    pub(super) fn wait(&self, submission: wgpu::SubmissionIndex) -> Result<(), MergeError> {
        self.poll(wgpu::PollType::Wait { submission_index: Some(submission), timeout: Some(ANSWER_TIMEOUT) })
    }

    fn poll(&self, how: wgpu::PollType) -> Result<(), MergeError> {
        if self.failure().is_none() {
            // `poll` panics where the driver reports a lost device while it waits.
            match catch_unwind(AssertUnwindSafe(|| self.device.poll(how))) {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => self.failure.record(error.to_string()),
                Err(_) => self.failure.record("the driver failed while it was waited for"),
            }
        }
        if self.failure().is_none() { Ok(()) } else { Err(self.lost()) }
    }

    /// Gives the device up, for `reason`.
    pub(super) fn give_up(&self, reason: &str) -> MergeError {
        self.failure.record(reason);
        self.lost()
    }

    fn lost(&self) -> MergeError {
        MergeError::DeviceLost { device: Device::Named(self.name.clone()) }
    }
}

/// What the adapter has too little of.
fn shortage(limits: &wgpu::Limits) -> Option<NotOpened> {
    let needs = [
        (limits.max_compute_invocations_per_workgroup, THREADS, DeviceNeed::WorkgroupThreads),
        (limits.max_compute_workgroup_storage_size, WORKGROUP_MEMORY_BYTES, DeviceNeed::WorkgroupBytes),
        (limits.max_storage_buffers_per_shader_stage, STORAGE_BUFFERS, DeviceNeed::StorageBuffers),
    ];
    let (has, needed, what) = needs.into_iter().find(|(has, needed, _)| has < needed)?;
    Some(NotOpened::TooSmall { what, has, needed })
}

fn chunk_limits(limits: &wgpu::Limits) -> ChunkLimits {
    let binding = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size).min(MOST_BINDING_BYTES);
    ChunkLimits {
        binding_byte_count: usize::try_from(binding).unwrap_or(usize::MAX),
        group_count: limits.max_compute_workgroups_per_dimension as usize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_without_compute_is_refused_by_what_it_lacks() {
        let limits = wgpu::Limits { max_compute_invocations_per_workgroup: 128, ..wgpu::Limits::defaults() };
        assert_eq!(shortage(&limits).unwrap().to_string(), "it offers 128 threads in a workgroup, the merge needs 256");
        assert_eq!(shortage(&wgpu::Limits::defaults()), None);
    }

    #[test]
    fn a_buffer_is_no_larger_than_the_smaller_limit() {
        let limits = wgpu::Limits { max_buffer_size: 1 << 20, ..wgpu::Limits::defaults() };
        assert_eq!(chunk_limits(&limits).binding_byte_count, 1 << 20);
    }
}
