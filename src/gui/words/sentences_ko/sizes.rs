//! Why files have the sizes that they have, in Korean.

use std::fmt::Write as _;

use crate::{
    size::{
        Component, ExtraFile, SizeFact,
        fact::{bits, dtype_name, du},
    },
    units,
};

/// A part of a model: the names of modules stay as they are in its files.
pub fn component(component: Component) -> &'static str {
    match component {
        Component::Other => "norm 등 나머지",
        component => component.label(),
    }
}

/// Why a file has the size that it has.
pub fn size_fact(fact: &SizeFact) -> String {
    match fact {
        SizeFact::Total { weight_count, byte_count, bits_per_weight } => format!(
            "가중치 {}개가 하나에 {}비트로 {} (`du -h`로는 {}).",
            units::count(*weight_count),
            bits(*bits_per_weight),
            units::bytes(*byte_count),
            du(*byte_count),
        ),
        SizeFact::SameWeights { weight_count, from_bits, to_bits, from_bytes, to_bytes } => {
            let weights = format!("가중치 {}개 그대로", units::count(*weight_count));
            let rest = "잘라 낸 것이 없고, 병합이 더한 것은 0바이트입니다.";
            if (from_bits - to_bits).abs() < 0.005 {
                return format!(
                    "{weights}, 하나에 {}비트도 전과 같아 파일 크기가 그대로입니다. {rest}",
                    bits(*to_bits)
                );
            }
            let share = match *to_bytes as f64 / (*from_bytes).max(1) as f64 {
                ratio if (ratio - 0.5).abs() < 0.005 => "파일이 절반이 됩니다".to_owned(),
                ratio if (ratio - 2.0).abs() < 0.02 => "파일이 두 배가 됩니다".to_owned(),
                ratio => format!("파일이 {:.0} %가 됩니다", 100.0 * ratio),
            };
            let (from, to) = (units::bytes(*from_bytes), units::bytes(*to_bytes));
            let (from_bits, to_bits) = (bits(*from_bits), bits(*to_bits));
            format!("{weights}, 하나에 {from_bits}비트가 {to_bits}비트로 바뀌어 {share} ({from} → {to}). {rest}")
        }
        SizeFact::Vocabulary { from_rows, to_rows, weight_count, byte_count } => format!(
            "어휘가 {}행에서 {}행으로: 가중치 {}개, {} {}.",
            units::count(*from_rows),
            units::count(*to_rows),
            units::count(*weight_count),
            units::bytes(*byte_count),
            if to_rows > from_rows { "늘었습니다" } else { "줄었습니다" },
        ),
        SizeFact::OtherWeights { from_count, to_count } => {
            format!("가중치 {}개에서 {}개로 바뀌었습니다.", units::count(*from_count), units::count(*to_count))
        }
        SizeFact::Quantised { .. } => quantised(fact),
        SizeFact::DuplicateFormats { files } => {
            format!("폴더에 읽히지 않는 가중치 파일도 있습니다: {}.", listed_files(files))
        }
        SizeFact::TrainingState { files } => format!("모델에 필요 없는 학습 파일도 있습니다: {}.", listed_files(files)),
        SizeFact::Bf16InF32 { tensor_count, byte_count } => format!(
            "베이스의 텐서 {tensor_count}개({})는 float32로 저장되었지만 모든 값의 아래 16비트가 0인 bfloat16 값이라, 절반의 바이트에 담깁니다.",
            units::bytes(*byte_count),
        ),
    }
}

fn quantised(fact: &SizeFact) -> String {
    let SizeFact::Quantised {
        packed_count,
        packed_bytes,
        rest,
        rest_count,
        rest_bytes,
        rest_dtype,
        total_with_bf16_rest,
    } = fact
    else {
        return String::new();
    };
    let total = packed_bytes + rest_bytes;
    let names: Vec<&str> = rest.iter().map(|part| component(*part)).collect();
    let mut text = format!(
        "가중치 {}개는 하나에 {}비트로 압축({}), {}은 그대로 둠: {} 가중치 {}개, {}로 파일의 {:.1} %",
        units::count(*packed_count),
        bits(*packed_bytes as f64 * 8.0 / (*packed_count).max(1) as f64),
        units::bytes(*packed_bytes),
        names.join(", "),
        dtype_name(*rest_dtype),
        units::count(*rest_count),
        units::bytes(*rest_bytes),
        100.0 * *rest_bytes as f64 / total.max(1) as f64,
    );
    if *total_with_bf16_rest < total {
        let (from, to) = (units::bytes(total), units::bytes(*total_with_bf16_rest));
        write!(text, ". 그 부분이 bfloat16이면 {from}에서 {to}로 줄어듭니다").ok();
    }
    text + "."
}

fn listed_files(files: &[ExtraFile]) -> String {
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let byte_count = files.iter().map(|file| file.byte_count).sum();
    format!("{} ({})", names.join(", "), units::bytes(byte_count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_english_sentences() {
        let fact = SizeFact::Total { weight_count: 8_168_148_992, byte_count: 32_672_595_968, bits_per_weight: 32.0 };
        assert_eq!(size_fact(&fact), "가중치 8,168,148,992개가 하나에 32비트로 32.7 GB (`du -h`로는 31G).");
    }
}
