//! A merge that is killed, interrupted or doubled.
//!
//! `LORAFUSE_CRASH_ROUNDS` sets how many kills are tried.

use std::thread::sleep;

use super::{end, fixture, partial_of, signal, wait_until_it_writes};
use crate::support::{listing, stderr};

/// The kills of a run of the suite.
const DEFAULT_ROUNDS: u64 = 8;

fn rounds() -> u64 {
    std::env::var("LORAFUSE_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_ROUNDS)
}

/// A number from 0 to 1 that follows from `round` alone.
fn fraction(round: u64) -> f64 {
    let mut bits = round.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[test]
fn a_killed_merge_leaves_no_model_and_the_next_run_completes_it() {
    let rounds = rounds();
    let fixture = fixture();
    let output = fixture.path("killed");
    let mut hit_count = 0;
    for round in 0..rounds {
        // The run that goes on may take another way to the disk than the killed one.
        let io = ["direct", "cached", "auto"][usize::try_from(round % 3).unwrap()];
        hit_count += u64::from(fixture.kill_after(&output, io, fraction(2 * round)));
        // Every other time the run after it is killed too, while it takes over what the first one left.
        if round % 2 == 1 {
            hit_count += u64::from(fixture.kill_after(&output, "cached", fraction(2 * round + 1)));
        }
        fixture.merge_whole(&output);
        fixture.assert_is_whole(&output);
        assert!(!partial_of(&output).exists());
        assert_eq!(listing(&output), fixture.files.keys().cloned().collect::<Vec<_>>());
        std::fs::remove_dir_all(&output).unwrap();
    }
    println!("{hit_count} of {} kills came in mid-merge", rounds + rounds / 2);
    assert!(hit_count > rounds / 4, "only {hit_count} kills came in mid-merge: this no longer tests anything");
}

#[test]
fn an_interrupted_merge_ends_with_130_and_the_next_run_completes_it() {
    let fixture = fixture();
    let output = fixture.path("interrupted");
    let mut hit_count = 0;
    for round in 0..rounds().max(6) {
        let mut child = fixture.merge_with(&output, ["cached", "direct"][usize::try_from(round % 2).unwrap()]);
        if wait_until_it_writes(&mut child, &output) {
            sleep(fixture.duration.mul_f64(0.5 * fraction(round)));
            signal(&child, "INT");
        }
        let ended = end(child);
        if !ended.status.success() {
            assert_eq!(ended.status.code(), Some(130), "{}", stderr(&ended));
            assert!(stderr(&ended).contains("cancelled"), "{}", stderr(&ended));
            fixture.assert_is_no_model(&output);
            hit_count += 1;
            fixture.merge_whole(&output);
        }
        fixture.assert_is_whole(&output);
        assert!(!partial_of(&output).exists());
        std::fs::remove_dir_all(&output).unwrap();
    }
    println!("{hit_count} of {} interrupts came in mid-merge", rounds().max(6));
    assert!(hit_count > 0, "no interrupt came in mid-merge");
}

#[test]
fn a_second_process_on_the_same_output_is_refused_and_harms_nothing() {
    let fixture = fixture();
    let output = fixture.path("doubled");
    let mut first = fixture.merge(&output);
    assert!(wait_until_it_writes(&mut first, &output), "the merge ended before it could be doubled");
    signal(&first, "STOP");
    let second = end(fixture.merge(&output));
    signal(&first, "CONT");
    assert_eq!(second.status.code(), Some(1), "{}", stderr(&second));
    assert!(stderr(&second).contains("another process is merging into this output"), "{}", stderr(&second));
    let first = end(first);
    assert!(first.status.success(), "{}", stderr(&first));
    fixture.assert_is_whole(&output);
}
