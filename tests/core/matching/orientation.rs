//! How a square weight lies, which no shape can tell: by the class of its module, else by what the adapter's config
//! says, unless something contradicts it.

use std::path::Path;

use lorafuse::{
    error::Hint as _,
    job::JobContext,
    plan::{MergePlan, Warning},
    verify::{self, VerifyRequest},
};
use serde_json::{Value, json};

use crate::support::{
    FileBuilder, assert_close, low_rank_element, noise, noise_at, proven, put_adapter, put_model, toy_request, values,
};

const SIZE: usize = 4;

/// A base with square weights of these modules (and one of 6 × 4 where `wide` names it), and rank-2 factors for each.
fn put_pair(root: &Path, config: &Value, squares: &[&str], wide: Option<&str>, fan_in_fan_out: bool) {
    let mut base = FileBuilder::default();
    let mut adapter = FileBuilder::default();
    let shapes = squares.iter().map(|module| (*module, SIZE)).chain(wide.map(|module| (module, 6)));
    for (index, (module, rows)) in shapes.enumerate() {
        base = base.f32(&format!("{module}.weight"), &[rows, SIZE], noise(index));
        let key = |factor: &str| format!("base_model.model.{module}.{factor}.weight");
        adapter = adapter.f32(&key("lora_A"), &[2, SIZE], noise(50 + index)).f32(
            &key("lora_B"),
            &[rows, 2],
            noise(90 + index),
        );
    }
    put_model(root, config, &base);
    let config = json!({"peft_type": "LORA", "r": 2, "lora_alpha": 2, "fan_in_fan_out": fan_in_fan_out});
    put_adapter(root, "adapter", &config, &adapter);
}

/// Asserts that the square weight at `index` was changed by B·A, or by its transpose where it is `Conv1D`.
fn assert_lies(root: &Path, modules: &[&str], index: usize, is_conv1d: bool) {
    let ours = proven(&toy_request(root));
    let found = values(ours.tensor(&format!("{}.weight", modules[index])).unwrap());
    let expected: Vec<f64> = (0..SIZE * SIZE)
        .map(|element| {
            let (row, column) = (element / SIZE, element % SIZE);
            let place = if is_conv1d { (column, row) } else { (row, column) };
            noise_at(index, element) + low_rank_element((50 + index, 90 + index), (2, SIZE), place)
        })
        .collect();
    assert_close(modules[index], &found, &expected);
}

fn warned(root: &Path) -> Vec<String> {
    let plan = MergePlan::new(&toy_request(root)).unwrap();
    let stated = plan.warnings.iter().filter(|warning| matches!(warning, Warning::StatedOrientation { .. }));
    stated.map(ToString::to_string).collect()
}

#[test]
fn the_class_decides_whatever_the_config_says() {
    let gpt2 = json!({"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]});
    let llama = json!({"model_type": "llama", "architectures": ["LlamaForSequenceClassification"]});
    let neo = json!({"model_type": "gpt_neo", "architectures": ["GPTNeoForCausalLM"]});
    let decision = json!({"model_type": "decision_transformer", "architectures": ["DecisionTransformerModel"]});
    let two = json!({
        "model_type": "encoder-decoder", "architectures": ["EncoderDecoderModel"],
        "encoder": {"model_type": "gpt_neo"}, "decoder": {"model_type": "gpt2"}
    });
    for (config, module, is_conv1d) in [
        (&gpt2, "transformer.h.0.attn.c_proj", true),
        (&gpt2, "transformer.h.0.crossattention.q_attn", true),
        (&gpt2, "score", false),
        (&llama, "model.layers.0.self_attn.q_proj", false),
        (&neo, "transformer.h.0.mlp.c_proj", false),
        (&decision, "encoder.h.0.attn.c_proj", true),
        (&decision, "embed_state", false),
        (&two, "decoder.transformer.h.0.mlp.c_proj", true),
        (&two, "encoder.h.0.mlp.c_proj", false),
    ] {
        for fan_in_fan_out in [false, true] {
            let root = tempfile::tempdir().unwrap();
            put_pair(root.path(), config, &[module], None, fan_in_fan_out);
            assert!(warned(root.path()).is_empty(), "{module}");
            assert_lies(root.path(), &[module], 0, is_conv1d);
        }
    }
}

/// Code of its own (`auto_map`) may build a class of a known name from other layers: the base's own shapes show it.
#[test]
fn a_namesake_that_holds_linear_layers_is_told_by_its_shapes() {
    let gpt2 = json!({
        "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"],
        "auto_map": {"AutoModelForCausalLM": "modeling_gpt2.GPT2LMHeadModel"}
    });
    let [square, wide] = ["transformer.h.0.attn.c_proj", "transformer.h.0.attn.c_attn"];
    for (shape, is_conv1d) in [([12, SIZE], false), ([SIZE, 12], true)] {
        let root = tempfile::tempdir().unwrap();
        put_pair(root.path(), &gpt2, &[square], None, false);
        let base = FileBuilder::default()
            .f32(&format!("{square}.weight"), &[SIZE, SIZE], noise(0))
            .f32(&format!("{wide}.weight"), &shape, noise(1))
            .f32(&format!("{wide}.bias"), &[12], noise(2));
        put_model(root.path(), &gpt2, &base);
        assert!(warned(root.path()).is_empty());
        assert_lies(root.path(), &[square], 0, is_conv1d);
    }
}

#[test]
fn of_an_unknown_class_the_config_decides_and_the_plan_says_so() {
    let own = json!({"model_type": "own", "architectures": ["OwnModel"]});
    for fan_in_fan_out in [false, true] {
        let root = tempfile::tempdir().unwrap();
        put_pair(root.path(), &own, &["mix"], None, fan_in_fan_out);
        let said = warned(root.path());
        assert!(said.len() == 1 && said[0].contains("mix.weight") && said[0].contains("fan_in_fan_out"), "{said:?}");
        assert_lies(root.path(), &["mix"], 0, fan_in_fan_out);
    }
}

#[test]
fn a_square_weight_of_which_two_signs_disagree_is_refused_by_name() {
    let own = json!({"model_type": "own", "architectures": ["OwnModel"]});
    for (module, wide, fan_in_fan_out, reason) in [
        ("layers.0.q_proj", None, true, "the module's name says otherwise"),
        ("h.0.attn.c_proj", None, false, "the module's name says otherwise"),
        ("mix", Some("widen"), true, "other layers of the adapter lie the other way"),
    ] {
        let root = tempfile::tempdir().unwrap();
        put_pair(root.path(), &own, &[module], wide, fan_in_fan_out);
        let error = MergePlan::new(&toy_request(root.path())).unwrap_err();
        let (said, hint) = (error.to_string(), error.hint().unwrap());
        assert!(said.contains(module) && said.contains(reason), "{module}: {said}");
        assert!(hint.contains(&format!("\"fan_in_fan_out\": {}", !fan_in_fan_out)), "{module}: {hint}");
        // What the hint advises is a way out.
        let root = tempfile::tempdir().unwrap();
        put_pair(root.path(), &own, &[module], wide, !fan_in_fan_out);
        MergePlan::new(&toy_request(root.path())).unwrap();
    }
}

/// A layer of another shape shows how its like lie.
#[test]
fn shape_tells_more_than_a_name() {
    let own = json!({"model_type": "own", "architectures": ["OwnModel"]});
    let root = tempfile::tempdir().unwrap();
    let squares = ["h.0.attn.c_proj"];
    put_pair(root.path(), &own, &squares, Some("h.0.mlp.c_fc"), false);
    assert!(warned(root.path()).is_empty());
    assert_lies(root.path(), &squares, 0, false);
}

/// Square experts whose order of dimensions PEFT takes by the release of transformers: told by plan and proof.
#[test]
fn experts_that_fit_either_way_are_told() {
    let said = |model_type: &str, peft: &str, hidden: usize| {
        let root = tempfile::tempdir().unwrap();
        let experts = "model.layers.0.mlp.experts";
        let base = FileBuilder::default().f32(&format!("{experts}.down_proj"), &[2, SIZE, hidden], noise(1));
        put_model(root.path(), &json!({"model_type": model_type, "architectures": ["GptOssForCausalLM"]}), &base);
        let key = |factor: &str| format!("base_model.model.{experts}.{factor}.weight");
        let factors = FileBuilder::default().f32(&key("lora_A"), &[4, SIZE], noise(2)).f32(
            &key("lora_B"),
            &[hidden, 4],
            noise(3),
        );
        let config = json!({
            "peft_type": "LORA", "r": 2, "lora_alpha": 2, "peft_version": peft,
            "target_parameters": ["mlp.experts.down_proj"]
        });
        put_adapter(root.path(), "adapter", &config, &factors);
        let request = toy_request(root.path());
        let plan = MergePlan::new(&request).unwrap();
        let is_planned = plan.warnings.iter().any(|warning| matches!(warning, Warning::OpenExperts { .. }));
        proven(&request);
        let proof = VerifyRequest {
            merged: request.output.clone(),
            base: Some(request.base.clone()),
            adapters: request.adapters.clone(),
        };
        let report = verify::run(&proof, &JobContext::unwatched()).unwrap();
        let is_open = report.checks.iter().any(|check| format!("{check:?}").contains("OpenExperts"));
        assert_eq!(is_planned, is_open, "plan and proof agree");
        is_planned
    };
    assert!(said("gpt_oss", "0.19.0", SIZE));
    assert!(!said("gpt_oss", "0.18.0", SIZE), "earlier releases of PEFT take them one way");
    assert!(!said("gpt_oss", "0.21.2", 6), "the shape tells");
}
