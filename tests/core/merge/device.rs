//! What `--device` promises, on whatever adapters the machine has.

use std::{path::Path, process::Output};

use lorafuse::{
    job::JobContext,
    merge::{
        self, IoMode,
        device::{self, DeviceChoice, list_adapters},
    },
    numeric::FloatDtype,
    plan::{DtypePolicy, MergePlan, MergeRequest},
    verify::{self, VerifyRequest},
};
use serde_json::json;

use crate::{
    skip::{skip, skip_as_named},
    support::{self, FileBuilder, lorafuse, noise, put, stderr},
};

/// Layers of 90 × 66 with an adapter of rank 5, and of 45 × 33, where 16-bit rows begin in the middle of a word.
fn put_model(root: &Path) {
    let mut base = FileBuilder::default().f32("model.embed_tokens.weight", &[20, 66], noise(1));
    let mut adapter = FileBuilder::default();
    for layer in 0..4 {
        let (rows, columns) = if layer % 2 == 0 { (90, 66) } else { (45, 33) };
        let module = format!("model.layers.{layer}.proj");
        let key = |part: &str| format!("base_model.model.{module}.{part}.weight");
        base = base.f32(&format!("{module}.weight"), &[rows, columns], noise(2 + layer));
        adapter = adapter.f32(&key("lora_A"), &[5, columns], noise(20 + layer)).f32(
            &key("lora_B"),
            &[rows, 5],
            noise(30 + layer),
        );
    }
    put(&root.join("base/config.json"), "{}");
    put(&root.join("base/model.safetensors"), base.build());
    put(&root.join("adapter/adapter_config.json"), json!({"peft_type": "LORA", "r": 5, "lora_alpha": 5}).to_string());
    put(&root.join("adapter/adapter_model.safetensors"), adapter.build());
}

/// One layer of many short rows.
fn put_tall_model(root: &Path) {
    put_model(root);
    let (name, key) = ("model.proj.weight", |part: &str| format!("base_model.model.model.proj.{part}.weight"));
    put(&root.join("base/model.safetensors"), FileBuilder::default().f32(name, &[8_000, 2], noise(1)).build());
    let adapter =
        FileBuilder::default().f32(&key("lora_A"), &[5, 2], noise(2)).f32(&key("lora_B"), &[8_000, 5], noise(3));
    put(&root.join("adapter/adapter_model.safetensors"), adapter.build());
}

fn request(root: &Path, output: &str, dtype: DtypePolicy) -> MergeRequest {
    MergeRequest { dtype, ..MergeRequest::new(root.join("base"), root.join("adapter"), root.join(output)) }
}

fn merged_on(device: &str, folder: &Path, output: &str) -> Output {
    lorafuse(folder, &["merge", "base", "adapter", "-o", output, "--device", device])
}

/// The number of the first adapter, or a skipped test.
fn first_adapter() -> Option<usize> {
    let first = list_adapters().first().map(|adapter| adapter.index);
    if first.is_none() {
        skip("there is no adapter, not even a software renderer");
    }
    first
}

#[test]
fn a_merge_on_a_gpu_is_proved_like_any_other() {
    let Some(index) = first_adapter() else { return };
    let root = tempfile::tempdir().unwrap();
    put_model(root.path());
    let policies = [DtypePolicy::Keep, DtypePolicy::Convert(FloatDtype::BF16), DtypePolicy::Convert(FloatDtype::F16)];
    for (number, dtype) in policies.into_iter().enumerate() {
        let request = request(root.path(), &format!("merged-{number}"), dtype);
        let mut plan = MergePlan::new(&request).unwrap();
        // Several tiles for each layer.
        plan.tile_elements = 22 * 66;
        let (mut kernel, report) = device::open(DeviceChoice::Gpu(Some(index)), &plan).unwrap();
        let receipt = merge::run_with(&mut *kernel, &plan, IoMode::Auto, &JobContext::unwatched()).unwrap();
        assert_eq!(receipt.device, report.device);
        assert!(receipt.updated().all(|record| record.device.as_deref() == Some(report.device.to_string().as_str())));
        let tally = report.tally.unwrap();
        assert_eq!(tally.gpu_count(), 2 * 5 + 2 * 2);
        assert_eq!(tally.cpu_count(), u64::from(dtype != DtypePolicy::Keep), "the embedding is converted on the CPU");
        let proof = VerifyRequest { merged: request.output, base: Some(request.base), adapters: request.adapters };
        assert!(verify::run(&proof, &JobContext::unwatched()).unwrap().is_passed());
    }
}

#[test]
fn the_device_and_the_reason_are_told() {
    let root = tempfile::tempdir().unwrap();
    put_model(root.path());
    let output = merged_on("cpu", root.path(), "on-cpu");
    assert!(output.status.success() && stderr(&output).contains("device: CPU: as asked\n"), "{}", stderr(&output));
    let output = merged_on("auto", root.path(), "automatic");
    let message = "device: CPU: a merge this small is over before a GPU is ready\n";
    assert!(output.status.success() && stderr(&output).contains(message), "{}", stderr(&output));
    let Some(index) = first_adapter() else { return };
    let output = merged_on(&format!("gpu:{index}"), root.path(), "on-gpu");
    let message = stderr(&output);
    assert!(output.status.success(), "{message}");
    assert!(message.contains(&list_adapters()[index].name), "{message}");
    assert!(message.contains("device: 4 tiles on the GPU, 0 on the CPU\n"), "{message}");
}

#[test]
fn a_device_that_is_not_there_is_refused_before_anything_is_written() {
    let root = tempfile::tempdir().unwrap();
    put_model(root.path());
    let output = merged_on("gpu:99", root.path(), "merged");
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("error: there is no device `gpu:99`\nhint: "), "{message}");
    assert!(list_adapters().iter().all(|adapter| message.contains(&adapter.entry())), "{message}");
    assert_eq!(merged_on("cuda", root.path(), "merged").status.code(), Some(2));
    assert_eq!(support::listing(root.path()), ["adapter", "base"]);
}

#[test]
fn without_a_gpu_a_software_renderer_is_never_taken_unasked() {
    let adapters = list_adapters();
    if adapters.iter().any(|adapter| !adapter.is_software()) {
        return skip_as_named("this machine has one");
    }
    let root = tempfile::tempdir().unwrap();
    put_tall_model(root.path());
    let mut plan = MergePlan::new(&request(root.path(), "merged", DtypePolicy::Keep)).unwrap();
    // A tile for each row: enough of them for a trial.
    plan.tile_elements = 2;
    let (_, report) = device::open(DeviceChoice::Auto, &plan).unwrap();
    let expected = adapters.first().map_or("CPU: no GPU with a driver was found".to_owned(), |software| {
        format!("CPU: no GPU but a software renderer ({}) was found", software.name)
    });
    assert_eq!(report.reason.to_string(), expected);
    assert!(report.device.to_string().starts_with("CPU, ") && report.trial.is_none());
    let error = device::open(DeviceChoice::Gpu(None), &plan).err().expect("a software renderer is not taken");
    assert!(adapters.iter().all(|software| error.to_string().contains(&software.entry())), "{error}");
}
