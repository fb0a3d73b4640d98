//! Stochastic rounding: the same bytes however the work is cut, and a merge that its seed proves.

use std::path::Path;

use lorafuse::{
    checkpoint::Checkpoint,
    job::JobContext,
    merge::{self, CpuKernel, IoMode, MergeError, device},
    numeric::{CpuLevel, FloatDtype},
    plan::{MergePlan, MergeRequest, Rounding},
    verify::{self, RoundingPolicy, VerifyOptions, VerifyReport, VerifyRequest},
};

use crate::support::{
    self, cancelling, merged,
    trained_layer::{COLUMNS, NAME, put_pair, request},
};

const SEED: u64 = 20_261;

fn stochastic(root: &Path, output: &str) -> MergeRequest {
    MergeRequest { rounding: Rounding::Stochastic { seed: SEED }, ..request(root, output) }
}

fn weights(root: &Path, output: &str) -> Vec<u8> {
    std::fs::read(root.join(output).join("model.safetensors")).unwrap()
}

fn judged(request: &MergeRequest, rounding: Rounding) -> VerifyReport {
    let proof = VerifyRequest {
        merged: request.output.clone(),
        base: Some(request.base.clone()),
        adapters: request.adapters.clone(),
    };
    let options = VerifyOptions { rounding, ..VerifyOptions::default() };
    verify::run_with(&proof, &options, &JobContext::unwatched()).unwrap()
}

#[test]
fn tiles_threads_and_instructions_change_nothing() {
    let root = tempfile::tempdir().unwrap();
    put_pair(root.path(), FloatDtype::BF16, 1e-3);
    merged(&stochastic(root.path(), "whole"));
    let whole = weights(root.path(), "whole");
    for (index, (tile_rows, workers, level)) in
        [(1, 2, CpuLevel::Avx512), (7, 1, CpuLevel::Portable), (100, 3, CpuLevel::Avx2)].into_iter().enumerate()
    {
        let output = format!("cut-{index}");
        let mut plan = MergePlan::new(&stochastic(root.path(), &output)).unwrap();
        plan.tile_elements = tile_rows * COLUMNS;
        let mut kernel = CpuKernel::with(workers, level).unwrap();
        merge::run_with(&mut kernel, &plan, IoMode::Auto, &JobContext::unwatched()).unwrap();
        assert!(weights(root.path(), &output) == whole, "{tile_rows} rows, {workers} threads, {level}");
    }
    let other = MergeRequest { rounding: Rounding::Stochastic { seed: SEED + 1 }, ..request(root.path(), "other") };
    merged(&other);
    assert!(weights(root.path(), "other") != whole, "another seed, other bytes");
}

#[test]
fn a_resumed_merge_has_the_bytes_of_an_uninterrupted_one() {
    let root = tempfile::tempdir().unwrap();
    support::put_toy(root.path());
    let rounding = Rounding::Stochastic { seed: SEED };
    let dtype = lorafuse::plan::DtypePolicy::Convert(FloatDtype::BF16);
    let to = |output: &str| MergeRequest {
        rounding,
        dtype,
        output: root.path().join(output),
        ..support::toy_request(root.path())
    };
    merged(&to("whole"));
    let mut resumed = 0;
    for limit in 2..6 {
        let output = format!("resumed-{limit}");
        let plan = MergePlan::new(&to(&output)).unwrap();
        if let Err(error) = merge::run(&plan, &cancelling(limit)) {
            assert!(error.is_cancelled(), "{error}");
            resumed += usize::from(matches!(error, MergeError::CancelledKept { .. }));
            // Another seed must not go on from here: its journal is bound to this one.
            merge::run(&plan, &JobContext::unwatched()).unwrap();
        }
        assert!(weights(root.path(), &output) == weights(root.path(), "whole"), "cancelled at event {limit}");
    }
    assert!(resumed > 0, "no run was interrupted after it had written something");
}

#[test]
fn the_seed_proves_the_merge_and_no_other_does() {
    let root = tempfile::tempdir().unwrap();
    let pair = put_pair(root.path(), FloatDtype::BF16, 1e-3);
    let request = stochastic(root.path(), "merged");
    let receipt = merged(&request);
    assert_eq!(receipt.rounding, request.rounding);

    let proven = judged(&request, request.rounding);
    assert!(proven.is_passed(), "{:#?}", proven.checks);
    let set = proven.changed_set.unwrap();
    assert_eq!(set.policies().into_iter().collect::<Vec<_>>(), [(RoundingPolicy::Stochastic, 1)]);
    let agreement = set.changed_as_target[0].agreement;
    assert!(agreement.mean_error_ulp().abs() < 6.0 * 0.41 / (agreement.element_count as f64).sqrt(), "{agreement:?}");

    let other = judged(&request, Rounding::Stochastic { seed: SEED + 1 });
    assert!(!other.is_passed());
    let nearest = judged(&request, Rounding::Nearest);
    let details =
        nearest.checks.iter().flat_map(|check| &check.details).map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(!nearest.is_passed() && details.contains("if it was rounded stochastically, give the seed"), "{details}");

    // Each element is one of the two neighbours of the exact value.
    let model = Checkpoint::open(&request.output).unwrap();
    let stored = support::values(model.tensor(NAME).unwrap());
    for ((stored, weight), delta) in stored.iter().zip(&pair.weight).zip(&pair.delta) {
        let exact = weight + delta;
        assert!((stored - exact).abs() <= FloatDtype::BF16.ulp(exact) * 1.001, "{stored} for {exact}");
    }
}

#[test]
fn a_nearest_merge_is_not_taken_for_a_stochastic_one() {
    let root = tempfile::tempdir().unwrap();
    put_pair(root.path(), FloatDtype::BF16, 1e-3);
    let nearest = request(root.path(), "nearest");
    merged(&nearest);
    assert!(judged(&nearest, Rounding::Nearest).is_passed());
    assert!(!judged(&nearest, Rounding::Stochastic { seed: SEED }).is_passed());
}

#[test]
fn it_runs_on_the_cpu_and_says_so() {
    let root = tempfile::tempdir().unwrap();
    put_pair(root.path(), FloatDtype::BF16, 1e-3);
    let plan = MergePlan::new(&stochastic(root.path(), "merged")).unwrap();
    for choice in [device::DeviceChoice::Auto, device::DeviceChoice::Gpu(None)] {
        let (kernel, report) = device::open(choice, &plan).unwrap();
        assert!(
            kernel.name().starts_with("CPU") && report.reason.to_string().contains("stochastic rounding"),
            "{}",
            report.reason
        );
    }
}
