//! Headers of safetensors files: what is accepted is consistent, and the safetensors crate accepts it too.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lorafuse::{checkpoint::Header, numeric::TileShape};
use safetensors::SafeTensors;

/// Files up to this size are built, to hear the other reader's verdict.
const MAX_DATA_LEN: u64 = 1 << 20;

fuzz_target!(|json: &[u8]| {
    match Header::parse(json) {
        Ok(header) => {
            assert_is_consistent(&header);
            let written = header.to_bytes().expect("what is consistent can be written");
            assert_eq!(Header::parse(&written[8..]).as_ref(), Ok(&header), "and read again as it was");
            compare(json, &header);
        }
        Err(error) => assert!(error.to_string().len() < 4_000, "an endless message: {error}"),
    }
});

fn assert_is_consistent(header: &Header) {
    let mut end = 0;
    for tensor in &header.tensors {
        assert_eq!(tensor.range.start, end);
        let element_count: usize = tensor.shape.iter().product();
        assert_eq!((element_count as u64 * tensor.dtype.bitsize() as u64) / 8, tensor.range.end - tensor.range.start);
        let tiles = TileShape::of(&tensor.shape).in_whole_bytes(tensor.dtype.bitsize());
        assert_eq!(tiles.rows * tiles.columns, element_count);
        assert_eq!(tiles.columns * tensor.dtype.bitsize() % 8, 0);
        end = tensor.range.end;
    }
    assert_eq!(header.data_byte_count(), end);
}

fn compare(json: &[u8], header: &Header) {
    if header.data_byte_count() > MAX_DATA_LEN {
        return;
    }
    let mut file = (json.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(json);
    file.resize(file.len() + header.data_byte_count() as usize, 0);
    match SafeTensors::deserialize(&file) {
        Ok(theirs) => {
            assert_eq!(theirs.len(), header.tensors.len());
            for tensor in &header.tensors {
                let view = theirs.tensor(&tensor.name).expect("both know the tensor");
                assert_eq!((view.shape(), view.dtype().to_string()), (&tensor.shape[..], tensor.dtype.to_string()));
                assert_eq!(view.data().len() as u64, tensor.range.end - tensor.range.start);
            }
        }
        // A dtype younger than that reader.
        Err(error) => assert!(error.to_string().contains("unknown variant"), "only we take it: {error}"),
    }
}
