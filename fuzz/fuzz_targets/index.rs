//! Indices of sharded checkpoints: what is accepted leads to weight files in the index's own folder, and is written
//! again as it was read.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use lorafuse::checkpoint::WeightIndex;

fuzz_target!(|text: &str| {
    let path = Path::new("folder/model.safetensors.index.json");
    let Ok(index) = WeightIndex::parse(text, path) else { return };
    for shard in index.shards() {
        let joined = Path::new("folder").join(shard);
        assert_eq!(joined.parent(), Some(Path::new("folder")), "{shard:?} leads elsewhere");
        assert_eq!(joined.file_name().and_then(|name| name.to_str()), Some(shard));
        assert!(!shard.contains(['\\', ':', '\0']), "{shard:?} leads elsewhere on another system");
    }
    for tensor in index.tensor_names() {
        assert!(index.shard_of(tensor).is_some());
    }
    let again = serde_json::to_string_pretty(&index).expect("an index can be written");
    let again = WeightIndex::parse(&again, path).expect("what was written is read");
    assert_eq!(again.weight_map, index.weight_map);
    // Their values too, but for the last bit of a float, which serde_json reads fast and not exactly.
    assert!(again.metadata.keys().eq(index.metadata.keys()));
});
