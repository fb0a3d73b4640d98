//! Why a planned merge was not carried out, in Korean.

use super::{InKorean, Told};
use crate::{
    gui::words::sentences_ko::run::{device, not_opened},
    merge::{
        MergeError,
        device::{AdapterKind, GpuAdapter},
    },
    units,
};

/// What to do where the disk is too full.
pub(super) const FREE_SPACE: &str =
    "공간을 비우거나, 다른 디스크를 고르거나, 출력 자료형을 BF16으로 바꿔 절반만 쓰세요";

impl InKorean for MergeError {
    fn in_korean(&self) -> Told {
        match self {
            Self::InUse { path } => Told::new("다른 프로세스가 이 출력에 병합하고 있습니다")
                .hint("끝나기를 기다리거나 다른 출력을 고르세요")
                .at(path),
            Self::PartialIsForeign { path } => Told::new("작업 폴더와 이름이 같은 남의 폴더가 있습니다")
                .hint("그 폴더를 옮기거나 다른 출력을 고르세요")
                .at(path),
            Self::BaseNotFinite { tensor, element_count, path } => Told::new(format!(
                "베이스의 {tensor}에 NaN이나 무한한 값이 {}개 있습니다",
                units::count(*element_count)
            ))
            .hint("베이스가 손상되었습니다. 다시 내려받으세요")
            .at(path),
            Self::Overflow { tensor, element_count, max_magnitude, dtype } => Told::new(format!(
                "{tensor}의 값 {}개가 {dtype}에 담기지 않을 만큼 큽니다. 가장 큰 값은 {max_magnitude}입니다",
                units::count(*element_count)
            ))
            .hint("출력 자료형을 BF16이나 F32로 바꾸세요"),
            Self::DiskFull { needed, free, path } => Told::new(format!(
                "디스크 공간이 모자랍니다. {}가 더 필요한데 {}만 비어 있습니다",
                units::bytes(*needed),
                units::bytes(*free)
            ))
            .hint(FREE_SPACE)
            .at(path),
            Self::FileTooLarge { needed, path } => Told::new(format!(
                "{} 파일은 파일 시스템이나 이 세션의 한도를 넘습니다",
                units::bytes(*needed)
            ))
            .hint("다른 디스크를 고르거나, 한도를 늘리거나(`ulimit -f`), 명령줄에서 더 작게 나눠 쓰세요(`--max-shard-size 4GB`)")
            .at(path),
            Self::CancelledKept { byte_count, path } => Told::new(format!(
                "취소했습니다. {}를 써 두었고 {} 에 남아 있습니다",
                units::bytes(*byte_count),
                path.display()
            ))
            .hint("같은 병합을 다시 시작하면 이어서 진행합니다. 필요 없으면 그 폴더를 지우세요"),
            Self::AlreadySealed { path } => {
                Told::new("이미 봉인된 폴더입니다").hint("다시 봉인하려면 그 파일을 지우세요").at(path)
            }
            Self::BadSeal { line, path } => {
                Told::new(format!("봉인을 읽을 수 없습니다. sha256sum의 줄이 아닌 것이 있습니다: `{line}`"))
                    .hint("`sha256sum -c`도 같은 파일을 읽습니다. 폴더를 다시 봉인하세요")
                    .at(path)
            }
            Self::DeviceLost { device: lost } => Told::new(format!("장치가 응답을 멈췄습니다: {}", device(lost)))
                .hint("다시 실행해 보세요. 계속되면 알려 주세요"),
            Self::NoSuchDevice { asked, listed } => {
                let hint = if listed.is_empty() {
                    "Vulkan, Metal, DirectX 12의 드라이버를 찾지 못했습니다. CPU로 병합하세요".to_owned()
                } else {
                    format!("고를 수 있는 장치: cpu, {}", entries(listed))
                };
                Told::new(format!("`{asked}` 장치가 없습니다")).hint(hint)
            }
            Self::OnlySoftwareDevice { listed } => {
                Told::new(format!("GPU는 없고 소프트웨어 렌더러만 있습니다: {}", entries(listed)))
                    .hint("CPU가 더 빠릅니다. 그래도 렌더러를 쓰려면 장치 목록에서 직접 고르세요")
            }
            Self::DeviceNotOpened { device, reason } => {
                Told::new(format!("{device} 장치를 쓸 수 없습니다. {}", not_opened(reason)))
                    .hint("CPU로 병합하거나 장치의 드라이버를 새로 설치하세요")
            }
            Self::NoGpuSupport => {
                Told::new("이 빌드는 CPU로만 계산합니다").hint("CPU를 고르거나, `gpu` 기능을 넣어 빌드하세요")
            }
            Self::Base(error) => error.in_korean(),
            Self::Adapter(error) => error.in_korean(),
            Self::Io(error) => error.in_korean(),
            Self::Cancelled(cancelled) => cancelled.in_korean(),
        }
    }
}

fn entries(adapters: &[GpuAdapter]) -> String {
    let entry = |adapter: &GpuAdapter| {
        let kind = match adapter.kind {
            AdapterKind::Discrete => "외장",
            AdapterKind::Integrated => "내장",
            AdapterKind::Other => "기타",
            AdapterKind::Software => "소프트웨어",
        };
        format!("gpu:{} {} ({}, {kind})", adapter.index, adapter.name, adapter.backend)
    };
    adapters.iter().map(entry).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::{
        adapter::AdapterError,
        checkpoint::CheckpointError,
        error::IoError,
        gui::words::sentences_ko::errors::assert_told,
        job::Cancelled,
        merge::device::{Device, NotOpened},
        numeric::Dtype,
    };

    #[test]
    fn every_failure_of_a_merge_is_said_in_korean() {
        let path = || PathBuf::from("/data/x");
        let text = str::to_owned;
        let gpu = |index, kind| GpuAdapter { index, name: format!("GPU {index}"), backend: "Vulkan", kind };
        let gpus = || {
            let kinds = [AdapterKind::Discrete, AdapterKind::Integrated, AdapterKind::Other, AdapterKind::Software];
            kinds.into_iter().enumerate().map(|(index, kind)| gpu(index, kind)).collect::<Vec<_>>()
        };
        let io = IoError { action: "copy weights", source: std::io::ErrorKind::StorageFull.into(), path: path() };
        let no_answer = NotOpened::NoAnswer { timeout_secs: 30 };
        let cases: Vec<(MergeError, &[&str])> = vec![
            (MergeError::InUse { path: path() }, &["다른 프로세스"]),
            (MergeError::PartialIsForeign { path: path() }, &["폴더"]),
            (
                MergeError::BaseNotFinite { tensor: text("wte"), element_count: 1_234, path: path() },
                &["wte", "1,234개"],
            ),
            (
                MergeError::Overflow {
                    tensor: text("wte"),
                    element_count: 1_234,
                    max_magnitude: 70_000.0,
                    dtype: Dtype::F16,
                },
                &["wte", "1,234개", "70000", "F16"],
            ),
            (MergeError::DiskFull { needed: 9_000_000, free: 1_000_000, path: path() }, &["9.00 MB", "1.00 MB"]),
            (MergeError::FileTooLarge { needed: 9_000_000_000, path: path() }, &["9.00 GB"]),
            (MergeError::CancelledKept { byte_count: 9_000_000, path: path() }, &["9.00 MB", "/data/x"]),
            (MergeError::DeviceLost { device: Device::Named(text("A100")) }, &["A100"]),
            (MergeError::NoSuchDevice { asked: text("gpu:9"), listed: Vec::new() }, &["`gpu:9`"]),
            (MergeError::NoSuchDevice { asked: text("gpu:9"), listed: gpus() }, &["`gpu:9`"]),
            (MergeError::OnlySoftwareDevice { listed: gpus() }, &["gpu:3 GPU 3 (Vulkan, 소프트웨어)", "외장", "내장"]),
            (MergeError::DeviceNotOpened { device: text("A100"), reason: no_answer }, &["A100", "30초"]),
            (MergeError::NoGpuSupport, &["CPU"]),
            (MergeError::AlreadySealed { path: path() }, &["봉인"]),
            (MergeError::BadSeal { line: text("zz"), path: path() }, &["`zz`", "sha256sum"]),
            (MergeError::Base(CheckpointError::Missing { path: path() }), &["폴더"]),
            (MergeError::Adapter(AdapterError::NoEffect { path: path() }), &["0"]),
            (MergeError::Io(io), &["가중치를 복사하지", "빈 공간"]),
            (MergeError::Cancelled(Cancelled), &["취소"]),
        ];
        for (error, parts) in cases {
            assert_told(&error, parts);
        }
        let listed = MergeError::NoSuchDevice { asked: text("gpu:9"), listed: gpus() }.in_korean();
        assert!(listed.hint.is_some_and(|hint| hint.contains("gpu:1 GPU 1 (Vulkan, 내장)")));
    }
}
