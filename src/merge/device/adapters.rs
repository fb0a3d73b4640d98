//! The adapters that this machine has, as a list that anything can show.

#[cfg(feature = "gpu")]
use std::{thread, time::Duration};

use serde::Serialize;

use crate::message;

/// A device that could compute, other than the CPU itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GpuAdapter {
    /// Its number, as in `gpu:0`.
    pub index: usize,
    /// Its name, as the driver gives it.
    pub name: String,
    /// The interface that reaches it: "Vulkan", "Metal" or "`DirectX` 12". A GPU may be listed once for each.
    pub backend: &'static str,
    /// What it is.
    pub kind: AdapterKind,
}

/// Kinds of adapters, in the order in which they are preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AdapterKind {
    /// A GPU with memory of its own.
    Discrete,
    /// A GPU that shares the CPU's memory.
    Integrated,
    /// A GPU that is lent to a virtual machine, or whose driver does not say what it is.
    Other,
    /// The CPU in a GPU's clothes (llvmpipe, WARP): never chosen unless asked for by its number.
    Software,
}

impl GpuAdapter {
    /// The device as reports name it.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}, {}", self.name, self.backend)
    }

    /// The entry of a list to choose from, in English: `gpu:0 RTX 4090 (Vulkan, discrete)`.
    #[must_use]
    pub fn entry(&self) -> String {
        message::english(self)
    }

    /// Whether it is the CPU in a GPU's clothes.
    #[must_use]
    pub fn is_software(&self) -> bool {
        self.kind == AdapterKind::Software
    }
}

/// Every adapter that a driver offers: discrete, integrated and other GPUs, then software.
///
/// It takes a few seconds at most; drivers that are missing or do not answer leave an empty list. Without the feature
/// `gpu` the list is always empty.
#[must_use]
pub fn list_adapters() -> Vec<GpuAdapter> {
    #[cfg(feature = "gpu")]
    {
        crate::merge::gpu::find().into_iter().map(|found| found.info).collect()
    }
    #[cfg(not(feature = "gpu"))]
    {
        Vec::new()
    }
}

/// What `work` gives, if it ends within `limit`; work that hangs is left alone on its thread.
#[cfg(feature = "gpu")]
pub(in crate::merge) fn within<T: Send + 'static>(
    limit: Duration,
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = crossbeam_channel::bounded(1);
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(move || sender.send(work()).ok());
    spawned.ok()?;
    receiver.recv_timeout(limit).ok()
}

#[cfg(all(test, feature = "gpu"))]
mod tests {
    use super::*;

    #[test]
    fn work_that_hangs_or_panics_gives_nothing() {
        assert_eq!(within(Duration::from_mins(1), "quick", || 7), Some(7));
        let (keep_waiting, waiting) = crossbeam_channel::bounded::<()>(1);
        assert_eq!(within(Duration::from_millis(20), "hung", move || waiting.recv().ok()), None);
        drop(keep_waiting);
        let refused: Option<()> = within(Duration::from_mins(1), "fails", || panic!("as this test wants"));
        assert_eq!(refused, None);
    }

    #[test]
    fn software_comes_last() {
        assert!(AdapterKind::Discrete < AdapterKind::Integrated);
        assert!(AdapterKind::Integrated < AdapterKind::Other && AdapterKind::Other < AdapterKind::Software);
        let adapters = list_adapters();
        assert!(adapters.is_sorted_by_key(|adapter| adapter.kind));
        assert!(adapters.iter().enumerate().all(|(index, adapter)| adapter.index == index));
    }
}
