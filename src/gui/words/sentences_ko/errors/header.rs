//! What is wrong with a safetensors header, in Korean.

use crate::{checkpoint::HeaderError, error::shortened, units};

/// Without a period.
pub(super) fn header(problem: &HeaderError) -> String {
    match problem {
        HeaderError::NotUtf8 { valid_byte_count } => format!("{valid_byte_count}바이트 뒤부터 UTF-8이 아닙니다"),
        // The parser's own words.
        HeaderError::NotJson { problem } => format!("JSON으로 읽을 수 없습니다({problem})"),
        HeaderError::NamedTwice { tensor } => format!("이름이 `{}`인 텐서가 둘입니다", shortened(tensor)),
        HeaderError::UnknownDtype { tensor, problem } => {
            format!("`{}`의 자료형을 알 수 없습니다: `{}`", shortened(tensor), problem.name)
        }
        HeaderError::TooManyElements { tensor, shape } => {
            format!("`{}`의 원소가 파일에 담길 수 없을 만큼 많습니다({})", shortened(tensor), units::shape(shape))
        }
        HeaderError::PartialByte { tensor, shape, dtype } => format!(
            "`{}` 텐서가 마지막 바이트를 다 채우지 않습니다({dtype}, {})",
            shortened(tensor),
            units::shape(shape)
        ),
        HeaderError::Reversed { tensor, start, end } => {
            format!("`{}` 텐서가 시작보다 먼저 끝납니다({start}~{end}바이트)", shortened(tensor))
        }
        HeaderError::Overlap { tensor, start, previous_end } => format!(
            "`{}` 텐서는 {start}바이트에서 시작하는데 앞의 텐서가 {previous_end}바이트에서 끝나 서로 겹칩니다",
            shortened(tensor)
        ),
        HeaderError::Gap { tensor, start, previous_end } => format!(
            "`{}` 텐서는 {start}바이트에서 시작하는데 앞의 텐서가 {previous_end}바이트에서 끝나 사이가 빕니다",
            shortened(tensor)
        ),
        HeaderError::WrongSize { tensor, shape, dtype, needed, held } => format!(
            "`{}` 텐서는 {held}바이트인데 {dtype} {}에는 {needed}바이트가 필요합니다",
            shortened(tensor),
            units::shape(shape)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        gui::words::sentences_ko::speaks_korean,
        numeric::{Dtype, UnknownDtype},
    };

    #[test]
    fn every_fault_of_a_header_is_said_in_korean() {
        let tensor = || "lm_head".to_owned();
        let (shape, dtype) = (vec![3, 5], Dtype::F16);
        let unknown = UnknownDtype { name: "F3".to_owned() };
        let cases: Vec<(HeaderError, &[&str])> = vec![
            (HeaderError::NotUtf8 { valid_byte_count: 17 }, &["17바이트"]),
            (HeaderError::NotJson { problem: "EOF at 3".to_owned() }, &["EOF at 3"]),
            (HeaderError::NamedTwice { tensor: tensor() }, &["`lm_head`"]),
            (HeaderError::UnknownDtype { tensor: tensor(), problem: unknown }, &["`lm_head`", "`F3`"]),
            (HeaderError::TooManyElements { tensor: tensor(), shape: shape.clone() }, &["`lm_head`", "3 × 5"]),
            (HeaderError::PartialByte { tensor: tensor(), shape: shape.clone(), dtype }, &["`lm_head`", "F16, 3 × 5"]),
            (HeaderError::Reversed { tensor: tensor(), start: 8, end: 4 }, &["`lm_head`", "8~4바이트"]),
            (
                HeaderError::Overlap { tensor: tensor(), start: 8, previous_end: 9 },
                &["`lm_head`", "8바이트", "9바이트"],
            ),
            (HeaderError::Gap { tensor: tensor(), start: 9, previous_end: 8 }, &["`lm_head`", "8바이트", "9바이트"]),
            (
                HeaderError::WrongSize { tensor: tensor(), shape, dtype, needed: 30, held: 29 },
                &["`lm_head`", "F16 3 × 5", "30바이트", "29바이트"],
            ),
        ];
        for (problem, parts) in cases {
            speaks_korean(&header(&problem), &problem.to_string(), parts);
        }
    }
}
