//! The sample merged to float32 and to bfloat16, against a reference computed in f64 with loops that share no code
//! with the kernel.

use lorafuse::{
    checkpoint::{Checkpoint, SafetensorsFile},
    job::JobContext,
    numeric::{Dtype, FloatDtype},
    plan::{DtypePolicy, MergePlan, MergeRequest},
};

use crate::support::{self, merged, sample, values};

/// W + 2·B·A of every tensor of the sample, in f64; the scale 32/16 stands in its config.
fn reference() -> Vec<(String, Vec<f64>)> {
    let base = Checkpoint::open(&sample().join("base")).unwrap();
    let adapter =
        std::sync::Arc::new(SafetensorsFile::open(&sample().join("adapter/adapter_model.safetensors")).unwrap());
    let factors = adapter.tensors();
    let factor = |name: String| factors.iter().find(|tensor| tensor.name() == name);
    base.tensors()
        .iter()
        .map(|(name, tensor)| {
            let mut weight = values(tensor);
            let module = name.strip_suffix(".weight").unwrap();
            let key = |part: &str| format!("base_model.model.{module}.{part}.weight");
            if let (Some(a), Some(b)) = (factor(key("lora_A")), factor(key("lora_B"))) {
                let (rank, columns) = (a.shape()[0], a.shape()[1]);
                let (a, b) = (values(a), values(b));
                for (row, weight) in weight.chunks_mut(columns).enumerate() {
                    for (column, value) in weight.iter_mut().enumerate() {
                        *value += 2.0 * (0..rank).map(|k| b[row * rank + k] * a[k * columns + column]).sum::<f64>();
                    }
                }
            }
            (name.clone(), weight)
        })
        .collect()
}

fn merge_sample(dtype: DtypePolicy) -> (tempfile::TempDir, Checkpoint) {
    let folder = tempfile::tempdir().unwrap();
    let request = MergeRequest {
        dtype,
        ..MergeRequest::new(sample().join("base"), sample().join("adapter"), folder.path().join("merged"))
    };
    let receipt = merged(&request);
    assert_eq!(receipt.updated().count(), 28);
    let checkpoint = Checkpoint::open(&request.output).unwrap();
    (folder, checkpoint)
}

#[test]
fn float32_is_within_a_rounding_of_the_exact_merge() {
    let (_folder, ours) = merge_sample(DtypePolicy::Keep);
    for (name, expected) in reference() {
        let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let worst = values(&ours.tensors()[&name])
            .iter()
            .zip(&expected)
            .fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs()));
        assert!(worst <= 3e-7 * largest, "{name}: {worst:e} of {largest:e}");
    }
}

#[test]
fn bfloat16_is_the_exact_merge_rounded_once() {
    let (_folder, ours) = merge_sample(DtypePolicy::Convert(FloatDtype::BF16));
    let (mut odd, mut total) = (0_usize, 0_usize);
    for (name, expected) in reference() {
        let tensor = &ours.tensors()[&name];
        assert_eq!(tensor.dtype(), Dtype::BF16);
        for (ours, exact) in values(tensor).iter().zip(&expected) {
            let ulp = FloatDtype::BF16.ulp(*exact);
            let error = (ours - exact).abs();
            assert!(error <= 0.5 * ulp + 1e-6 * exact.abs().max(0.01), "{name}: {ours} for {exact}");
            odd += usize::from(error > 0.5 * ulp);
            total += 1;
        }
    }
    // Measured: 0.005 % of elements lie so near a tie that f32 rounds them the other way.
    assert!(odd * 5_000 < total, "{odd} of {total} elements are not the nearest value");
}

#[test]
fn what_people_find_in_the_folder() {
    let (folder, ours) = merge_sample(DtypePolicy::Convert(FloatDtype::BF16));
    let expected = [
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model-00001-of-00004.safetensors",
        "model-00002-of-00004.safetensors",
        "model-00003-of-00004.safetensors",
        "model-00004-of-00004.safetensors",
        "model.safetensors.index.json",
        "tokenizer.json",
        "tokenizer_config.json",
    ];
    assert_eq!(support::listing(&folder.path().join("merged")), expected);
    assert_eq!(support::listing(folder.path()), ["merged"]);
    let base_config = std::fs::read_to_string(sample().join("base/config.json")).unwrap();
    let config = std::fs::read_to_string(folder.path().join("merged/config.json")).unwrap();
    let told = base_config.replace("float32", "bfloat16").replace("\"pad_token_id\": null", "\"pad_token_id\": 1");
    assert_eq!(config, told, "only the dtype changes, and the padding that training chose");
    let index = ours.index().unwrap();
    assert_eq!(index.total_size(), Some(ours.byte_count()));
    assert_eq!(index.metadata["total_parameters"], 4_868_352);
}

#[test]
fn with_dtypes_kept_untouched_tensors_are_byte_copies_under_the_same_header() {
    let (_folder, ours) = merge_sample(DtypePolicy::Keep);
    let base = Checkpoint::open(&sample().join("base")).unwrap();
    for (ours, base) in ours.files().iter().zip(base.files()) {
        assert_eq!(ours.header(), base.header());
        assert_eq!(ours.byte_count(), base.byte_count());
    }
    for name in ["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"] {
        assert_eq!(support::bytes(&ours, name), support::bytes(&base, name), "{name}");
    }
}

#[test]
fn shards_are_split_and_joined_on_request() {
    let folder = tempfile::tempdir().unwrap();
    for (max_shard_bytes, file_count) in [(5_000_000, 4), (100_000_000, 1), (1, 39)] {
        let output = folder.path().join(format!("merged-{max_shard_bytes}"));
        let request = MergeRequest {
            max_shard_bytes: Some(max_shard_bytes),
            ..MergeRequest::new(sample().join("base"), sample().join("adapter"), &output)
        };
        merged(&request);
        let ours = Checkpoint::open(&output).unwrap();
        assert_eq!(ours.files().len(), file_count);
        assert_eq!(ours.index().is_some(), file_count > 1, "one file needs no index");
        assert_eq!(ours.tensors().len(), 39);
        assert_eq!(ours.byte_count(), 19_473_408);
    }
}

#[test]
fn two_adapters_are_the_sum_of_strength_times_delta() {
    let folder = tempfile::tempdir().unwrap();
    let mut request = MergeRequest::new(sample().join("base"), sample().join("adapter"), folder.path().join("halves"));
    request.adapters[0].strength = 0.25;
    // The same adapter twice is refused, so the second differs in the last bit of its last number.
    let twin = folder.path().join("twin");
    let file = |name: &str| std::fs::read(sample().join("adapter").join(name)).unwrap();
    let mut weights = file("adapter_model.safetensors");
    let last = weights.len() - 4;
    weights[last] ^= 1;
    support::put(&twin.join("adapter_model.safetensors"), weights);
    support::put(&twin.join("adapter_config.json"), file("adapter_config.json"));
    request.adapters.push(lorafuse::plan::AdapterRequest { path: twin, strength: 0.75 });
    merged(&request);
    let halves = Checkpoint::open(&request.output).unwrap();
    for (name, expected) in reference() {
        let worst = values(&halves.tensors()[&name])
            .iter()
            .zip(&expected)
            .fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs()));
        assert!(worst < 1e-6, "{name}: {worst:e}");
    }
}

#[test]
fn a_cancelled_merge_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let request = MergeRequest::new(sample().join("base"), sample().join("adapter"), folder.path().join("merged"));
    let plan = MergePlan::new(&request).unwrap();
    let (job, watch) = JobContext::new(|| {});
    watch.cancel();
    let error = lorafuse::merge::run(&plan, &job).unwrap_err();
    assert!(error.is_cancelled());
    assert!(support::listing(folder.path()).is_empty());
}
