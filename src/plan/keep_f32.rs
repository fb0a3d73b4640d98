//! Tensors that an architecture keeps in float32 whatever dtype the model is loaded in.

/// Parts of tensor names by model type: transformers' `_keep_in_fp32_modules` (5.23).
const KEPT: [(&str, &[&str]); 12] = [
    ("t5", &["wo"]),
    ("mt5", &["wo"]),
    ("umt5", &["wo"]),
    ("longt5", &["wo"]),
    ("switch_transformers", &["wo"]),
    ("instructblip", &["query_tokens", "qformer"]),
    ("deepseek_v3", &["e_score_correction_bias"]),
    ("glm4_moe", &["e_score_correction_bias"]),
    ("ernie4_5_moe", &["gate", "moe_statics"]),
    ("dots1", &["e_score_correction_bias"]),
    ("mamba2", &["A_log", "D", "dt_bias"]),
    ("falcon_h1", &["A_log", "D", "dt_bias"]),
];

/// Whether `tensor` of a `model_type` model stays float32 under `--dtype`.
pub(super) fn is_kept(model_type: &str, tensor: &str) -> bool {
    KEPT.iter()
        .filter(|(kept_type, _)| *kept_type == model_type)
        .any(|(_, parts)| tensor.split('.').any(|segment| parts.contains(&segment)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_segments_of_the_named_type_stay() {
        assert!(is_kept("t5", "encoder.block.0.layer.1.DenseReluDense.wo.weight"));
        assert!(!is_kept("t5", "encoder.block.0.layer.1.DenseReluDense.wi.weight"));
        assert!(!is_kept("llama", "model.layers.0.wo.weight"));
    }
}
