//! What the engine promises whatever happens in mid-merge: the same bytes, or none that look like a model.

use std::path::Path;

use lorafuse::{
    job::{JobContext, JobEvent, JobWatch},
    merge::{self, CpuKernel, IoMode, Kernel, MergeError, MergeReceipt, TileJob, TileResult, device::Device},
    numeric::FloatDtype,
    plan::{DtypePolicy, MergePlan, MergeRequest},
};
use serde_json::json;

use crate::support::{FileBuilder, listing, noise, put};

const LAYER_COUNT: usize = 5;

/// Layers of 70 × 50 with an adapter of rank 3, untouched tensors of odd lengths between them.
fn put_model(root: &Path) {
    let mut base = FileBuilder::default().f32("model.embed_tokens.weight", &[33, 50], noise(1));
    let mut adapter = FileBuilder::default();
    for layer in 0..LAYER_COUNT {
        let module = format!("model.layers.{layer}.proj");
        base = base
            .f32(&format!("{module}.weight"), &[70, 50], noise(2 + layer))
            .raw(&format!("model.layers.{layer}.flags"), "U8", &[1_237], vec![9; 1_237])
            .f32(&format!("model.layers.{layer}.empty"), &[0, 4], noise(0));
        let key = |part: &str| format!("base_model.model.{module}.{part}.weight");
        adapter =
            adapter.f32(&key("lora_A"), &[3, 50], noise(20 + layer)).f32(&key("lora_B"), &[70, 3], noise(30 + layer));
    }
    put(&root.join("base/config.json"), "{}");
    put(&root.join("base/model.safetensors"), base.build());
    put(&root.join("adapter/adapter_config.json"), json!({"peft_type": "LORA", "r": 3, "lora_alpha": 6}).to_string());
    put(&root.join("adapter/adapter_model.safetensors"), adapter.build());
}

fn plan_to(root: &Path, output: &str, dtype: DtypePolicy) -> MergePlan {
    let request = MergeRequest {
        dtype,
        max_shard_bytes: Some(40_000),
        ..MergeRequest::new(root.join("base"), root.join("adapter"), root.join(output))
    };
    let mut plan = MergePlan::new(&request).unwrap();
    // Three tiles for each layer.
    plan.tile_elements = 24 * 50;
    plan
}

/// Merges without trouble.
fn merge_to(root: &Path, output: &str, io: IoMode) -> MergeReceipt {
    let plan = plan_to(root, output, DtypePolicy::Keep);
    merge::run_with(&mut CpuKernel::new().unwrap(), &plan, io, &JobContext::unwatched()).unwrap()
}

fn assert_same_files(left: &Path, right: &Path) {
    assert_eq!(listing(left), listing(right));
    for name in listing(left) {
        let (left, right) = (std::fs::read(left.join(&name)).unwrap(), std::fs::read(right.join(&name)).unwrap());
        assert!(left == right, "{name} differs");
    }
}

/// A CPU kernel to which something happens at one of its tiles.
struct Troubled<'a> {
    inner: CpuKernel,
    tiles_until_trouble: usize,
    trouble: Trouble<'a>,
}

enum Trouble<'a> {
    Cancel(&'a JobWatch),
    DeviceLost,
}

impl Kernel for Troubled<'_> {
    fn device(&self) -> Device {
        match self.trouble {
            Trouble::Cancel(_) => self.inner.device(),
            Trouble::DeviceLost => Device::Named("a weak device".to_owned()),
        }
    }

    fn capacity(&self) -> usize {
        self.inner.capacity()
    }

    fn in_flight(&self) -> usize {
        self.inner.in_flight()
    }

    fn submit(&mut self, tile: TileJob) -> Result<(), MergeError> {
        self.inner.submit(tile)
    }

    fn collect(&mut self) -> Result<Option<TileResult>, MergeError> {
        match (&self.trouble, self.tiles_until_trouble.checked_sub(1)) {
            (_, Some(left)) => self.tiles_until_trouble = left,
            (Trouble::Cancel(watch), None) => watch.cancel(),
            (Trouble::DeviceLost, None) => return Err(MergeError::DeviceLost { device: self.device() }),
        }
        self.inner.collect()
    }
}

/// Cancels a merge to `merged` at a tile.
fn cancel_at(root: &Path, tile: usize) -> MergeError {
    let plan = plan_to(root, "merged", DtypePolicy::Keep);
    let (job, watch) = JobContext::new(|| {});
    let mut kernel =
        Troubled { inner: CpuKernel::new().unwrap(), tiles_until_trouble: tile, trouble: Trouble::Cancel(&watch) };
    merge::run_with(&mut kernel, &plan, IoMode::Direct, &job).unwrap_err()
}

#[test]
fn past_and_through_the_page_cache_give_the_same_files() {
    let root = tempfile::tempdir().unwrap();
    put_model(root.path());
    merge_to(root.path(), "direct", IoMode::Direct);
    merge_to(root.path(), "cached", IoMode::Cached);
    assert_same_files(&root.path().join("direct"), &root.path().join("cached"));
    for (output, io) in [("direct-bf16", IoMode::Direct), ("cached-bf16", IoMode::Cached)] {
        let plan = plan_to(root.path(), output, DtypePolicy::Convert(FloatDtype::BF16));
        merge::run_with(&mut CpuKernel::new().unwrap(), &plan, io, &JobContext::unwatched()).unwrap();
    }
    assert_same_files(&root.path().join("direct-bf16"), &root.path().join("cached-bf16"));
}

/// A device that is lost, with all its tiles, when it is full and the readers have filled every buffer that there is.
struct LostWhenFull {
    inner: CpuKernel,
    is_lost: bool,
}

impl LostWhenFull {
    fn lost(&self) -> MergeError {
        MergeError::DeviceLost { device: self.device() }
    }
}

impl Kernel for LostWhenFull {
    fn device(&self) -> Device {
        Device::Named("a weak device".to_owned())
    }

    fn capacity(&self) -> usize {
        self.inner.capacity()
    }

    fn in_flight(&self) -> usize {
        self.inner.in_flight()
    }

    fn submit(&mut self, tile: TileJob) -> Result<(), MergeError> {
        if self.is_lost { Err(self.lost()) } else { self.inner.submit(tile) }
    }

    fn collect(&mut self) -> Result<Option<TileResult>, MergeError> {
        // Time for the readers to take every buffer.
        std::thread::sleep(std::time::Duration::from_millis(200));
        self.is_lost = true;
        Err(self.lost())
    }
}

/// The readers wait for a buffer then, and none comes back.
#[test]
fn a_device_that_is_lost_with_every_buffer_does_not_hang_the_merge() {
    let root = tempfile::tempdir().unwrap();
    put_model(root.path());
    let folder = root.path().to_owned();
    let (done, is_done) = crossbeam_channel::bounded(1);
    std::thread::Builder::new()
        .spawn(move || {
            for (output, io) in [("cached", IoMode::Cached), ("direct", IoMode::Direct)] {
                let mut plan = plan_to(&folder, output, DtypePolicy::Keep);
                // Many more tiles than buffers.
                plan.tile_elements = 50;
                let mut kernel = LostWhenFull { inner: CpuKernel::new().unwrap(), is_lost: false };
                merge::run_with(&mut kernel, &plan, io, &JobContext::unwatched()).unwrap();
                done.send(()).unwrap();
            }
        })
        .unwrap();
    for _ in 0..2 {
        assert_eq!(is_done.recv_timeout(std::time::Duration::from_mins(1)), Ok(()), "the merge hangs");
    }
    merge_to(root.path(), "whole", IoMode::Cached);
    for output in ["cached", "direct"] {
        assert_same_files(&root.path().join("whole"), &root.path().join(output));
    }
}

#[test]
fn a_cancelled_merge_is_no_model_and_the_next_run_ends_with_the_same_bytes() {
    let root = tempfile::tempdir().unwrap();
    put_model(root.path());
    merge_to(root.path(), "whole", IoMode::Cached);
    let output = root.path().join("merged");
    let mut most_resumed = 0;
    for tile in 0..3 * LAYER_COUNT {
        let error = cancel_at(root.path(), tile);
        assert!(error.is_cancelled(), "{error}");
        assert!(!output.exists());
        let partial = root.path().join("merged.partial");
        if partial.exists() {
            assert!(!partial.join("config.json").exists());
            assert!(!listing(&partial).iter().any(|name| name.ends_with(".safetensors")));
        }
        let receipt = merge_to(root.path(), "merged", IoMode::Cached);
        most_resumed = most_resumed.max(receipt.resumed_byte_count);
        assert_eq!(receipt.tensors.len(), 1 + 3 * LAYER_COUNT);
        assert!(receipt.updated().all(|record| record.stats.is_some_and(|stats| stats.element_count == 70 * 50)));
        assert_same_files(&output, &root.path().join("whole"));
        std::fs::remove_dir_all(&output).unwrap();
    }
    assert!(most_resumed > 3 * 70 * 50 * 4, "late cancels keep most of the work: {most_resumed}");
}

#[test]
fn a_journal_is_a_claim_and_damaged_bytes_are_computed_again() {
    let root = tempfile::tempdir().unwrap();
    put_model(root.path());
    merge_to(root.path(), "whole", IoMode::Cached);
    cancel_at(root.path(), 3 * LAYER_COUNT - 1);
    let partial = root.path().join("merged.partial");
    for name in listing(&partial).iter().filter(|name| name.contains(".safetensors")) {
        let mut content = std::fs::read(partial.join(name)).unwrap();
        let middle = content.len() / 2;
        content[middle] ^= 0x40;
        std::fs::write(partial.join(name), content).unwrap();
    }
    merge_to(root.path(), "merged", IoMode::Direct);
    assert_same_files(&root.path().join("merged"), &root.path().join("whole"));
}

#[test]
fn other_inputs_or_options_begin_anew() {
    let root = tempfile::tempdir().unwrap();
    put_model(root.path());
    cancel_at(root.path(), 3 * LAYER_COUNT - 1);
    let plan = plan_to(root.path(), "merged", DtypePolicy::Convert(FloatDtype::F16));
    let receipt =
        merge::run_with(&mut CpuKernel::new().unwrap(), &plan, IoMode::Cached, &JobContext::unwatched()).unwrap();
    assert_eq!(receipt.resumed_byte_count, 0);
    std::fs::remove_dir_all(root.path().join("merged")).unwrap();

    cancel_at(root.path(), 3 * LAYER_COUNT - 1);
    let adapter = root.path().join("adapter/adapter_model.safetensors");
    let mut content = std::fs::read(&adapter).unwrap();
    *content.last_mut().unwrap() ^= 1;
    std::fs::write(&adapter, content).unwrap();
    assert_eq!(merge_to(root.path(), "merged", IoMode::Cached).resumed_byte_count, 0);
    merge_to(root.path(), "whole", IoMode::Cached);
    assert_same_files(&root.path().join("merged"), &root.path().join("whole"));
}

#[test]
fn a_changed_file_beside_the_adapter_begins_anew() {
    let root = tempfile::tempdir().unwrap();
    put_model(root.path());
    for (seed, output) in [(70, "merged"), (71, "merged"), (71, "whole")] {
        let beside = FileBuilder::default().f32("model.embed_tokens.weight", &[33, 50], noise(seed));
        put(&root.path().join("adapter/non_lora.safetensors"), beside.build());
        match seed {
            70 => drop(cancel_at(root.path(), 3 * LAYER_COUNT - 1)),
            _ => assert_eq!(merge_to(root.path(), output, IoMode::Cached).resumed_byte_count, 0),
        }
    }
    assert_same_files(&root.path().join("merged"), &root.path().join("whole"));
}

#[test]
fn discarding_a_cancelled_merge_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    put_model(root.path());
    let error = cancel_at(root.path(), 3 * LAYER_COUNT - 1);
    assert!(matches!(error, MergeError::CancelledKept { byte_count, .. } if byte_count > 0), "{error}");
    assert!(merge::discard_partial(&root.path().join("merged")).unwrap());
    assert_eq!(listing(root.path()), ["adapter", "base"]);
}

#[test]
fn a_lost_device_costs_its_tensor_and_not_the_merge() {
    let root = tempfile::tempdir().unwrap();
    put_model(root.path());
    merge_to(root.path(), "whole", IoMode::Cached);
    let plan = plan_to(root.path(), "merged", DtypePolicy::Keep);
    let mut kernel =
        Troubled { inner: CpuKernel::new().unwrap(), tiles_until_trouble: 7, trouble: Trouble::DeviceLost };
    let (job, watch) = JobContext::new(|| {});
    let receipt = merge::run_with(&mut kernel, &plan, IoMode::Direct, &job).unwrap();
    assert_same_files(&root.path().join("merged"), &root.path().join("whole"));
    let warned = watch
        .events
        .try_iter()
        .any(|event| matches!(event, JobEvent::Warning(warning) if warning.to_string().contains("weak")));
    assert!(warned);
    let devices: Vec<&str> = receipt.updated().filter_map(|record| record.device.as_deref()).collect();
    assert_eq!(devices.len(), LAYER_COUNT);
    assert!(devices.contains(&"a weak device") && devices.iter().any(|device| device.starts_with("CPU")));
}
