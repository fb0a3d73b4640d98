//! When a merge equals a reference: the rule of `tests/golden/README.md`.

use std::collections::BTreeMap;

use lorafuse::{
    adapter::{Adapter, composition},
    checkpoint::Checkpoint,
    job::JobContext,
    matching::{Applied, Matching, load_updates},
    numeric::FloatDtype,
    plan::MergeRequest,
    verify::{self, VerifyRequest},
};

use super::values;

/// The rule of `tests/golden/README.md`.
pub fn assert_equal_by_rule(what: &str, ours: &[f64], expected: &[f64], dtype: FloatDtype, max_delta: f64) {
    if dtype == FloatDtype::F32 {
        let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let worst = ours.iter().zip(expected).fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs()));
        assert!(worst <= 1e-5 * largest, "{what}: differs by {worst:e}, largest value {largest:e}");
        return;
    }
    let odd: Vec<(f64, f64)> = ours.iter().copied().zip(expected.iter().copied()).filter(|(a, b)| a != b).collect();
    let allowed = if ours.len() < 2_000 { 2 } else { ours.len() / 1_000 };
    assert!(odd.len() <= allowed, "{what}: {} of {} elements differ", odd.len(), ours.len());
    for (a, b) in odd {
        let one_ulp = dtype.ulp(a.abs().max(b.abs()));
        let cancelled = 0.5 * dtype.ulp(a) + 2.0_f64.powi(-20) * max_delta;
        assert!((a - b).abs() <= one_ulp.max(cancelled), "{what}: {a} and {b} are further than one unit apart");
    }
}

/// max |Δ| of each changed tensor.
pub fn max_deltas(request: &MergeRequest) -> BTreeMap<String, f64> {
    let base = Checkpoint::open(&request.base).unwrap();
    let adapters: Vec<Adapter> = request.adapters.iter().map(|adapter| Adapter::open(&adapter.path).unwrap()).collect();
    let strengths: Vec<f64> = request.adapters.iter().map(|adapter| adapter.strength).collect();
    let matching = Matching::new(&base, &adapters);
    assert!(matching.is_complete());
    let placed = matching.applied_tensor_count(&adapters) + matching.set_aside.len();
    let tensor_count: usize = adapters.iter().map(Adapter::tensor_count).sum();
    assert_eq!(placed, tensor_count, "{}: every tensor is accounted for", request.base.display());
    let of_tensor = |applied: &Applied| (applied.tensor.clone(), max_delta(applied, &base, &adapters, &strengths));
    matching.applied.iter().map(of_tensor).collect()
}

/// The largest change of one tensor, as the sum of what each update changes at its turn.
fn max_delta(applied: &Applied, base: &Checkpoint, adapters: &[Adapter], strengths: &[f64]) -> f64 {
    let source = applied.source(base, adapters).unwrap();
    let (weight, rows) = (source.read_all().unwrap(), 0..source.tile_shape().rows);
    let updates = load_updates(&applied.updates, applied.factor, adapters, strengths).unwrap();
    composition::observe(&updates, |see| {
        see(rows.clone(), weight.clone());
        Ok::<_, ()>(())
    })
    .unwrap();
    let after = |count: usize| {
        let mut changed = weight.clone();
        composition::apply(&updates[..count], &rows, &mut changed);
        changed
    };
    let largest_change = |count: usize| {
        let (before, after) = (after(count - 1), after(count));
        before
            .iter()
            .zip(after)
            .fold(0.0_f64, |largest, (before, after)| largest.max(f64::from((after - before).abs())))
    };
    (1..=updates.len()).map(largest_change).sum()
}

/// Asserts that `verify` passes the merge of `request`.
pub fn verifies(request: &MergeRequest) {
    let verify_request = VerifyRequest {
        merged: request.output.clone(),
        base: Some(request.base.clone()),
        adapters: request.adapters.clone(),
    };
    let report = verify::run(&verify_request, &JobContext::unwatched()).unwrap();
    assert!(report.is_passed(), "{:#?}", report.checks);
}

/// Asserts that the merge of `request`, which is done, holds the tensors of `expected`, equal by the rule, and no others.
pub fn assert_equals_reference(what: &str, request: &MergeRequest, expected: &Checkpoint) {
    let ours = Checkpoint::open(&request.output).unwrap();
    let names = |checkpoint: &Checkpoint| checkpoint.tensors().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&ours), names(expected), "{what}: the same tensors");
    let max_deltas = max_deltas(request);
    for (name, expected) in expected.tensors() {
        let tensor = ours.tensor(name).unwrap();
        assert_eq!((tensor.dtype(), tensor.shape()), (expected.dtype(), expected.shape()), "{what}: {name}");
        let max_delta = max_deltas.get(name).copied().unwrap_or(0.0);
        let (ours, dtype) = (values(tensor), tensor.float_dtype().unwrap());
        assert_equal_by_rule(&format!("{what}: {name}"), &ours, &values(expected), dtype, max_delta);
    }
}

/// Asserts that the merge of `request`, which is done, equals PEFT's but for its second rounding: it rounds Δ to the
/// base's dtype before it adds it to embeddings and experts.
pub fn assert_equals_but_for_second_rounding(what: &str, request: &MergeRequest, expected: &Checkpoint) {
    let ours = Checkpoint::open(&request.output).unwrap();
    let max_deltas = max_deltas(request);
    assert_eq!(ours.tensors().len(), expected.tensors().len(), "{what}: as many tensors");
    for (name, expected) in expected.tensors() {
        let tensor = ours.tensor(name).unwrap();
        let dtype = tensor.float_dtype().unwrap();
        let delta_ulp = max_deltas.get(name).map_or(0.0, |max_delta| dtype.ulp(*max_delta));
        for (ours, peft) in values(tensor).iter().zip(values(expected)) {
            let allowed = dtype.ulp(ours.abs().max(peft.abs())) + 0.5 * delta_ulp;
            assert!((ours - peft).abs() <= allowed, "{what}: {name}: {ours} and {peft}");
        }
    }
}
