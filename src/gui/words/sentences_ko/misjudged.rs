//! A decision of a matching that the facts contradict, in Korean.

use crate::{
    adapter::Orientation,
    verify::{Misjudged, NAMES_SHOWN},
};

/// One wrong decision.
pub fn sentence(misjudged: &Misjudged) -> String {
    match misjudged {
        Misjudged::LeftOut { adapter, names } => format!(
            "{adapter}의 텐서 {}개가 병합되지 않았고, 빼도 되는 규칙도 없습니다: {}",
            names.len(),
            super::listed(names, NAMES_SHOWN)
        ),
        Misjudged::SetAside { adapter, tensor } => {
            format!("{adapter}의 {tensor} 텐서를 뺀 규칙이 이 텐서에는 맞지 않습니다")
        }
        Misjudged::OtherPlace { module, tensor, expected: Some(expected) } => {
            format!("{module} 모듈의 갱신을 {tensor} 텐서에 두었지만, 그 모듈의 텐서는 {expected}입니다")
        }
        Misjudged::OtherPlace { module, tensor, expected: None } => {
            format!("{module} 모듈의 갱신을 다른 모듈의 {tensor} 텐서에 두었습니다")
        }
        Misjudged::OtherOrientation { tensor, taken } => {
            let (taken, held) = match taken {
                Orientation::OutIn => ("(출력, 입력)", "(입력, 출력)"),
                Orientation::InOut => ("(입력, 출력)", "(출력, 입력)"),
            };
            format!("{tensor} 텐서의 방향을 {taken} 순서로 보았지만, 이 클래스는 {held} 순서로 저장합니다")
        }
        Misjudged::OtherExpert { module, tensor } => {
            format!("{module} 모듈의 갱신을 {tensor} 텐서의 다른 전문가나 다른 행에 두었습니다")
        }
        Misjudged::ExpertsLeftOut { module, placed_count, expert_count } => {
            format!("{module} 모듈의 갱신은 전문가 {expert_count}개의 것인데 {placed_count}개만 자리를 찾았습니다")
        }
        Misjudged::OtherOrder { tensor } => {
            format!("{tensor}: 여러 어댑터의 갱신이 어댑터를 준 순서를 따르지 않습니다")
        }
        Misjudged::AppliedTwice { tensor } => format!("{tensor}: 같은 갱신을 두 번 넣었습니다"),
        Misjudged::OtherHead { tensor, head } => {
            format!("출력 헤드를 {tensor} 텐서로 보았지만, 불러올 때 찾는 이름은 {head}입니다")
        }
        Misjudged::LeftTied { changed, other } => format!(
            "{changed} 텐서는 바뀌고 {other} 텐서는 그대로인데 config.json이 둘을 여전히 묶어 두어, 불러오면 같은 값이 됩니다"
        ),
        Misjudged::OtherEmbedding { tensor, embedding } => {
            format!("{tensor} 텐서는 베이스에서 {embedding} 텐서를 함께 쓰는데 다른 값을 가져왔습니다")
        }
        Misjudged::RowsLeftOut { tensor, embedding } => format!(
            "{tensor} 텐서는 베이스에서 {embedding} 텐서를 함께 쓰므로 새 토큰 행도 함께 받아야 하는데, 그 행이 빠졌습니다"
        ),
        Misjudged::OtherFactor { tensor, taken, expected } => format!(
            "{tensor} 텐서에 {taken:.6}을(를) 곱했지만, 베이스와 병합된 폴더의 config.json에 따르면 이 클래스에서는 {expected:.6}배여야 합니다"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::words::sentences_ko::speaks_korean;

    #[test]
    fn every_wrong_decision_speaks_korean_and_names_what_it_is_about() {
        let text = str::to_owned;
        let (module, tensor) = (|| text("layers.0.up"), || text("layers.0.up.weight"));
        let place = |expected| Misjudged::OtherPlace { module: module(), tensor: tensor(), expected };
        let cases: Vec<(Misjudged, &[&str])> = vec![
            (Misjudged::LeftOut { adapter: text("a1"), names: vec![tensor()] }, &["a1", "1개", "layers.0.up.weight"]),
            (Misjudged::SetAside { adapter: text("a1"), tensor: tensor() }, &["a1", "layers.0.up.weight"]),
            (place(None), &["layers.0.up", "layers.0.up.weight"]),
            (place(Some(text("h.0.up.weight"))), &["layers.0.up.weight", "h.0.up.weight"]),
            (
                Misjudged::OtherOrientation { tensor: tensor(), taken: Orientation::InOut },
                &["layers.0.up.weight", "(입력, 출력) 순서로 보았지만"],
            ),
            (Misjudged::OtherExpert { module: module(), tensor: tensor() }, &["layers.0.up", "layers.0.up.weight"]),
            (
                Misjudged::ExpertsLeftOut { module: module(), placed_count: 3, expert_count: 4 },
                &["layers.0.up", "4개", "3개"],
            ),
            (Misjudged::OtherOrder { tensor: tensor() }, &["layers.0.up.weight"]),
            (Misjudged::AppliedTwice { tensor: tensor() }, &["layers.0.up.weight"]),
            (Misjudged::OtherHead { tensor: text("a.weight"), head: text("b.weight") }, &["a.weight", "b.weight"]),
            (Misjudged::LeftTied { changed: text("a.weight"), other: text("b.weight") }, &["a.weight", "b.weight"]),
            (
                Misjudged::OtherEmbedding { tensor: text("a.weight"), embedding: text("b.weight") },
                &["a.weight", "b.weight"],
            ),
            (
                Misjudged::RowsLeftOut { tensor: text("a.weight"), embedding: text("b.weight") },
                &["a.weight", "b.weight"],
            ),
            (
                Misjudged::OtherFactor { tensor: text("a.weight"), taken: 1.0, expected: 0.25 },
                &["a.weight", "1.000000", "0.250000"],
            ),
        ];
        for (misjudged, parts) in cases {
            let sentence = sentence(&misjudged);
            speaks_korean(&sentence, &misjudged.to_string(), parts);
        }
    }
}
