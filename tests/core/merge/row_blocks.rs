//! Methods that need several rows of a weight at once: wherever tiles are cut, the bytes are the same.

use std::sync::Arc;

use lorafuse::{
    checkpoint::Checkpoint,
    job::JobContext,
    merge,
    plan::{MergePlan, MergeRequest},
};

use crate::support::{bytes, golden, merged};

/// RoAd turns rows half a group apart; HRA, OFT and BOFT take whole output channels of a convolution.
const CASES: [&str; 6] = ["road-1", "road-4", "hra", "hra-gram-schmidt", "oft-conv2d", "boft-conv2d-butterfly"];

fn request(case: &str, output: &std::path::Path) -> MergeRequest {
    MergeRequest::new(golden(case).join("base"), golden(case).join("adapter"), output.to_owned())
}

#[test]
fn tiles_of_any_size_give_the_same_bytes() {
    for case in CASES {
        let scratch = tempfile::tempdir().unwrap();
        let whole = request(case, &scratch.path().join("whole"));
        merged(&whole);
        let whole = Checkpoint::open(&whole.output).unwrap();
        for tile_elements in [1, 40, 100] {
            let request = request(case, &scratch.path().join(tile_elements.to_string()));
            let mut plan = MergePlan::resolved(&request).unwrap();
            plan.tile_elements = tile_elements;
            merge::run(&plan, &JobContext::unwatched()).unwrap();
            let cut = Checkpoint::open(&request.output).unwrap();
            for name in whole.tensors().keys() {
                assert!(bytes(&whole, name) == bytes(&cut, name), "{case}: {name} in tiles of {tile_elements}");
            }
        }
    }
}

#[test]
fn single_rows_in_memory_are_those_on_the_disk() {
    for case in CASES {
        let scratch = tempfile::tempdir().unwrap();
        let request = request(case, &scratch.path().join("merged"));
        merged(&request);
        let stored = Checkpoint::open(&request.output).unwrap();
        let computed = merge::in_memory(&Arc::new(MergePlan::resolved(&request).unwrap())).unwrap();
        for (name, stored) in stored.tensors() {
            let computed = computed.tensor(name).unwrap();
            let shape = stored.tile_shape();
            for row in 0..shape.rows {
                let read = |tensor: &lorafuse::checkpoint::LogicalTensor| {
                    let mut bytes = vec![0; shape.columns * tensor.dtype().bitsize() / 8];
                    tensor.read_row_bytes(row..row + 1, &mut bytes).unwrap();
                    bytes
                };
                assert!(read(stored) == read(computed), "{case}: row {row} of {name}");
            }
        }
    }
}
