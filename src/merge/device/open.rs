//! Opening what was asked for.

use super::{DeviceChoice, DeviceReason, DeviceReport};
use crate::{
    merge::{CpuKernel, Kernel, MergeError},
    plan::MergePlan,
};

/// A kernel for `plan` and why it is this one.
///
/// Automatically, the first GPU that is no software renderer is tried against the CPU with tiles of this merge, and the
/// faster one is taken; a GPU that fails its trial is not. A software renderer is only taken by its number. Stochastic
/// rounding is computed on the CPU, whatever was asked for, and the report says so.
///
/// # Errors
/// A device that is not there, only a software renderer where a GPU was asked for, a driver that refuses or computes
/// wrongly; factors that cannot be read for the trial.
pub fn open(choice: DeviceChoice, plan: &MergePlan) -> Result<(Box<dyn Kernel + Send>, DeviceReport), MergeError> {
    match choice {
        DeviceChoice::Gpu(_) if plan.rounding.is_stochastic() => {
            cpu(DeviceReason::StochasticOnCpu { is_gpu_asked: true })
        }
        DeviceChoice::Auto if plan.rounding.is_stochastic() => {
            cpu(DeviceReason::StochasticOnCpu { is_gpu_asked: false })
        }
        DeviceChoice::Cpu => cpu(DeviceReason::CpuAsked),
        DeviceChoice::Gpu(wanted) => gpu(wanted),
        DeviceChoice::Auto => automatic(plan),
    }
}

fn cpu(reason: DeviceReason) -> Result<(Box<dyn Kernel + Send>, DeviceReport), MergeError> {
    let kernel = CpuKernel::new()?;
    let report = DeviceReport { device: kernel.device(), reason, trial: None, tally: None };
    Ok((Box::new(kernel), report))
}

#[cfg(not(feature = "gpu"))]
fn gpu(_wanted: Option<usize>) -> Result<(Box<dyn Kernel + Send>, DeviceReport), MergeError> {
    Err(MergeError::NoGpuSupport)
}

#[cfg(not(feature = "gpu"))]
fn automatic(_plan: &MergePlan) -> Result<(Box<dyn Kernel + Send>, DeviceReport), MergeError> {
    cpu(DeviceReason::NoGpuSupport)
}

#[cfg(feature = "gpu")]
use with_gpu::{automatic, gpu};

#[cfg(feature = "gpu")]
mod with_gpu {
    use std::{sync::Arc, time::Duration};

    use super::{
        super::{
            GpuAdapter, NotOpened, TrialTimes,
            trial::{Prospect, Trial},
            within,
        },
        CpuKernel, DeviceReason, DeviceReport, Kernel, MergeError, MergePlan, cpu,
    };
    use crate::merge::gpu::{FoundGpu, GpuKernel, find};

    /// A driver that needs longer to open its device and to compile a shader is broken.
    const OPEN_TIMEOUT: Duration = Duration::from_secs(30);

    /// Opens the GPU with the number `wanted`, or the first.
    pub(super) fn gpu(wanted: Option<usize>) -> Result<(Box<dyn Kernel + Send>, DeviceReport), MergeError> {
        let mut found = find();
        let adapters: Vec<GpuAdapter> = found.iter().map(|found| found.info.clone()).collect();
        let adapter = pick(&adapters, wanted)?;
        let (title, is_software) = (adapter.title(), adapter.is_software());
        let found = found.swap_remove(adapter.index);
        let kernel = answered(within(OPEN_TIMEOUT, "open-gpu", move || GpuKernel::open(&found)), &title)?;
        let report = DeviceReport {
            device: kernel.device(),
            reason: DeviceReason::GpuAsked { gpu: title, is_software },
            trial: None,
            tally: Some(kernel.tally()),
        };
        Ok((Box::new(kernel), report))
    }

    /// Takes the faster of CPU and first GPU.
    pub(super) fn automatic(plan: &MergePlan) -> Result<(Box<dyn Kernel + Send>, DeviceReport), MergeError> {
        let trial = match Prospect::of(plan)? {
            Prospect::Trial(trial) => trial,
            Prospect::Nothing(reason) => return cpu(DeviceReason::NothingToTry(reason)),
        };
        let mut found = find();
        let adapters: Vec<GpuAdapter> = found.iter().map(|found| found.info.clone()).collect();
        match first_gpu(&adapters) {
            Ok(adapter) => compare(found.swap_remove(adapter.index), trial),
            Err(reason) => cpu(reason),
        }
    }

    fn compare(found: FoundGpu, trial: Trial) -> Result<(Box<dyn Kernel + Send>, DeviceReport), MergeError> {
        let title = found.info.title();
        let mut on_cpu = CpuKernel::new()?;
        let cpu_tile_ms = trial.tile_ms(&mut on_cpu)?;
        let tried = within(OPEN_TIMEOUT, "try-gpu", move || {
            let mut kernel = GpuKernel::open(&found)?;
            let gpu_tile_ms = trial.tile_ms(&mut kernel)?;
            kernel.restart_tally();
            Ok((kernel, gpu_tile_ms))
        });
        let (on_gpu, gpu_tile_ms) = match answered(tried, &title) {
            Ok(tried) => tried,
            Err(error) => return cpu(DeviceReason::TrialFailed { error: Arc::new(error) }),
        };
        let times = TrialTimes { cpu_tile_ms, gpu_tile_ms };
        let reason = DeviceReason::tried(title, times);
        let trial = Some(times);
        if times.is_gpu_faster() {
            let report = DeviceReport { device: on_gpu.device(), reason, trial, tally: Some(on_gpu.tally()) };
            Ok((Box::new(on_gpu), report))
        } else {
            let report = DeviceReport { device: on_cpu.device(), reason, trial, tally: None };
            Ok((Box::new(on_cpu), report))
        }
    }

    fn answered<T>(result: Option<Result<T, MergeError>>, title: &str) -> Result<T, MergeError> {
        result.unwrap_or_else(|| {
            let reason = NotOpened::NoAnswer { timeout_secs: OPEN_TIMEOUT.as_secs() };
            Err(MergeError::DeviceNotOpened { device: title.to_owned(), reason })
        })
    }

    /// The adapter that was asked for by its number, or the first that is no software renderer.
    fn pick(adapters: &[GpuAdapter], wanted: Option<usize>) -> Result<&GpuAdapter, MergeError> {
        let listed = || adapters.to_vec();
        match wanted {
            Some(index) => adapters
                .get(index)
                .ok_or_else(|| MergeError::NoSuchDevice { asked: format!("gpu:{index}"), listed: listed() }),
            None => first_gpu(adapters).map_err(|_| match adapters {
                [] => MergeError::NoSuchDevice { asked: "gpu".to_owned(), listed: Vec::new() },
                _ => MergeError::OnlySoftwareDevice { listed: listed() },
            }),
        }
    }

    /// The first adapter that is no software renderer, or why there is none.
    fn first_gpu(adapters: &[GpuAdapter]) -> Result<&GpuAdapter, DeviceReason> {
        let mut gpus = adapters.iter().filter(|adapter| !adapter.is_software());
        gpus.next().ok_or_else(|| match adapters {
            [] => DeviceReason::NoGpu,
            [software, ..] => DeviceReason::OnlySoftware { name: software.name.clone() },
        })
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::{error::Hint as _, merge::device::AdapterKind, skip::skip};

        fn adapters(kinds: &[AdapterKind]) -> Vec<GpuAdapter> {
            let adapter = |(index, kind): (usize, &AdapterKind)| {
                let name = format!("device {index}");
                GpuAdapter { index, name, backend: "Vulkan", kind: *kind }
            };
            kinds.iter().enumerate().map(adapter).collect()
        }

        #[test]
        fn a_software_renderer_is_taken_by_its_number_only() {
            let mixed = adapters(&[AdapterKind::Integrated, AdapterKind::Software]);
            assert_eq!(pick(&mixed, None).unwrap().index, 0);
            assert_eq!(pick(&mixed, Some(1)).unwrap().index, 1);
            let software = adapters(&[AdapterKind::Software]);
            assert_eq!(pick(&software, Some(0)).unwrap().index, 0);
            let error = pick(&software, None).unwrap_err();
            assert!(error.to_string().contains("gpu:0 device 0 (Vulkan, software)"), "{error}");
            assert!(error.hint().unwrap().contains("--device gpu:0"), "{:?}", error.hint());
            let reason = first_gpu(&software).unwrap_err();
            assert_eq!(reason.to_string(), "CPU: no GPU but a software renderer (device 0) was found");
        }

        #[test]
        fn a_missing_device_is_answered_with_those_there_are() {
            let two = adapters(&[AdapterKind::Discrete, AdapterKind::Software]);
            let error = pick(&two, Some(2)).unwrap_err();
            assert!(error.to_string().contains("gpu:2"), "{error}");
            let hint = error.hint().unwrap();
            assert!(hint.contains("gpu:0 device 0 (Vulkan, discrete), gpu:1 device 1"), "{hint}");
            for wanted in [None, Some(0)] {
                let hint = pick(&[], wanted).unwrap_err().hint().unwrap();
                assert!(hint.contains("--device cpu"), "{hint}");
            }
            assert_eq!(first_gpu(&[]).unwrap_err().to_string(), "CPU: no GPU with a driver was found");
        }

        #[test]
        fn a_trial_takes_the_faster_one_and_says_both_times() {
            let Some(found) = find().into_iter().next() else {
                return skip("there is no adapter, not even a software renderer");
            };
            let title = found.info.title();
            let (kernel, report) = compare(found, Trial::small()).unwrap();
            let times = report.trial.unwrap();
            assert!(report.reason.to_string().contains(&title), "{}", report.reason);
            assert_eq!(kernel.name() == title, times.gpu_tile_ms < times.cpu_tile_ms);
            assert_eq!((kernel.device(), kernel.in_flight()), (report.device, 0));
            assert!(report.tally.is_none_or(|tally| tally.gpu_count() == 0), "the trial's tiles are not counted");
        }
    }
}
