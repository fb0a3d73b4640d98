//! The modules that hold all experts of a mixture, as transformers 5.24 has them; every one of its classes was built
//! and asked.

/// Parameters of such modules in the order in which all of them register them.
pub const EXPERT_PARAMETERS: [&str; 6] =
    ["gate_up_proj", "gate_up_proj_bias", "gate_proj", "up_proj", "down_proj", "down_proj_bias"];

/// Model types whose experts are marked as `is_transposed`: (experts, in, out) in memory, which PEFT goes by.
pub const TRANSPOSED_EXPERTS: [&str; 4] = ["gpt_oss", "openai_privacy_filter", "aria", "aria_text"];

/// Model types whose experts are (experts, in, out) on the disk, marked or not.
pub const IN_OUT_EXPERTS: [&str; 8] = [
    "gpt_oss",
    "openai_privacy_filter",
    "aria",
    "aria_text",
    "llama4",
    "llama4_text",
    "qwen3_vl_moe",
    "qwen3_vl_moe_text",
];

/// Model types whose experts PEFT takes the other way under transformers 4 (4.57 was asked) than under 5: there they are
/// not yet marked, or not yet turned while they load. An adapter does not say which release it was trained with.
pub const OTHERWISE_BEFORE_5: [&str; 5] = ["gpt_oss", "aria", "aria_text", "qwen3_vl_moe", "qwen3_vl_moe_text"];

/// Model types whose gate and up features alternate in the joined parameter.
pub const INTERLEAVED_EXPERTS: [&str; 2] = ["gpt_oss", "openai_privacy_filter"];
