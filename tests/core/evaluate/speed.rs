//! Models timed in processes of their own: what fits, what does not, and models whose positions end.

use lorafuse::{
    evaluate::{self, EvalError, EvalText, ModelSource, ModelSpeed, SpeedReport, SpeedRequest},
    job::JobContext,
};

use crate::support::{golden, repository};

fn request(models: Vec<ModelSource>, runs: usize) -> SpeedRequest {
    SpeedRequest {
        models,
        text: EvalText::tokens("ids", (0..100).map(|index| index % 90).collect()),
        prompt: None,
        runs,
        program: env!("CARGO_BIN_EXE_lorafuse").into(),
        memory_bytes: None,
    }
}

fn measured(request: &SpeedRequest) -> SpeedReport {
    evaluate::measure(request, &JobContext::unwatched()).unwrap()
}

fn pair() -> Vec<ModelSource> {
    ["base", "merged"].map(|part| ModelSource::Stored(golden("llama-lora").join(part))).to_vec()
}

#[test]
fn a_model_whose_positions_end_reads_no_further() {
    let gpt2 = ModelSource::Stored(repository().join("tests/golden-decoders/gpt2-scaled/base"));
    let report = measured(&request(vec![gpt2], 1));
    let speed = report.models[0].as_ref().unwrap().measured().unwrap();
    assert_eq!(speed.forward_tokens, 64);
    assert!(speed.decode_secs.is_some());
}

#[test]
fn models_take_turns_where_all_of_them_fit_and_follow_one_another_where_not() {
    let together = measured(&request(pair(), 3));
    assert!(together.fits_together);
    let speed = |report: &SpeedReport, model: usize| report.models[model].as_ref().unwrap().measured().unwrap().clone();
    assert_eq!((speed(&together, 0).forward_secs.runs, speed(&together, 1).forward_tokens), (3, 100));

    // Room for one of two models, which are equally large.
    let needed = match measured(&SpeedRequest { memory_bytes: Some(1), ..request(pair(), 3) }).models[0] {
        Some(ModelSpeed::TooLarge { needed_bytes, available_bytes: 1 }) => needed_bytes,
        ref other => panic!("{other:?} fits in one byte"),
    };
    let apart = measured(&SpeedRequest { memory_bytes: Some(needed * 3 / 2), ..request(pair(), 3) });
    assert!(!apart.fits_together);
    // Two rounds of two.
    assert_eq!(speed(&apart, 1).forward_secs.runs, 4);
}

#[test]
fn a_cancelled_measurement_ends_and_a_program_that_is_none_is_named() {
    let (job, watch) = JobContext::new(|| {});
    watch.cancel();
    assert!(matches!(evaluate::measure(&request(pair(), 1), &job), Err(EvalError::Cancelled(_))));
    let missing = SpeedRequest { program: "no-such-program".into(), ..request(pair(), 1) };
    let error = evaluate::measure(&missing, &JobContext::unwatched()).unwrap_err();
    assert!(error.to_string().contains("no-such-program"), "{error}");
    let other = SpeedRequest { program: "/bin/true".into(), ..request(pair(), 1) };
    let error = evaluate::measure(&other, &JobContext::unwatched()).unwrap_err();
    assert!(matches!(error, EvalError::MeasuringFailed { .. }), "{error}");
}
