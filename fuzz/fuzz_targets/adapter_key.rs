//! Adapter keys and adapter configs: the first line is a key, the rest a config that scales the key's module.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use lorafuse::adapter::{AdapterKey, PeftConfig};

fuzz_target!(|text: &str| {
    let (key, config) = text.split_once('\n').unwrap_or((text, ""));
    let module = match AdapterKey::parse(key) {
        AdapterKey::Factor { module, .. } => module,
        AdapterKey::Shared { .. } => String::new(),
        AdapterKey::Full { parameter, .. } => parameter,
    };
    assert!(module.len() <= key.len());
    let path = Path::new("adapter_config.json");
    let Ok(config) = PeftConfig::parse(config, path) else { return };
    std::hint::black_box((config.unknown_keys(), config.peft_type(), config.base_model()));
    if let Ok(scaling) = config.scaling_of(&module, path) {
        assert!(scaling.rank > 0 && scaling.alpha.is_finite());
    }
});
