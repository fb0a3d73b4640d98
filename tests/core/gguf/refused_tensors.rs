//! Tensors that are missing, too many or of another shape than the config says: each is refused by its name.

use serde_json::{Value, json};

use super::refusals::{Model, told};

const CASES: [&str; 17] = [
    "llama-spm",
    "qwen2",
    "qwen3",
    "qwen3-moe",
    "mixtral",
    "gemma",
    "gemma2",
    "gemma3",
    "phi3",
    "olmo2",
    "stablelm",
    "stablelm-parallel",
    "gpt_neox",
    "gpt2",
    "falcon",
    "falcon-groups",
    "falcon-heads",
];

/// Whatever a model has is needed: without any one tensor it is no whole model, and a reader would stop or read zeros.
#[test]
fn a_model_that_lacks_a_tensor() {
    for case in CASES {
        let whole = Model::new(case);
        whole.assert_exported(case);
        for name in whole.tensors.keys() {
            let mut model = whole.clone();
            model.tensors.remove(name);
            let what = format!("{case} without {name}");
            match model.export() {
                Ok(_) => panic!("{what} is exported"),
                Err(error) => assert!(told(&error).starts_with("no tensor "), "{what}: {error}"),
            }
        }
    }
}

/// Whether a tensor stands outside of layers or in the first one: all layers have the same shapes.
fn is_above_or_first(name: &str) -> bool {
    let behind = ["layers.", "h."].iter().find_map(|prefix| Some(name.split_once(prefix)?.1));
    behind.is_none_or(|rest| rest.starts_with("0."))
}

/// A tensor of another shape than the config says is no part of this model.
#[test]
fn a_tensor_of_another_shape() {
    for case in CASES {
        let whole = Model::new(case);
        for (name, shape) in whole.tensors.iter().filter(|(name, _)| is_above_or_first(name)) {
            for dim in 0..shape.len() {
                let mut model = whole.clone();
                model.tensors.get_mut(name).unwrap()[dim] *= 2;
                let what = format!("{case} with {name} twice as large");
                match model.export() {
                    Ok(_) => panic!("{what} is exported"),
                    Err(error) => assert!(told(&error).starts_with("unfit tensor "), "{what}: {error}"),
                }
            }
            let fewer = shape[1..].to_vec();
            for other in [[shape.as_slice(), &[1]].concat(), fewer, Vec::new()] {
                let mut model = whole.clone();
                let what = format!("{case} with {name} of the shape {other:?}");
                model.tensors.insert(name.clone(), other);
                let refusal = model.export().err().map(|error| told(&error));
                assert!(refusal.is_some_and(|told| told.starts_with("unfit tensor ")), "{what}");
            }
        }
    }
}

#[test]
fn a_tensor_without_a_place() {
    let cases = [
        ("llama-spm", "score.weight", vec![2, 64]),
        ("llama-spm", "model.layers.2.mlp.up_proj.weight", vec![96, 64]),
        ("llama-spm", "model.layers.0.self_attn.q_norm.weight", vec![16]),
        ("qwen3", "model.layers.0.self_attn.q_proj.bias", vec![128]),
        ("gpt_neox", "lm_head.weight", vec![400, 64]),
        ("mixtral", "model.layers.0.mlp.gate.weight", vec![4, 64]),
        ("falcon", "transformer.h.0.ln_mlp.weight", vec![64]),
        ("falcon", "transformer.h.0.mlp.dense_h_to_4h.bias", vec![256]),
    ];
    for (case, name, shape) in cases {
        let mut model = Model::new(case);
        model.tensors.insert(name.to_owned(), shape);
        model.assert_refused(&format!("{case} with {name}"), &format!("unplaced tensor {name}"));
        model.tensors.remove(name);
        model.tensors.insert("model.layers.0.self_attn.rotary_emb.inv_freq".to_owned(), vec![8]);
        model.assert_exported(case);
    }
}

/// A part in one layer and not in the others.
#[test]
fn layers_that_differ() {
    let mut model = Model::new("llama-spm");
    model.tensors.insert("model.layers.1.self_attn.q_proj.bias".to_owned(), vec![64]);
    model.assert_refused("a bias in one layer", "no tensor blk.0.attn_q.bias");
}

/// Modules of a layer and how many values their biases have.
type Biases<'a> = &'a [(&'a str, usize)];

#[test]
fn switches_that_the_tensors_contradict() {
    let biases = |model: &mut Model, parts: Biases| {
        for layer in 0..2 {
            for (part, rows) in parts {
                model.tensors.insert(format!("model.layers.{layer}.{part}.bias"), vec![*rows]);
            }
        }
    };
    let attention =
        [("self_attn.q_proj", 64), ("self_attn.k_proj", 32), ("self_attn.v_proj", 32), ("self_attn.o_proj", 64)];
    let mlp = [("mlp.gate_proj", 96), ("mlp.up_proj", 96), ("mlp.down_proj", 64)];
    let cases: [(&str, &str, Biases, &str); 3] = [
        ("llama-spm", "attention_bias", &attention, "attn_q"),
        ("llama-spm", "mlp_bias", &mlp, "ffn_gate"),
        ("mixtral", "attention_bias", &attention, "attn_q"),
    ];
    for (case, key, parts, first) in cases {
        let mut model = Model::new(case);
        model.config[key] = true.into();
        model.assert_refused(key, &format!("no tensor blk.0.{first}.bias"));
        biases(&mut model, parts);
        model.assert_exported(key);
        model.config[key] = false.into();
        model.assert_refused(key, &format!("bad setting {key}"));
    }
    let cases: [(&str, &str, Value, Value, &str); 6] = [
        ("stablelm", "use_qkv_bias", json!(false), json!(true), "bad setting use_qkv_bias"),
        ("stablelm", "use_parallel_residual", json!(true), json!(false), "bad setting use_parallel_residual"),
        ("stablelm", "qk_layernorm", json!(true), json!(false), "no tensor blk.0.attn_q_norm.weight"),
        ("stablelm-parallel", "qk_layernorm", json!(false), json!(true), "bad setting qk_layernorm"),
        ("stablelm-parallel", "use_parallel_residual", json!(false), json!(true), "no tensor blk.0.ffn_norm.weight"),
        ("falcon-groups", "num_ln_in_parallel_attn", json!(1), json!(2), "bad setting num_ln_in_parallel_attn"),
    ];
    for (case, key, refused, accepted, expected) in cases {
        let mut model = Model::new(case);
        model.config[key] = refused;
        model.assert_refused(key, expected);
        model.config[key] = accepted;
        model.assert_exported(key);
    }
}

/// Experts that transformers 5 holds in one tensor, gate above up.
#[test]
fn joined_experts_of_another_shape() {
    let joined = |gates: &[usize], downs: &[usize]| {
        let mut model = Model::new("qwen3-moe");
        model.tensors.retain(|name, _| !name.contains(".experts."));
        for layer in 0..2 {
            let prefix = format!("model.layers.{layer}.mlp.experts");
            model.tensors.insert(format!("{prefix}.gate_up_proj"), gates.to_vec());
            model.tensors.insert(format!("{prefix}.down_proj"), downs.to_vec());
        }
        model
    };
    joined(&[4, 64, 64], &[4, 64, 32]).assert_exported("joined experts");
    let gates = "unfit tensor model.layers.0.mlp.experts.gate_up_proj";
    for shape in [&[3, 64, 64][..], &[4, 63, 64], &[4, 0, 64], &[4, 64, 32], &[256, 64]] {
        joined(shape, &[4, 64, 32]).assert_refused(&format!("{shape:?}"), gates);
    }
    let downs = "unfit tensor model.layers.0.mlp.experts.down_proj";
    joined(&[4, 64, 64], &[4, 32, 64]).assert_refused("downs turned", downs);
}

#[test]
fn heads_that_llama_cpp_would_not_take() {
    // Untied, and none is there.
    for case in ["llama-spm", "qwen2", "gemma2"] {
        let mut model = Model::new(case);
        model.tensors.remove("lm_head.weight");
        model.config["tie_word_embeddings"] = false.into();
        model.assert_refused(case, "no tensor output.weight");
        model.config["tie_word_embeddings"] = true.into();
        model.assert_exported(case);
    }
    // One that llama.cpp passes over: it must be the embedding.
    for case in ["gemma", "gemma2"] {
        for is_tied in [true, false] {
            let mut model = Model::new(case);
            model.config["tie_word_embeddings"] = is_tied.into();
            let embedding = model.tensors["model.embed_tokens.weight"].clone();
            model.tensors.insert("lm_head.weight".to_owned(), embedding);
            model.assert_exported(case);
            model.ones = "lm_head.weight";
            model.assert_refused(case, "bad setting tie_word_embeddings");
            model.tensors.insert("lm_head.weight".to_owned(), vec![3, 64]);
            model.assert_refused(case, "unfit tensor lm_head.weight");
        }
    }
}

/// transformers 5 keeps a stored head that differs from the embedding, whatever the config says; where the embedding is
/// the head and llama.cpp looks for one, it is written twice.
#[test]
fn the_head_is_the_one_that_transformers_takes() {
    let has_head =
        |model: &Model| model.export().unwrap().header.tensors.iter().any(|tensor| tensor.name == "output.weight");
    for case in ["llama-spm", "qwen2", "gemma3"] {
        let mut model = Model::new(case);
        model.config["tie_word_embeddings"] = true.into();
        let embedding = model.tensors["model.embed_tokens.weight"].clone();
        model.tensors.insert("lm_head.weight".to_owned(), embedding);
        model.ones = "lm_head.weight";
        assert!(has_head(&model), "{case}");
        model.tensors.remove("lm_head.weight");
        assert!(!has_head(&model), "{case}");
    }
    for (case, head) in [("gpt_neox", "embed_out.weight"), ("olmo2", "lm_head.weight"), ("stablelm", "lm_head.weight")]
    {
        let mut model = Model::new(case);
        model.config["tie_word_embeddings"] = true.into();
        model.tensors.remove(head);
        assert!(has_head(&model), "{case}");
    }
}

/// Gemmas of 27 billion weights: by the number of layers, llama.cpp scales their queries by the width of the model.
#[test]
fn scales_of_queries_in_the_largest_gemmas() {
    for (case, layers) in [("gemma2", 46), ("gemma3", 62)] {
        let mut model = Model::new(case);
        let first: Vec<(String, Vec<usize>)> = model
            .tensors
            .iter()
            .filter_map(|(name, shape)| Some((name.strip_prefix("model.layers.0.")?.to_owned(), shape.clone())))
            .collect();
        for layer in 0..layers {
            for (name, shape) in &first {
                // Heads of 32 in place of 16, so that the two scales differ.
                let shape = match name.as_str() {
                    "self_attn.o_proj.weight" => vec![shape[0], 2 * shape[1]],
                    name if name.starts_with("self_attn.") => [&[2 * shape[0]], &shape[1..]].concat(),
                    _ => shape.clone(),
                };
                model.tensors.insert(format!("model.layers.{layer}.{name}"), shape);
            }
        }
        model.config["num_hidden_layers"] = layers.into();
        model.config["head_dim"] = 32.into();
        model.config["layer_types"] = Value::Null;
        model.config["query_pre_attn_scalar"] = 16.into();
        model.assert_exported(case);
        model.config["query_pre_attn_scalar"] = 32.into();
        model.assert_refused(case, "bad setting query_pre_attn_scalar");
    }
}
