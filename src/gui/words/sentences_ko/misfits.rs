//! Why an adapter's tensors find no place, in Korean.

use crate::{
    adapter::ExpectedShape,
    matching::{ClashReason, MisfitReason, OrphanReason},
    units,
};

/// Why a module does not fit.
pub fn misfit_reason(reason: &MisfitReason) -> String {
    match reason {
        MisfitReason::Orphaned(reason) => orphaned(reason),
        MisfitReason::Clashing(reason) => clashing(reason),
    }
}

/// Why the base has no place.
pub fn orphaned(reason: &OrphanReason) -> String {
    match reason {
        OrphanReason::NoSuchModule => "베이스에 이런 모듈이 없습니다".to_owned(),
        OrphanReason::TiedHead => {
            "베이스의 출력 헤드는 임베딩과 텐서를 함께 쓰는데, 어느 임베딩인지 알 수 없습니다".to_owned()
        }
        OrphanReason::OtherPart { segment, base_is_multimodal: false } => format!(
            "경로에 `{segment}` 부분이 있습니다. 어댑터는 멀티모달 모델을 위한 것인데 베이스는 텍스트 모델입니다"
        ),
        OrphanReason::OtherPart { segment, base_is_multimodal: true } => {
            format!("경로에 `{segment}` 부분이 있는데, 이 베이스에는 없습니다")
        }
        OrphanReason::FusedInBase { fused } => {
            format!("베이스에서는 이 행렬이 {fused}의 일부입니다. {OTHER_IMPLEMENTATION}")
        }
        OrphanReason::SplitInBase { parts } => {
            format!("베이스에서는 이 행렬이 나뉘어 있습니다({}). {OTHER_IMPLEMENTATION}", parts.join(", "))
        }
        OrphanReason::ExpertsInOneTensor { tensor } => {
            format!("베이스는 모든 전문가(expert)를 한 텐서 {tensor}에 담고 있습니다")
        }
        OrphanReason::TooFewLayers { layer_count } => {
            format!("베이스에는 레이어가 {layer_count}개뿐입니다. 학습에 쓴 모델보다 작은 모델입니다")
        }
        OrphanReason::NoSuchParameter { parameter } => {
            format!("베이스의 이 모듈에는 {parameter} 파라미터가 없습니다")
        }
        OrphanReason::MultiheadAttention => {
            "PyTorch의 MultiheadAttention입니다. PEFT는 두 투영을 함께, 기본 LoRA로만 바꿉니다".to_owned()
        }
        OrphanReason::UnknownFactor => "이 어댑터의 방식에는 없는 텐서입니다".to_owned(),
    }
}

const OTHER_IMPLEMENTATION: &str = "베이스를 변환했거나, 어댑터를 이 모델의 다른 구현으로 만들었습니다";

/// Why the place does not fit.
pub fn clashing(reason: &ClashReason) -> String {
    match reason {
        ClashReason::Shape { expected, base_shape } => {
            format!("어댑터가 바꾸려는 것은 {}, 베이스에 있는 것은 {}입니다", expected_shape(expected), units::shape(base_shape))
        }
        ClashReason::GroupedConvolution { group_count } => format!(
            "베이스의 합성곱은 그룹이 {group_count}개인데 어댑터는 여러 그룹에 걸쳐 있어 가중치에 담을 자리가 없습니다"
        ),
        ClashReason::Vocabulary { rows, base_rows } => format!(
            "학습하면서 어휘를 {rows}행으로 바꿨는데 베이스는 {base_rows}행이고, 어댑터에 바뀐 가중치의 사본이 없습니다"
        ),
        ClashReason::SharedWithHead => {
            "베이스의 출력 헤드는 이 임베딩과 텐서를 함께 쓰지만 학습하면서 서로 달라졌고, 이 구조에서는 헤드가 가질 텐서의 이름을 알 수 없습니다".to_owned()
        }
        ClashReason::Inseparable { others } => format!(
            "학습하면서 이 가중치가 {}와(과) 달라졌지만, 이 모델의 클래스에서는 모두 한 가중치여야 합니다. 떼어 놓으면 계산이 달라지거나, 이전 버전의 transformers가 다시 하나로 묶습니다",
            others.join(", ")
        ),
        ClashReason::Orientation { is_stated_in_out, is_named } => format!(
            "가중치가 정사각이고 transformers에 없는 클래스라서, (출력, 입력)과 (입력, 출력) 가운데 어느 순서로 저장했는지 알 수 없습니다. 어댑터의 fan_in_fan_out은 {is_stated_in_out}인데 {}",
            if *is_named { "모듈의 이름은 그 반대를 가리킵니다" } else { "어댑터의 다른 레이어들은 그 반대로 놓여 있습니다" }
        ),
        ClashReason::NotFloat { dtype } => format!("베이스의 자료형이 {dtype}입니다. 여기에는 병합할 수 없습니다"),
        ClashReason::TwoFiles { files } => format!(
            "어댑터의 두 파일({}, {})에 서로 다른 값으로 들어 있어, 어느 쪽이 맞는지 알 수 없습니다",
            files[0], files[1]
        ),
        ClashReason::Nesting { parameters } => format!(
            "어댑터의 각 단계가 {} 중 어느 파라미터를 위한 것인지 알 수 없습니다. 여러 순서가 들어맞는데, 이 모듈이 파라미터를 등록하는 순서를 모릅니다",
            parameters.join(", ")
        ),
        ClashReason::OpenTask { task: None, classes } => {
            format!("이 헤드가 맞는 클래스가 여럿인데({}), 어댑터에는 어느 것인지 나와 있지 않습니다", classes.join(", "))
        }
        ClashReason::OpenTask { task: Some(task), classes } => {
            format!("어댑터의 작업은 {task}인데, 이 헤드가 맞는 클래스는 따로 있습니다({})", classes.join(", "))
        }
        ClashReason::Taken { other_module } => {
            format!("{other_module} 모듈과 같은 베이스 텐서에 놓입니다")
        }
    }
}

/// The weight that an update fits.
pub fn expected_shape(expected: &ExpectedShape) -> String {
    match expected {
        ExpectedShape::Exact(shape) => units::shape(shape),
        ExpectedShape::OutputFeatures(count) => format!("출력 특성 {count}개"),
        ExpectedShape::InputFeatures(count) => format!("입력 특성 {count}개"),
        ExpectedShape::MatrixInputs(count) => format!("입력 특성이 {}개인 행렬", units::count(*count as u64)),
        ExpectedShape::MatrixInputsMultiple(size) => format!("입력 특성이 {size}의 배수인 행렬"),
        ExpectedShape::MatrixFrom(count) => format!("원소가 {}개 이상인 행렬", units::count(*count as u64)),
        ExpectedShape::MatrixShorterSide(size) => format!("짧은 변이 {size}인 행렬"),
        ExpectedShape::MatrixOutputsMultiple(size) => format!("출력 특성이 {size}의 배수인 행렬"),
        ExpectedShape::MatrixSides(sum) => format!("행과 열을 더해 {}개인 행렬", units::count(*sum as u64)),
        ExpectedShape::RowsFrom { rows, columns } => format!("{rows}행 이상 × {columns}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{gui::words::sentences_ko::speaks_korean, numeric::Dtype};

    #[test]
    fn every_reason_speaks_korean_with_its_names_and_numbers() {
        let text = str::to_owned;
        let part = |base_is_multimodal| OrphanReason::OtherPart { segment: "visual".to_owned(), base_is_multimodal };
        let orphans: Vec<(OrphanReason, &[&str])> = vec![
            (OrphanReason::NoSuchModule, &[]),
            (OrphanReason::TiedHead, &[]),
            (part(false), &["`visual`", "멀티모달"]),
            (part(true), &["`visual`"]),
            (OrphanReason::FusedInBase { fused: text("attn.qkv") }, &["attn.qkv"]),
            (OrphanReason::SplitInBase { parts: vec![text("q_proj"), text("k_proj")] }, &["q_proj, k_proj"]),
            (OrphanReason::ExpertsInOneTensor { tensor: text("experts.up") }, &["experts.up"]),
            (OrphanReason::TooFewLayers { layer_count: 24 }, &["24개"]),
            (OrphanReason::NoSuchParameter { parameter: text("bias") }, &["bias"]),
            (OrphanReason::MultiheadAttention, &["MultiheadAttention", "LoRA"]),
            (OrphanReason::UnknownFactor, &[]),
        ];
        for (reason, parts) in orphans {
            speaks_korean(&orphaned(&reason), &reason.to_string(), parts);
        }
        let expected = ExpectedShape::Exact(vec![8, 16]);
        let clashes: Vec<(ClashReason, &[&str])> = vec![
            (ClashReason::Shape { expected, base_shape: vec![4, 2] }, &["8 × 16", "4 × 2"]),
            (ClashReason::Vocabulary { rows: 32_001, base_rows: 32_000 }, &["32001", "32000"]),
            (ClashReason::GroupedConvolution { group_count: 4 }, &["4개"]),
            (ClashReason::SharedWithHead, &[]),
            (ClashReason::Inseparable { others: vec![text("lm_head.weight")] }, &["lm_head.weight"]),
            (ClashReason::Orientation { is_stated_in_out: true, is_named: true }, &["fan_in_fan_out", "true"]),
            (ClashReason::Orientation { is_stated_in_out: false, is_named: false }, &["fan_in_fan_out", "false"]),
            (ClashReason::NotFloat { dtype: Dtype::U8 }, &["U8"]),
            (ClashReason::TwoFiles { files: [text("x.bin"), text("y.bin")] }, &["x.bin, y.bin"]),
            (ClashReason::Nesting { parameters: vec![text("up"), text("down")] }, &["up, down"]),
            (ClashReason::OpenTask { task: None, classes: vec![text("AModel"), text("BModel")] }, &["AModel, BModel"]),
            (
                ClashReason::OpenTask { task: Some(text("SEQ_CLS")), classes: vec![text("AModel")] },
                &["SEQ_CLS", "AModel"],
            ),
            (ClashReason::Taken { other_module: text("a.q_proj") }, &["a.q_proj"]),
        ];
        for (reason, parts) in clashes {
            speaks_korean(&clashing(&reason), &reason.to_string(), parts);
        }
        let shapes: Vec<(ExpectedShape, &[&str])> = vec![
            (ExpectedShape::OutputFeatures(64), &["64개"]),
            (ExpectedShape::InputFeatures(64), &["64개"]),
            (ExpectedShape::MatrixInputs(4_096), &["4,096개"]),
            (ExpectedShape::MatrixInputsMultiple(32), &["32의"]),
            (ExpectedShape::MatrixOutputsMultiple(6), &["6의"]),
            (ExpectedShape::MatrixSides(8_192), &["8,192개"]),
            (ExpectedShape::RowsFrom { rows: 7, columns: 64 }, &["7행", "64"]),
        ];
        for (shape, parts) in shapes {
            speaks_korean(&expected_shape(&shape), &shape.to_string(), parts);
        }
    }
}
