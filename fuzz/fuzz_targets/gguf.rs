//! Headers of GGUF files: what is accepted is consistent, fits in the file, and is the same again when it is written.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lorafuse::checkpoint::gguf::GgufHeader;

/// Bytes of data behind every header.
const DATA_LEN: u64 = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    let file_byte_count = bytes.len() as u64 + DATA_LEN;
    let reader = std::io::Read::chain(bytes, std::io::repeat(0));
    match GgufHeader::read(reader, file_byte_count) {
        Ok(header) => assert_is_consistent(header, file_byte_count),
        Err(error) => assert!(error.to_string().len() < 4_000, "an endless message: {error}"),
    }
});

fn assert_is_consistent(header: GgufHeader, file_byte_count: u64) {
    let mut end = 0;
    for tensor in &header.tensors {
        assert!(tensor.offset >= end && tensor.byte_count > 0);
        end = tensor.offset + tensor.byte_count;
        assert!(header.data_start + end <= file_byte_count);
    }
    // An alignment of its own or an empty value is read and not written.
    if header.get("general.alignment").is_some() {
        return;
    }
    if let Ok(again) = GgufHeader::new(header.metadata.clone(), header.tensors.clone()) {
        let bytes = again.to_bytes();
        let file_byte_count = again.file_byte_count();
        // NaN differs from itself, so bytes are compared.
        let read = GgufHeader::read(&bytes[..], file_byte_count).expect("what was written is read");
        assert_eq!(read.to_bytes(), bytes);
    }
}
