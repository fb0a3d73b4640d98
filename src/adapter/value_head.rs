//! The head that a reward training reads values from: no causal model has a place for it.

/// Segments by which TRL, LLaMA-Factory and OpenRLHF name the head.
const SEGMENTS: [&str; 2] = ["v_head", "value_head"];

/// Whether the tensor `name` belongs to a value head.
#[must_use]
pub fn is_value_head(name: &str) -> bool {
    name.split('.').any(|segment| SEGMENTS.contains(&segment))
}

/// Whether the file `name` is kept for a value head.
#[must_use]
pub fn is_value_head_file(name: &str) -> bool {
    name.split('.').next().is_some_and(|stem| SEGMENTS.contains(&stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_segments_name_a_value_head() {
        for name in ["v_head.summary.weight", "base_model.model.v_head.summary.bias", "value_head.weight"] {
            assert!(is_value_head(name), "{name}");
        }
        for name in ["lm_head.weight", "model.mtv_head.weight", "value.head.weight"] {
            assert!(!is_value_head(name), "{name}");
        }
        assert!(is_value_head_file("value_head.safetensors") && !is_value_head_file("vit.safetensors"));
    }
}
