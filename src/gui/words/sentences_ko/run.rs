//! What happens during a merge and what computes it, in Korean.

use crate::{
    gui::screens::merge::run_event::RunEvent,
    job::JobWarning,
    merge::device::{Device, DeviceReason, NothingToTry},
    units,
};

/// Names that a warning shows.
const NAMES_SHOWN: usize = 4;

/// An entry of the list of events.
pub fn run_event(event: &RunEvent) -> String {
    match event {
        RunEvent::TensorDone(name) => name.clone(),
        RunEvent::Warned(warning) => job_warning(warning),
        RunEvent::DeviceChosen(reason) => device_reason(reason),
        RunEvent::TilesCounted { gpu_count, cpu_count } => format!(
            "타일 {}개는 GPU에서, {}개는 CPU에서 계산했습니다",
            units::count(*gpu_count),
            units::count(*cpu_count)
        ),
    }
}

/// What computed.
pub fn device(device: &Device) -> String {
    match device {
        Device::Cpu { thread_count, level } => format!("CPU, 스레드 {thread_count}개, {level}"),
        Device::Named(title) => title.clone(),
    }
}

fn job_warning(warning: &JobWarning) -> String {
    match warning {
        JobWarning::Untrained { adapter, modules, target_count } => format!(
            "{adapter}: 대상 {}개 중 {}개는 학습 전 그대로라 아무것도 바꾸지 않습니다: {}",
            units::count(*target_count as u64),
            units::count(modules.len() as u64),
            super::listed(modules, NAMES_SHOWN)
        ),
        JobWarning::BaseNotFinite { tensor } => {
            format!("베이스의 {tensor}에 NaN이나 무한한 값이 있습니다. 그대로 옮깁니다")
        }
        JobWarning::DeviceLost { device } => {
            format!("장치가 응답을 멈췄습니다({device}). 나머지는 CPU에서 계산합니다")
        }
        JobWarning::WindowOverContext { model, window, context } => format!(
            "{model}: 창이 토큰 {}개인데 모델이 아는 문맥은 {}개까지입니다",
            units::count(*window as u64),
            units::count(*context as u64)
        ),
        JobWarning::UnreadTensors { model, names } => format!(
            "{model}: 폴더의 텐서 {}개가 모델에 속하지 않습니다({})",
            names.len(),
            super::listed(names, NAMES_SHOWN)
        ),
        JobWarning::OtherTokens { model, first } => {
            format!("{model} 모델은 {first} 모델과 다른 토큰으로 글을 나눕니다. 바이트당 비트만 견줄 수 있습니다")
        }
    }
}

fn device_reason(reason: &DeviceReason) -> String {
    match reason {
        DeviceReason::CpuAsked => "CPU: 고른 대로".to_owned(),
        DeviceReason::GpuAsked { gpu, is_software } => {
            let note =
                if *is_software { " (CPU로 흉내 내는 렌더러라 CPU 자체보다 느립니다)" } else { "" };
            format!("{gpu}: 고른 대로{note}")
        }
        DeviceReason::StochasticOnCpu { is_gpu_asked: true } => {
            "CPU: GPU를 골랐지만 확률적 반올림은 CPU에서 계산합니다".to_owned()
        }
        DeviceReason::StochasticOnCpu { is_gpu_asked: false } => "CPU: 확률적 반올림은 CPU에서 계산합니다".to_owned(),
        DeviceReason::NoGpuSupport => "CPU: 이 빌드는 GPU를 지원하지 않습니다".to_owned(),
        DeviceReason::NothingToTry(reason) => format!("CPU: {}", nothing_to_try(*reason)),
        DeviceReason::NoGpu => "CPU: 드라이버가 있는 GPU를 찾지 못했습니다".to_owned(),
        DeviceReason::OnlySoftware { name } => {
            format!("CPU: GPU는 없고 소프트웨어 렌더러({name})만 있습니다")
        }
        DeviceReason::TrialFailed { error } => {
            format!("CPU: GPU가 시험을 통과하지 못했습니다({})", super::without_path(&**error))
        }
        DeviceReason::Trial { gpu, times } => {
            let (cpu_ms, gpu_ms) = (times.cpu_tile_ms, times.gpu_tile_ms);
            if times.is_gpu_faster() {
                format!("{gpu}: 타일당 {gpu_ms:.1} ms (CPU {cpu_ms:.1} ms)")
            } else {
                format!("CPU: 타일당 {cpu_ms:.1} ms ({gpu} {gpu_ms:.1} ms)")
            }
        }
    }
}

fn nothing_to_try(reason: NothingToTry) -> &'static str {
    match reason {
        NothingToTry::NoUpdate => "복사와 변환뿐인 병합이라 GPU가 계산할 것이 없습니다",
        NothingToTry::TooSmall => "GPU가 준비되기도 전에 끝날 만큼 작은 병합입니다",
        NothingToTry::OutputDtype => "이 출력 자료형은 GPU에서 계산하지 않습니다",
        NothingToTry::NotLowRank => "어댑터의 방식이 GPU가 계산하는 저랭크 갱신이 아닙니다",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        gui::words::sentences_ko::speaks_korean,
        merge::{MergeError, device::TrialTimes},
        numeric::CpuLevel,
    };

    #[test]
    fn every_reason_for_a_device_is_said_in_korean() {
        let gpu = || "A100, Vulkan".to_owned();
        let trial =
            |gpu_tile_ms| DeviceReason::Trial { gpu: gpu(), times: TrialTimes { cpu_tile_ms: 3.06, gpu_tile_ms } };
        let error = Arc::new(MergeError::NoGpuSupport);
        let cases: Vec<(DeviceReason, &[&str])> = vec![
            (DeviceReason::CpuAsked, &["CPU"]),
            (DeviceReason::GpuAsked { gpu: gpu(), is_software: false }, &["A100, Vulkan"]),
            (DeviceReason::GpuAsked { gpu: gpu(), is_software: true }, &["A100, Vulkan", "느립니다"]),
            (DeviceReason::StochasticOnCpu { is_gpu_asked: true }, &["GPU를 골랐지만"]),
            (DeviceReason::StochasticOnCpu { is_gpu_asked: false }, &["CPU"]),
            (DeviceReason::NoGpuSupport, &["GPU"]),
            (DeviceReason::NothingToTry(NothingToTry::NoUpdate), &["복사"]),
            (DeviceReason::NothingToTry(NothingToTry::TooSmall), &["작은"]),
            (DeviceReason::NothingToTry(NothingToTry::OutputDtype), &["자료형"]),
            (DeviceReason::NothingToTry(NothingToTry::NotLowRank), &["저랭크"]),
            (DeviceReason::NoGpu, &["GPU"]),
            (DeviceReason::OnlySoftware { name: "llvmpipe".to_owned() }, &["llvmpipe"]),
            (DeviceReason::TrialFailed { error }, &["GPU"]),
            (trial(4.0), &["CPU: 타일당 3.1 ms", "A100, Vulkan", "4.0 ms"]),
            (trial(1.0), &["A100, Vulkan: 타일당 1.0 ms", "CPU 3.1 ms"]),
        ];
        for (reason, parts) in cases {
            speaks_korean(&device_reason(&reason), &reason.to_string(), parts);
        }
        let cpu = Device::Cpu { thread_count: 8, level: CpuLevel::Portable };
        speaks_korean(&device(&cpu), &cpu.to_string(), &["CPU", "8개"]);
        let tiles = RunEvent::TilesCounted { gpu_count: 1_024, cpu_count: 12 };
        speaks_korean(&run_event(&tiles), "", &["1,024개", "12개"]);
    }

    #[test]
    fn every_warning_of_a_running_job_is_said_in_korean() {
        let text = str::to_owned;
        let modules: Vec<String> = (0..5).map(|layer| format!("layers.{layer}.up")).collect();
        let cases: Vec<(JobWarning, &[&str])> = vec![
            (
                JobWarning::Untrained { adapter: text("chat"), modules, target_count: 28 },
                &["chat", "5개", "28개", "layers.3.up 외 1개"],
            ),
            (JobWarning::BaseNotFinite { tensor: text("lm_head.weight") }, &["lm_head.weight"]),
            (JobWarning::DeviceLost { device: text("A100") }, &["A100", "CPU"]),
            (
                JobWarning::WindowOverContext { model: text("toy"), window: 2_048, context: 512 },
                &["toy", "2,048개", "512개"],
            ),
            (
                JobWarning::UnreadTensors { model: text("toy"), names: vec![text("a"), text("b")] },
                &["toy", "2개", "a, b"],
            ),
            (JobWarning::OtherTokens { model: text("toy"), first: text("bear") }, &["toy", "bear"]),
        ];
        for (warning, parts) in cases {
            speaks_korean(&job_warning(&warning), &warning.to_string(), parts);
        }
    }
}
