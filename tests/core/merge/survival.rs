//! How much of an adapter survives rounding: measured by the merge, proved in f64, and estimated before it.

use lorafuse::{
    job::JobContext,
    numeric::FloatDtype,
    plan::{DtypePolicy, MergePlan, MergeRequest, Rounding, SurvivalEstimate},
    verify::{self, ChangedSet, VerifyOptions, VerifyRequest},
};

use crate::support::{
    merged,
    trained_layer::{Pair, put_pair, request},
};

/// ⟨E, Δ⟩ / ⟨Δ, Δ⟩ and the share of elements that change, the plain way.
fn reference(pair: &Pair, dtype: FloatDtype) -> (f64, f64) {
    let (mut effect, mut square, mut changed) = (0.0, 0.0, 0_usize);
    for (weight, delta) in pair.weight.iter().zip(&pair.delta) {
        let stored = dtype.round_to_nearest(weight + delta);
        effect += (stored - weight) * delta;
        square += delta * delta;
        changed += usize::from(stored != dtype.round_to_nearest(*weight));
    }
    (effect / square, changed as f64 / pair.weight.len() as f64)
}

fn estimate(request: &MergeRequest) -> SurvivalEstimate {
    MergePlan::new(request).unwrap().estimate_survival(&JobContext::unwatched()).unwrap()
}

fn proven(request: &MergeRequest) -> ChangedSet {
    let options = VerifyOptions { rounding: request.rounding, ..VerifyOptions::default() };
    let proof = VerifyRequest {
        merged: request.output.clone(),
        base: Some(request.base.clone()),
        adapters: request.adapters.clone(),
    };
    let report = verify::run_with(&proof, &options, &JobContext::unwatched()).unwrap();
    assert!(report.is_passed(), "{:#?}", report.checks);
    report.changed_set.unwrap()
}

#[test]
fn measured_proved_and_estimated_survival_agree_with_the_reference() {
    // The gains of a bfloat16 base written in bfloat16 are those of a simulation on 2048 × 2048 normal weights.
    for (ratio, published) in [(1e-4, 0.06), (4e-4, 0.24), (1e-3, 0.53), (1e-2, 1.0)] {
        for (base, output) in [
            (FloatDtype::BF16, FloatDtype::BF16),
            (FloatDtype::BF16, FloatDtype::F16),
            (FloatDtype::F32, FloatDtype::BF16),
            (FloatDtype::BF16, FloatDtype::F32),
        ] {
            let root = tempfile::tempdir().unwrap();
            let pair = put_pair(root.path(), base, ratio);
            let request = MergeRequest { dtype: DtypePolicy::Convert(output), ..request(root.path(), "merged") };
            let before = estimate(&request);
            let receipt = merged(&request);
            let (stats, (gain, share)) = (receipt.update_stats(), reference(&pair, output));
            let what = format!("{base} to {output} at {ratio:e}");
            assert!((stats.relative_change().unwrap() / ratio - 1.0).abs() < 1e-3, "{what}");
            assert!((stats.gain().unwrap() - gain).abs() < 0.02, "{what}: {:?} for {gain}", stats.gain());
            assert!((stats.changed_share() - share).abs() < 0.02, "{what}: {} for {share}", stats.changed_share());
            let in_f64 = proven(&request).change().gain().unwrap();
            assert!((in_f64 - gain).abs() < 0.02, "{what}: {in_f64} for {gain}");
            let estimated = before.overall.gain().unwrap();
            assert!((estimated - stats.gain().unwrap()).abs() < 0.05, "{what}: {estimated} for {:?}", stats.gain());
            println!(
                "{what}: reference {gain:.4}, merge {:.4}, proof {in_f64:.4}, estimate {estimated:.4}, {:.1} % changed",
                stats.gain().unwrap(),
                100.0 * share
            );
            if (base, output) == (FloatDtype::BF16, FloatDtype::BF16) {
                assert!((gain - published).abs() < 0.03, "{what}: {gain} where {published} was published");
            }
            assert_eq!(before.overall.element_count, stats.element_count, "the estimate speaks for the whole");
        }
    }
}

#[test]
fn little_survival_is_said_with_what_helps() {
    let root = tempfile::tempdir().unwrap();
    put_pair(root.path(), FloatDtype::BF16, 4e-4);
    let nearest = request(root.path(), "nearest");
    let advice = estimate(&nearest).advice.unwrap().to_string();
    assert!(advice.starts_with("bf16 keeps 2"), "{advice}");
    assert!(advice.ends_with("% of this adapter: write float32 or float16, or round stochastically"), "{advice}");
    merged(&nearest);
    let kept = proven(&nearest);
    assert!(kept.lost.is_empty() && kept.change().gain().unwrap() < 0.3);

    let stochastic = MergeRequest { rounding: Rounding::Stochastic { seed: 5 }, ..request(root.path(), "stochastic") };
    let before = estimate(&stochastic);
    assert_eq!(before.advice, None);
    assert!((before.overall.gain().unwrap() - 1.0).abs() < 0.2, "{:?}", before.overall.gain());
    let gain = merged(&stochastic).update_stats().gain().unwrap();
    assert!((gain - 1.0).abs() < 0.1, "{gain}");
}

#[test]
fn float32_that_holds_bfloat16_behaves_like_bfloat16_and_is_named() {
    let root = tempfile::tempdir().unwrap();
    put_pair(root.path(), FloatDtype::BF16, 1e-3);
    // The same values as float32.
    let wide = MergeRequest { dtype: DtypePolicy::Convert(FloatDtype::F32), ..request(root.path(), "wide") };
    let zeroed = MergePlan::new(&wide).unwrap();
    assert_eq!(zeroed.rounding, Rounding::Nearest);
    merged(&MergeRequest {
        adapters: vec![lorafuse::plan::AdapterRequest { strength: 0.0, ..wide.adapters[0].clone() }],
        ..wide.clone()
    });
    let again = MergeRequest {
        base: wide.output.clone(),
        dtype: DtypePolicy::Convert(FloatDtype::BF16),
        ..request(root.path(), "narrow")
    };
    let receipt = merged(&again);
    let (tensor_count, byte_count) = receipt.bf16_in_f32();
    assert_eq!((tensor_count, byte_count), (1, 4 * 1024 * 1024));
    assert!(receipt.update_stats().gain().unwrap() < 0.6, "a grid is a grid, however it is stored");
}
