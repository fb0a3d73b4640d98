//! What is wrong with a `.bin` file, in Korean.

use super::listed;
use crate::{
    checkpoint::{PickleError, PickledValue},
    units,
};

/// Without a period.
pub(super) fn pickle(problem: &PickleError) -> String {
    match problem {
        PickleError::Legacy => "PyTorch 1.6 이전의 방식으로 저장된 파일입니다(zip이 아님)".to_owned(),
        // The library's own words.
        PickleError::NotAnArchive { problem } => format!("PyTorch로 저장한 파일이 아닙니다({problem})"),
        PickleError::TorchScript => "state dict가 아니라 프로그램까지 담은 TorchScript 파일입니다".to_owned(),
        PickleError::NoPickle => "텐서의 이름을 담은 data.pkl이 파일 안에 없습니다".to_owned(),
        PickleError::DuplicateEntry { entry } => format!("파일 안에 {entry} 항목이 두 번 들어 있습니다"),
        PickleError::NoStorage { entry, tensor } => {
            format!("{tensor}의 값을 담은 {entry} 항목이 파일 안에 없습니다")
        }
        PickleError::Packed { entry } => {
            format!("{entry} 항목이 파일 안에서 압축되었거나 암호화되어 있습니다")
        }
        PickleError::OutsideFile { entry, byte_count } => {
            format!("{entry}({})의 끝이 파일의 끝을 넘습니다", units::bytes(*byte_count))
        }
        PickleError::ByteOrder { order } => format!("텐서의 바이트 순서가 {order}입니다"),
        PickleError::PickleTooLong { byte_count } => {
            format!("data.pkl이 {}로, 어떤 state dict에도 필요 없을 만큼 큽니다", units::bytes(*byte_count))
        }
        PickleError::EndsEarly { at } => format!("data.pkl이 명령 도중에 끝납니다({at}바이트)"),
        PickleError::Damaged { at, problem } => format!("data.pkl이 {at}바이트에서 손상되었습니다({problem})"),
        PickleError::UnknownOpcode { opcode, at } => {
            format!("data.pkl의 {at}바이트에 state dict에는 필요 없는 명령이 있습니다: 0x{opcode:02x}")
        }
        PickleError::NotAStateDict { found } => {
            format!("state dict(텐서의 딕셔너리)가 아닙니다. 들어 있는 것: {}", value(found))
        }
        PickleError::Nested { key, beside } => {
            format!("가중치가 `{key}` 안에 들어 있습니다. 그 옆에 있는 것: {}", listed(beside))
        }
        PickleError::NotATensor { entry, found } => {
            format!("`{entry}` 항목에 텐서가 아닌 것이 들어 있습니다: {}", value(found))
        }
        PickleError::BadKey { found } => format!("이름이 글이 아닌 항목이 있습니다: {}", value(found)),
        PickleError::DuplicateTensor { entry } => format!("이름이 `{entry}`인 항목이 둘입니다"),
        PickleError::BadTensor { entry, problem } => {
            format!("`{entry}` 텐서가 저장된 값과 맞지 않습니다({problem})")
        }
        PickleError::StridedIntegers { entry, dtype } => {
            format!("`{entry}` 텐서는 값이 이어져 있지 않은 뷰인데, 자료형이 {dtype}이라 수로 읽을 수 없습니다")
        }
    }
}

/// What to do next.
pub(super) fn hint(problem: &PickleError) -> &'static str {
    match problem {
        PickleError::Legacy | PickleError::ByteOrder { .. } | PickleError::StridedIntegers { .. } => {
            "PyTorch 1.6 이상에서 불러와 state dict를 `torch.save`로 다시 저장하거나, `save_pretrained`로 safetensors를 쓰세요"
        }
        PickleError::TorchScript | PickleError::NotAStateDict { .. } => {
            "만든 곳에서 불러와 `model.state_dict()`를 저장하세요. `save_pretrained`가 가장 좋습니다"
        }
        PickleError::Packed { .. } => "`torch.save`는 압축하지 않습니다. state dict를 `torch.save`로 다시 저장하세요",
        PickleError::Nested { .. } | PickleError::NotATensor { .. } | PickleError::BadKey { .. } => {
            "가중치 딕셔너리만 저장하거나, `save_pretrained`로 safetensors를 쓰세요"
        }
        PickleError::NotAnArchive { .. }
        | PickleError::NoPickle
        | PickleError::DuplicateEntry { .. }
        | PickleError::NoStorage { .. }
        | PickleError::OutsideFile { .. }
        | PickleError::PickleTooLong { .. }
        | PickleError::EndsEarly { .. }
        | PickleError::Damaged { .. }
        | PickleError::UnknownOpcode { .. }
        | PickleError::DuplicateTensor { .. }
        | PickleError::BadTensor { .. } => {
            "내려받거나 복사하다가 손상되었거나 다른 종류의 파일입니다. 다시 내려받으세요"
        }
    }
}

fn value(value: &PickledValue) -> String {
    match value {
        PickledValue::None => "None".to_owned(),
        PickledValue::Truth => "참/거짓 값".to_owned(),
        PickledValue::Number => "수".to_owned(),
        PickledValue::Text => "글".to_owned(),
        PickledValue::List => "리스트".to_owned(),
        PickledValue::Dictionary => "딕셔너리".to_owned(),
        PickledValue::Tensor => "텐서".to_owned(),
        PickledValue::Storage => "스토리지".to_owned(),
        PickledValue::ForeignName(name) => format!("이름 {name}"),
        PickledValue::TorchName => "PyTorch의 이름".to_owned(),
        PickledValue::Object(class) => format!("{class}의 객체"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{error::Hint as _, gui::words::sentences_ko::speaks_korean, numeric::Dtype};

    #[test]
    fn every_fault_of_a_pickle_is_said_in_korean() {
        let text = str::to_owned;
        let entry = || "data/7".to_owned();
        let cases: Vec<(PickleError, &[&str])> = vec![
            (PickleError::Legacy, &["1.6"]),
            (PickleError::NotAnArchive { problem: text("EOCD") }, &["EOCD"]),
            (PickleError::TorchScript, &["TorchScript"]),
            (PickleError::NoPickle, &["data.pkl"]),
            (PickleError::DuplicateEntry { entry: entry() }, &["data/7 항목이 두 번"]),
            (PickleError::NoStorage { entry: entry(), tensor: text("w") }, &["data/7", "w의"]),
            (PickleError::Packed { entry: entry() }, &["data/7"]),
            (PickleError::OutsideFile { entry: entry(), byte_count: 2_000_000 }, &["data/7", "2.00 MB"]),
            (PickleError::ByteOrder { order: text("big") }, &["big"]),
            (PickleError::PickleTooLong { byte_count: 2_000_000_000 }, &["2.00 GB"]),
            (PickleError::EndsEarly { at: 17 }, &["17바이트"]),
            (PickleError::Damaged { at: 17, problem: "stack" }, &["17바이트", "stack"]),
            (PickleError::UnknownOpcode { opcode: 0x8a, at: 17 }, &["17바이트", "0x8a"]),
            (PickleError::NotAStateDict { found: PickledValue::Object(text("a.B")) }, &["a.B의 객체"]),
            (PickleError::Nested { key: text("model"), beside: vec![text("epoch")] }, &["`model`", "epoch"]),
            (PickleError::NotATensor { entry: entry(), found: PickledValue::List }, &["`data/7`", "리스트"]),
            (PickleError::BadKey { found: PickledValue::Number }, &["수"]),
            (PickleError::DuplicateTensor { entry: entry() }, &["`data/7`"]),
            (PickleError::BadTensor { entry: entry(), problem: text("short") }, &["`data/7`", "short"]),
            (PickleError::StridedIntegers { entry: entry(), dtype: Dtype::I64 }, &["`data/7`", "I64"]),
        ];
        for (problem, parts) in cases {
            speaks_korean(&pickle(&problem), &problem.to_string(), parts);
            speaks_korean(hint(&problem), &problem.hint().unwrap(), &[]);
        }
    }
}
