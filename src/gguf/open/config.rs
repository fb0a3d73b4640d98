//! `config.json` from metadata: the inverse of what an export reads of it.

use serde_json::{Map, Value, json};

use super::metadata::{Metadata, decimal};
use crate::{
    checkpoint::{CheckpointError, gguf::GgufModelError},
    gguf::{Family, rope::Llama3Stretch},
    numeric::FloatDtype,
};

/// The base of rotations that llama.cpp takes where none is written.
const DEFAULT_BASE: f32 = 10_000.0;

/// Experts that no model has.
const MOST_EXPERTS: u32 = 4096;

/// The family of a file.
pub(super) fn family(metadata: &Metadata<'_>) -> Result<Family, CheckpointError> {
    let experts = metadata.count("expert_count")?.unwrap_or(0);
    let fits =
        |family: &Family| family.architecture() == metadata.architecture && family.has_experts() == (experts > 0);
    let found = Family::ALL.into_iter().find(fits);
    found.ok_or_else(|| {
        let mut covered = Family::ALL.map(Family::architecture).to_vec();
        covered.dedup();
        let architecture = metadata.architecture.to_owned();
        metadata.file.fault(GgufModelError::UnknownArchitecture { architecture, covered })
    })
}

/// Sizes that shapes are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) layers: u32,
    pub(super) experts: u32,
    hidden: u32,
    heads: u32,
    key_heads: u32,
    head_dim: u32,
    feed_forward: u32,
    context: u32,
    vocabulary: u64,
}

impl Sizes {
    /// The sizes of a file; none is larger than what its tensors can have.
    pub(super) fn of(metadata: &Metadata<'_>) -> Result<Self, CheckpointError> {
        let (hidden, heads) = (metadata.needed("embedding_length")?, metadata.needed("attention.head_count")?);
        let layers = metadata.needed("block_count")?;
        if layers as usize > metadata.file.gguf_header().tensors.len() {
            return Err(metadata.bad("block_count"));
        }
        let key_heads = metadata.count("attention.head_count_kv")?.unwrap_or(heads);
        if key_heads == 0 || !heads.is_multiple_of(key_heads) {
            return Err(metadata.bad("attention.head_count_kv"));
        }
        let experts = metadata.count("expert_count")?.unwrap_or(0);
        if experts > MOST_EXPERTS {
            return Err(metadata.bad("expert_count"));
        }
        let head_dim = metadata.count("attention.key_length")?.unwrap_or(hidden / heads);
        if head_dim == 0 || metadata.count("attention.value_length")?.is_some_and(|width| width != head_dim) {
            return Err(metadata.bad("attention.value_length"));
        }
        let embedding = metadata.tensor("token_embd.weight");
        let no_embedding = || GgufModelError::NoTensor { tensor: "token_embd.weight".to_owned() };
        let embedding = embedding.ok_or_else(|| metadata.file.fault(no_embedding()))?;
        let vocabulary = embedding.dims.get(1).copied().unwrap_or(1);
        Ok(Self {
            layers,
            experts,
            hidden,
            heads,
            key_heads,
            head_dim,
            feed_forward: metadata.needed("feed_forward_length")?,
            context: metadata.needed("context_length")?,
            vocabulary,
        })
    }
}

/// The config of a model of `family`.
pub(super) fn config(
    metadata: &Metadata<'_>,
    family: Family,
    sizes: &Sizes,
    dtype: FloatDtype,
) -> Result<Map<String, Value>, CheckpointError> {
    let (class, model_type) = family.class();
    let mut config = object(json!({
        "architectures": [class],
        "model_type": model_type,
        "vocab_size": sizes.vocabulary,
        "torch_dtype": dtype.config_name(),
        "use_cache": true,
    }));
    let is_tied = family.ignores_head() || metadata.tensor("output.weight").is_none();
    config.insert("tie_word_embeddings".to_owned(), is_tied.into());
    for (key, role) in [("bos_token_id", "bos"), ("eos_token_id", "eos"), ("pad_token_id", "padding")] {
        config.insert(key.to_owned(), metadata.token_id(role).into());
    }
    let own = match family {
        Family::Gpt2 => gpt2(metadata, sizes)?,
        Family::GptNeoX => gpt_neox(metadata, sizes)?,
        Family::Falcon => falcon(metadata, sizes)?,
        family => decoder(metadata, family, sizes)?,
    };
    config.extend(own);
    if !matches!(family, Family::Gpt2 | Family::GptNeoX) {
        config.extend(rotations(metadata, family, sizes)?);
    }
    Ok(config)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => unreachable!("written as an object: {other}"),
    }
}

fn gpt2(metadata: &Metadata<'_>, sizes: &Sizes) -> Result<Map<String, Value>, CheckpointError> {
    Ok(object(json!({
        "n_layer": sizes.layers,
        "n_embd": sizes.hidden,
        "n_head": sizes.heads,
        "n_positions": sizes.context,
        "n_ctx": sizes.context,
        "n_inner": sizes.feed_forward,
        "layer_norm_epsilon": decimal(metadata.needed_number("attention.layer_norm_epsilon")?),
        "activation_function": "gelu_new",
    })))
}

fn gpt_neox(metadata: &Metadata<'_>, sizes: &Sizes) -> Result<Map<String, Value>, CheckpointError> {
    Ok(object(json!({
        "num_hidden_layers": sizes.layers,
        "hidden_size": sizes.hidden,
        "num_attention_heads": sizes.heads,
        "intermediate_size": sizes.feed_forward,
        "max_position_embeddings": sizes.context,
        "layer_norm_eps": decimal(metadata.needed_number("attention.layer_norm_epsilon")?),
        "rotary_pct": share(metadata, sizes)?,
        "rotary_emb_base": decimal(metadata.number("rope.freq_base")?.unwrap_or(DEFAULT_BASE)),
        "use_parallel_residual": metadata.flag("use_parallel_residual")?.unwrap_or(true),
        "hidden_act": "gelu",
        "attention_bias": true,
    })))
}

/// The share of a head that is rotated.
fn share(metadata: &Metadata<'_>, sizes: &Sizes) -> Result<Value, CheckpointError> {
    let count = metadata.needed("rope.dimension_count")?;
    let mut share = f64::from(count) / f64::from(sizes.head_dim);
    // Whoever multiplies again and cuts must come to the same count.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small number")]
    let cut = |share: f64| (share * f64::from(sizes.head_dim)) as u32;
    if cut(share) < count {
        share = share.next_up();
    }
    if share > 1.0 || cut(share) != count { Err(metadata.bad("rope.dimension_count")) } else { Ok(share.into()) }
}

fn falcon(metadata: &Metadata<'_>, sizes: &Sizes) -> Result<Map<String, Value>, CheckpointError> {
    let has_two_norms = metadata.has_in_layer("attn_norm_2.weight");
    let is_plain = !has_two_norms && (sizes.key_heads == 1 || sizes.key_heads == sizes.heads);
    Ok(object(json!({
        "num_hidden_layers": sizes.layers,
        "hidden_size": sizes.hidden,
        "num_attention_heads": sizes.heads,
        "num_kv_heads": if is_plain { sizes.heads } else { sizes.key_heads },
        "new_decoder_architecture": !is_plain,
        "multi_query": !is_plain || sizes.key_heads == 1,
        "num_ln_in_parallel_attn": if has_two_norms { 2 } else { 1 },
        "parallel_attn": true,
        "bias": false,
        "alibi": false,
        "ffn_hidden_size": sizes.feed_forward,
        "max_position_embeddings": sizes.context,
        "layer_norm_epsilon": decimal(metadata.needed_number("attention.layer_norm_epsilon")?),
        "activation": "gelu",
    })))
}

/// The families that write their configs as Llama does.
fn decoder(metadata: &Metadata<'_>, family: Family, sizes: &Sizes) -> Result<Map<String, Value>, CheckpointError> {
    let mut config = object(json!({
        "num_hidden_layers": sizes.layers,
        "hidden_size": sizes.hidden,
        "num_attention_heads": sizes.heads,
        "num_key_value_heads": sizes.key_heads,
        "intermediate_size": sizes.feed_forward,
        "max_position_embeddings": sizes.context,
        "hidden_act": if family.is_gemma() { "gelu_pytorch_tanh" } else { "silu" },
    }));
    let mut set = |key: &str, value: Value| config.insert(key.to_owned(), value);
    if family == Family::StableLm {
        set("layer_norm_eps", decimal(metadata.needed_number("attention.layer_norm_epsilon")?));
    } else {
        set("rms_norm_eps", decimal(metadata.needed_number("attention.layer_norm_rms_epsilon")?));
    }
    if !matches!(family, Family::Phi3 | Family::Olmo2 | Family::StableLm) {
        let is_usual = sizes.head_dim.checked_mul(sizes.heads) == Some(sizes.hidden);
        if !is_usual || !matches!(family, Family::Mixtral | Family::Qwen2) {
            set("head_dim", sizes.head_dim.into());
        }
    }
    let has_bias = |part: &str| Value::from(metadata.has_in_layer(&format!("{part}.bias")));
    match family {
        Family::Llama => {
            set("attention_bias", has_bias("attn_q"));
            set("mlp_bias", has_bias("ffn_gate"));
        }
        Family::Mixtral => {
            set("attention_bias", has_bias("attn_q"));
            set("num_local_experts", sizes.experts.into());
            set("num_experts_per_tok", metadata.needed("expert_used_count")?.into());
        }
        Family::Qwen2 => {
            set("use_sliding_window", false.into());
        }
        Family::Qwen3 | Family::Olmo2 => {
            set("attention_bias", false.into());
        }
        Family::Qwen3Moe => {
            set("attention_bias", false.into());
            set("num_experts", sizes.experts.into());
            set("num_experts_per_tok", metadata.needed("expert_used_count")?.into());
            set("moe_intermediate_size", metadata.needed("expert_feed_forward_length")?.into());
            // llama.cpp knows no others.
            set("norm_topk_prob", true.into());
            set("decoder_sparse_step", 1.into());
            set("mlp_only_layers", json!([]));
        }
        Family::Gemma2 | Family::Gemma3 => {
            set("hidden_activation", "gelu_pytorch_tanh".into());
            set("sliding_window", metadata.needed("attention.sliding_window")?.into());
            let period = if family == Family::Gemma2 { 2 } else { 6 };
            let kind =
                |layer: u32| if (layer + 1).is_multiple_of(period) { "full_attention" } else { "sliding_attention" };
            set("layer_types", (0..sizes.layers).map(kind).collect::<Vec<_>>().into());
            // llama.cpp knows the scale of the queries by the number of layers.
            let is_large = sizes.layers == if family == Family::Gemma2 { 46 } else { 62 };
            let scale = if is_large { sizes.hidden / sizes.heads } else { sizes.head_dim };
            set("query_pre_attn_scalar", scale.into());
            for key in ["attn_logit_softcapping", "final_logit_softcapping"] {
                let cap =
                    if family == Family::Gemma2 { Some(metadata.needed_number(key)?) } else { metadata.number(key)? };
                set(key, cap.map_or(Value::Null, decimal));
            }
        }
        Family::Phi3 => {
            set("partial_rotary_factor", share(metadata, sizes)?);
            set("sliding_window", metadata.count("attention.sliding_window")?.filter(|window| *window > 0).into());
            let original = metadata.count("rope.scaling.original_context_length")?.unwrap_or(sizes.context);
            set("original_max_position_embeddings", original.into());
        }
        Family::StableLm => {
            set("partial_rotary_factor", share(metadata, sizes)?);
            set("use_parallel_residual", metadata.flag("use_parallel_residual")?.unwrap_or(false).into());
            set("use_qkv_bias", has_bias("attn_q"));
            set("qk_layernorm", metadata.has_in_layer("attn_q_norm.weight").into());
        }
        Family::Gemma | Family::GptNeoX | Family::Gpt2 | Family::Falcon => {}
    }
    Ok(config)
}

/// The rotations, as releases before transformers 5 write them, which all of them read.
fn rotations(metadata: &Metadata<'_>, family: Family, sizes: &Sizes) -> Result<Map<String, Value>, CheckpointError> {
    let base = metadata.number("rope.freq_base")?.unwrap_or(DEFAULT_BASE);
    let mut config = object(json!({ "rope_theta": decimal(base) }));
    if family == Family::Gemma3 {
        let of_windows = metadata.number("rope.freq_base_swa")?.unwrap_or(DEFAULT_BASE);
        config.insert("rope_local_base_freq".to_owned(), decimal(of_windows));
    }
    let scaling = match metadata.text("rope.scaling.type")? {
        None | Some("none") => of_tensors(metadata, family, sizes, base)?,
        Some("linear") => Some(json!({
            "type": "linear",
            "rope_type": "linear",
            "factor": decimal(metadata.needed_number("rope.scaling.factor")?),
        })),
        Some("yarn") => {
            let factor = metadata.needed_number("rope.scaling.factor")?;
            let mut scaling = object(json!({
                "type": "yarn",
                "rope_type": "yarn",
                "factor": decimal(factor),
                "original_max_position_embeddings": metadata.needed("rope.scaling.original_context_length")?,
            }));
            if let Some(attention) = metadata.number("rope.scaling.attn_factor")? {
                // What llama.cpp multiplies by anyway is taken in.
                scaling.insert("attention_factor".to_owned(), decimal(attention * (1.0 + 0.1 * factor.ln())));
            }
            for (key, own) in
                [("rope.scaling.yarn_beta_fast", "beta_fast"), ("rope.scaling.yarn_beta_slow", "beta_slow")]
            {
                if let Some(value) = metadata.number(key)? {
                    scaling.insert(own.to_owned(), decimal(value));
                }
            }
            Some(Value::Object(scaling))
        }
        Some(_) => return Err(metadata.bad("rope.scaling.type")),
    };
    config.insert("rope_scaling".to_owned(), scaling.unwrap_or(Value::Null));
    Ok(config)
}

/// Rotations whose factors are tensors.
fn of_tensors(
    metadata: &Metadata<'_>,
    family: Family,
    sizes: &Sizes,
    base: f32,
) -> Result<Option<Value>, CheckpointError> {
    let values = |name: &str| match metadata.tensor(name) {
        Some(tensor) if tensor.dims.len() == 1 && tensor.dims[0] <= u64::from(sizes.head_dim) => {
            metadata.file.stored(tensor).read_all().map(Some)
        }
        Some(tensor) => {
            let (tensor, dims) = (tensor.name.clone(), tensor.dims.clone());
            Err(metadata.file.fault(GgufModelError::UnfitTensor { tensor, dims }))
        }
        None => Ok(None),
    };
    if family == Family::Phi3 {
        let (Some(long), Some(short)) = (values("rope_factors_long.weight")?, values("rope_factors_short.weight")?)
        else {
            return Ok(None);
        };
        let list = |factors: Vec<f32>| factors.into_iter().map(decimal).collect::<Vec<_>>();
        let mut scaling = object(json!({
            "type": "longrope",
            "rope_type": "longrope",
            "long_factor": list(long),
            "short_factor": list(short),
        }));
        if let Some(factor) = metadata.number("rope.scaling.attn_factor")? {
            scaling.insert("attention_factor".to_owned(), decimal(factor));
        }
        return Ok(Some(Value::Object(scaling)));
    }
    let Some(factors) = values("rope_freqs.weight")?.filter(|_| family == Family::Llama) else { return Ok(None) };
    let stretch = stretch_of(&factors, base, sizes.head_dim).ok_or_else(|| {
        let (key, value) = ("rope_freqs.weight".to_owned(), format!("{} factors", factors.len()));
        metadata.file.fault(GgufModelError::BadKey { key, value })
    })?;
    Ok(Some(whole_context(json!({
        "rope_type": "llama3",
        "factor": decimal(stretch.factor),
        "low_freq_factor": decimal(stretch.low),
        "high_freq_factor": decimal(stretch.high),
        "original_max_position_embeddings": stretch.context,
    }))))
}

/// A context is a whole number in every config.
fn whole_context(mut scaling: Value) -> Value {
    let key = "original_max_position_embeddings";
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a power of two")]
    if let Some(context) = scaling[key].as_f64() {
        scaling[key] = (context as u64).into();
    }
    scaling
}

/// How Llama 3 slows its rotations where it does it by `factors`: as all of its models do, from a context that is a power
/// of two.
fn stretch_of(factors: &[f32], base: f32, head_dim: u32) -> Option<Llama3Stretch> {
    let factor = factors.iter().copied().fold(1.0_f32, f32::max);
    let is_close = |(one, other): (&f32, &f32)| (one - other).abs() <= one.abs() * 1e-6;
    #[expect(clippy::cast_precision_loss, reason = "powers of two")]
    let candidates = (4..24).rev().map(|bits| (1_u32 << bits) as f32);
    let stretches = candidates.map(|context| Llama3Stretch { factor, low: 1.0, high: 4.0, context });
    let fits = |stretch: &Llama3Stretch| {
        let own = stretch.factors(base, head_dim);
        own.len() == factors.len() && own.iter().zip(factors).all(is_close)
    };
    // Where two contexts make the same factors, they make the same model; the usual one is told.
    let usual = Llama3Stretch { factor, low: 1.0, high: 4.0, context: 8192.0 };
    std::iter::once(usual).chain(stretches).find(fits)
}
