//! Failed file operations, in Korean.

use std::io::ErrorKind;

use super::{InKorean, Told, foreign::LFS_HINT};
use crate::error::{IoError, TextFault};

impl InKorean for IoError {
    fn in_korean(&self) -> Told {
        let fault = self.text_fault();
        let reason = fault.map_or_else(|| reason(&self.source), text_fault);
        let told = Told::new(format!("{} 못했습니다: {reason}", action(self.action))).at(&self.path);
        match fault.map(text_hint).or_else(|| hint(self.source.kind())) {
            Some(hint) => told.hint(hint),
            None => told,
        }
    }
}

fn text_fault(fault: TextFault) -> String {
    match fault {
        TextFault::LfsPointer => "파일 자체가 아니라 Git LFS 포인터입니다".to_owned(),
        TextFault::NotUtf8 { valid_byte_count } => format!("{valid_byte_count}바이트부터 UTF-8이 아닙니다"),
        TextFault::NotUtf16 => "UTF-16처럼 시작하지만 UTF-16이 아닙니다".to_owned(),
    }
}

fn text_hint(fault: TextFault) -> &'static str {
    match fault {
        TextFault::LfsPointer => LFS_HINT,
        TextFault::NotUtf8 { .. } | TextFault::NotUtf16 => {
            "직접 고친 파일이면 UTF-8로 저장하고, 아니면 이 파일을 다시 내려받으세요"
        }
    }
}

fn hint(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NotFound => "경로를 확인하세요",
        ErrorKind::PermissionDenied => "입력을 읽고 출력 폴더에 쓸 권한이 있는지 확인하세요",
        ErrorKind::StorageFull => "공간을 비우거나 다른 디스크에 쓰세요",
        ErrorKind::UnexpectedEof => "파일이 헤더에 적힌 것보다 짧습니다. 다시 내려받으세요",
        ErrorKind::InvalidData => "파일이 손상되었습니다. 다시 내려받으세요",
        ErrorKind::FileTooLarge => "맞는 파일인지 확인하세요. 긴 글이라면 일부만 고르세요",
        _ => return None,
    })
}

/// What the system said; a kind that people do not meet keeps the system's own words.
fn reason(error: &std::io::Error) -> String {
    let reason = match error.kind() {
        ErrorKind::NotFound => "파일이나 폴더가 없습니다",
        ErrorKind::PermissionDenied => "권한이 없습니다",
        ErrorKind::StorageFull => "디스크에 빈 공간이 없습니다",
        ErrorKind::QuotaExceeded => "디스크 할당량을 넘었습니다",
        ErrorKind::ReadOnlyFilesystem => "읽기 전용 파일 시스템입니다",
        ErrorKind::UnexpectedEof => "파일이 도중에 끝납니다",
        ErrorKind::InvalidData => "내용이 올바르지 않습니다",
        ErrorKind::FileTooLarge => "파일이 너무 큽니다",
        ErrorKind::AlreadyExists => "같은 이름이 이미 있습니다",
        ErrorKind::NotADirectory => "폴더가 아닙니다",
        ErrorKind::IsADirectory => "파일이 아니라 폴더입니다",
        ErrorKind::OutOfMemory => "메모리가 모자랍니다",
        ErrorKind::TimedOut => "응답이 없습니다",
        ErrorKind::BrokenPipe => "상대 프로세스가 끝났습니다",
        ErrorKind::ResourceBusy => "다른 곳에서 쓰고 있습니다",
        _ => return error.to_string(),
    };
    match error.raw_os_error() {
        Some(code) => format!("{reason} (os error {code})"),
        None => reason.to_owned(),
    }
}

/// What was tried, ready for "못했습니다"; `None` for an action that has no Korean yet.
fn known_action(action: &str) -> Option<&'static str> {
    Some(match action {
        "copy a side file" => "부속 파일을 복사하지",
        "copy weights" => "가중치를 복사하지",
        "create a file" => "파일을 만들지",
        "create a folder" => "폴더를 만들지",
        "create a shard" => "샤드를 만들지",
        "create the card" => "모델 카드를 만들지",
        "create the lock" => "잠금 파일을 만들지",
        "create the output folder" => "출력 폴더를 만들지",
        "create the report" => "보고서를 만들지",
        "create the seal" => "봉인을 만들지",
        "end a process" => "프로세스를 끝내지",
        "list the folder" => "폴더의 목록을 읽지",
        "name a shard" => "샤드에 이름을 붙이지",
        "name the config" => "config.json에 이름을 붙이지",
        "name the model card" => "모델 카드에 이름을 붙이지",
        "name the output" => "출력 폴더에 이름을 붙이지",
        "name the seal" => "봉인에 이름을 붙이지",
        "open a file" => "파일을 열지",
        "open a shard" => "샤드를 열지",
        "open a side file" => "부속 파일을 열지",
        "open the lock" => "잠금 파일을 열지",
        "open the weights" => "가중치를 열지",
        "read a config" | "read the config" => "설정을 읽지",
        "read a file" => "파일을 읽지",
        "read a text" => "글을 읽지",
        "read back" | "read back a page" => "쓴 것을 다시 읽지",
        "read the adapter's config" => "어댑터의 설정을 읽지",
        "read the chat template" => "채팅 템플릿을 읽지",
        "read the generation config" => "generation_config.json을 읽지",
        "read the header" => "헤더를 읽지",
        "read the index" => "색인을 읽지",
        "read the journal" => "진행 기록을 읽지",
        "read the pickle" => "data.pkl을 읽지",
        "read the seal" => "봉인을 읽지",
        "read the size" => "크기를 읽지",
        "read the time of change" => "바뀐 시각을 읽지",
        "read the tokenizer" => "토크나이저를 읽지",
        "read the tokenizer's config" => "토크나이저의 설정을 읽지",
        "read the weights" => "가중치를 읽지",
        "read what a process says" => "프로세스의 응답을 읽지",
        "remove the journal" => "진행 기록을 지우지",
        "remove the lock" => "잠금 파일을 지우지",
        "remove what an interrupted run left" => "중단된 병합이 남긴 것을 지우지",
        "reserve space for a shard" => "샤드의 공간을 확보하지",
        "resolve the path" => "경로를 찾지",
        "set the size of a shard" => "샤드의 크기를 정하지",
        "start a process" => "프로세스를 시작하지",
        "start a thread" | "start a worker thread" => "스레드를 시작하지",
        "wait for a process" => "프로세스를 기다리지",
        "write a shard to the disk" => "샤드를 디스크에 기록하지",
        "write a side file" => "부속 파일을 쓰지",
        "write a side file to the disk" => "부속 파일을 디스크에 기록하지",
        "write the folder to the disk" => "폴더를 디스크에 기록하지",
        "write the journal" => "진행 기록을 쓰지",
        "write the model card" => "모델 카드를 쓰지",
        "write the model card to the disk" => "모델 카드를 디스크에 기록하지",
        "write the report" => "보고서를 쓰지",
        "write the seal" => "봉인을 쓰지",
        "write the seal to the disk" => "봉인을 디스크에 기록하지",
        "write weights" => "가중치를 쓰지",
        "write weights to the disk" => "가중치를 디스크에 기록하지",
        _ => return None,
    })
}

fn action(action: &str) -> &'static str {
    known_action(action).unwrap_or("파일을 다루지")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::gui::words::sentences_ko::errors::assert_told;

    #[test]
    fn what_the_system_says_is_said_in_korean() {
        let error = |kind| IoError { action: "read the header", source: ErrorKind::into(kind), path: "/data/x".into() };
        let kinds = [
            ErrorKind::NotFound,
            ErrorKind::PermissionDenied,
            ErrorKind::StorageFull,
            ErrorKind::QuotaExceeded,
            ErrorKind::ReadOnlyFilesystem,
            ErrorKind::UnexpectedEof,
            ErrorKind::InvalidData,
            ErrorKind::FileTooLarge,
            ErrorKind::AlreadyExists,
            ErrorKind::NotADirectory,
            ErrorKind::IsADirectory,
            ErrorKind::OutOfMemory,
            ErrorKind::TimedOut,
            ErrorKind::BrokenPipe,
            ErrorKind::ResourceBusy,
        ];
        for kind in kinds {
            assert_told(&error(kind), &["헤더를 읽지 못했습니다", "니다"]);
        }
        for fault in [TextFault::LfsPointer, TextFault::NotUtf8 { valid_byte_count: 7 }, TextFault::NotUtf16] {
            let source = std::io::Error::new(ErrorKind::InvalidData, fault);
            assert_told(&IoError { action: "read the config", source, path: "/data/x".into() }, &["니다"]);
        }
        let source = std::io::Error::from_raw_os_error(2);
        let korean = IoError { action: "copy weights", source, path: "/data/x".into() }.in_korean();
        assert_eq!(korean.what, "가중치를 복사하지 못했습니다: 파일이나 폴더가 없습니다 (os error 2)");
    }

    /// Every action that stands in the sources, as the first argument of `at` or the second of a reading function.
    #[test]
    fn every_action_of_the_sources_has_its_korean() {
        let mut found = 0;
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let source = std::fs::read_to_string(&path).unwrap();
                    let starts = [".at(\"", "action: \""];
                    let actions = starts.iter().flat_map(|start| source.split(start).skip(1));
                    for action in actions.filter_map(|rest| rest.split('"').next()).filter(|text| text.contains(' ')) {
                        assert!(known_action(action).is_some(), "{action:?} of {}", path.display());
                        found += 1;
                    }
                }
            }
        }
        assert!(found > 60, "only {found} actions were found");
    }
}
