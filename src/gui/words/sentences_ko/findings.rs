//! What adapter and base say, side by side, in Korean.

use crate::{
    numeric::Dtype,
    plan::{COMPARED_NAMES_SHOWN, Compared, NameVariant},
    units,
};

/// What both sides say.
pub fn compared(compared: &Compared) -> String {
    let listed = |names: &[String]| super::listed(names, COMPARED_NAMES_SHOWN);
    match compared {
        Compared::BaseUnnamed => "어댑터에 베이스 이름이 없습니다".to_owned(),
        Compared::BaseNameUntelling { trained_on, base } => format!(
            "어댑터가 밝힌 베이스는 `{trained_on}`, 이 베이스는 `{base}`입니다. 서로 맞는지는 크기로만 알 수 있습니다"
        ),
        Compared::BaseNamed { trained_on } => format!("어댑터를 학습한 베이스는 `{trained_on}`입니다"),
        Compared::BaseDiffers { trained_on, base, variants } => {
            let differ = variants.as_ref().map(|[theirs, ours]| {
                format!(". {}과 {}은 크기는 같아도 가중치가 다릅니다", variant(theirs), variant(ours))
            });
            format!(
                "어댑터를 학습한 베이스는 `{trained_on}`인데 이 베이스는 `{base}`입니다{}",
                differ.unwrap_or_default()
            )
        }
        Compared::Revision { trained_on, base } => {
            format!("어댑터를 학습한 리비전은 {trained_on}, 이 베이스의 리비전은 {base}입니다")
        }
        Compared::QuantisedTraining { marker, trained_on, original } => {
            let original = original.as_ref().map(|original| format!(" `{original}`")).unwrap_or_default();
            format!(
                "양자화한 베이스 `{trained_on}`({marker})로 학습했습니다. 16비트 원본{original}에 병합하는 일이 흔하지만, 학습한 것과 똑같지는 않습니다"
            )
        }
        Compared::Class { trained_on, base } => {
            format!("어댑터를 학습한 클래스는 {trained_on}, 베이스의 클래스는 {base}입니다")
        }
        Compared::TaskFits { task, base } => format!("어댑터의 과제 {task}에 {base} 클래스가 맞습니다"),
        Compared::TaskDiffers { task, base } => {
            format!("어댑터를 학습한 과제는 {task}인데 베이스의 클래스는 {base}입니다. 헤드가 서로 다릅니다")
        }
        Compared::AllOfItsKinds { kind_count } => {
            format!("어댑터가 대상으로 삼는 {kind_count}종류의 베이스 텐서가 모두 바뀝니다")
        }
        Compared::PartOfItsKinds { changed_count, unchanged_count, names } => format!(
            "{changed_count}개가 바뀌지만 같은 종류의 {unchanged_count}개는 그대로입니다({}). 레이어가 더 적은 모델로 학습했거나, 어댑터 파일에 빠진 것이 있습니다",
            listed(names)
        ),
        Compared::SameTokenizer => "어댑터의 토크나이저가 베이스의 것과 바이트까지 같습니다".to_owned(),
        Compared::TokenizerAgrees { token_count, base_count } => format!(
            "어댑터의 토큰은 {}개, 베이스의 토큰은 {}개이고, 번호가 다른 토큰은 없습니다",
            units::count(*token_count),
            units::count(*base_count)
        ),
        Compared::TokensMoved { tokens } => format!(
            "토큰 {}개의 번호가 베이스와 다릅니다({}). 어댑터의 토크나이저는 다른 모델의 것입니다",
            units::count(tokens.len() as u64),
            listed(tokens)
        ),
        Compared::Dtypes { factors, base } => format!(
            "어댑터는 {}, 베이스는 {}입니다. F32로 더한 뒤 한 번 반올림합니다",
            dtype(factors.as_ref()),
            dtype(base.as_ref())
        ),
    }
}

fn variant(variant: &NameVariant) -> String {
    match variant.0.as_slice() {
        [] => "기본 모델".to_owned(),
        words => format!("{} 모델", words.join(" ")),
    }
}

fn dtype(dtype: Option<&Dtype>) -> String {
    dtype.map_or_else(|| "자료형 없음".to_owned(), Dtype::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::words::sentences_ko::speaks_korean;

    #[test]
    fn every_finding_speaks_korean_with_its_names_and_numbers() {
        let text = str::to_owned;
        let names = |names: &[&str]| names.iter().copied().map(str::to_owned).collect::<Vec<String>>();
        let variants = Some([NameVariant(names(&["instruct"])), NameVariant(Vec::new())]);
        let quantised = |original: Option<&str>| Compared::QuantisedTraining {
            marker: "awq",
            trained_on: "org/Toy-AWQ".to_owned(),
            original: original.map(str::to_owned),
        };
        let differs =
            |variants| Compared::BaseDiffers { trained_on: "org/Toy".to_owned(), base: "Bear".to_owned(), variants };
        let cases: Vec<(Compared, &[&str])> = vec![
            (Compared::BaseUnnamed, &[]),
            (Compared::BaseNameUntelling { trained_on: text("model"), base: text("out") }, &["`model`", "`out`"]),
            (Compared::BaseNamed { trained_on: text("org/Toy") }, &["`org/Toy`"]),
            (differs(None), &["`org/Toy`", "`Bear`"]),
            (differs(variants), &["`org/Toy`", "`Bear`", "instruct 모델과 기본 모델은"]),
            (Compared::Revision { trained_on: text("0a1b2c3d"), base: text("4e5f6071") }, &["0a1b2c3d", "4e5f6071"]),
            (quantised(None), &["`org/Toy-AWQ`", "awq", "16비트"]),
            (quantised(Some("org/Toy")), &["`org/Toy-AWQ`", "awq", "원본 `org/Toy`에"]),
            (Compared::Class { trained_on: text("LlamaModel"), base: text("GPT2Model") }, &["LlamaModel", "GPT2Model"]),
            (Compared::TaskFits { task: text("SEQ_CLS"), base: text("Toy") }, &["SEQ_CLS", "Toy"]),
            (Compared::TaskDiffers { task: text("SEQ_CLS"), base: text("Toy") }, &["SEQ_CLS", "Toy"]),
            (Compared::AllOfItsKinds { kind_count: 7 }, &["7종류"]),
            (
                Compared::PartOfItsKinds { changed_count: 56, unchanged_count: 4, names: names(&["a", "b", "c", "d"]) },
                &["56개", "4개", "a, b, c 외 1개"],
            ),
            (Compared::SameTokenizer, &[]),
            (Compared::TokenizerAgrees { token_count: 32_001, base_count: 32_000 }, &["32,001", "32,000"]),
            (Compared::TokensMoved { tokens: names(&["<pad>", "<x>"]) }, &["2개", "<pad>, <x>"]),
            (Compared::Dtypes { factors: Some(Dtype::F32), base: Some(Dtype::BF16) }, &["F32", "BF16"]),
            (Compared::Dtypes { factors: None, base: None }, &["자료형 없음"]),
        ];
        for (value, parts) in cases {
            speaks_korean(&compared(&value), &value.to_string(), parts);
        }
    }
}
