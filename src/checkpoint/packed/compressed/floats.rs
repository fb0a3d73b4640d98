//! `nvfp4-pack-quantized` and `mxfp4-pack-quantized`: 4-bit floats, two to a byte.

use super::config::{Format, Groups};
use crate::checkpoint::packed::{
    PackedError, QuantizationMethod,
    four_bit_floats::{MXFP4_GROUP, NVFP4_GROUP, Names, take_mxfp4, take_nvfp4},
    scales::Global,
    spread::Spread,
    store::Store,
};

/// Takes the packed weight of `module`.
pub fn take(store: &mut Store<'_>, groups: &Groups, module: &str) -> Result<(), PackedError> {
    let [codes, scales, global, weight] =
        ["weight_packed", "weight_scale", "weight_global_scale", "weight"].map(|part| format!("{module}.{part}"));
    let names = Names { codes: &codes, scales: &scales, weight: &weight };
    let has_global = store.get(&global).is_some();
    let format = if has_global { Format::Nvfp4 } else { Format::Mxfp4 };
    let scheme = groups.of(module, |scheme| scheme.format == format)?;
    let group = match scheme.format {
        Format::Nvfp4 => NVFP4_GROUP,
        Format::Mxfp4 => MXFP4_GROUP,
        _ => return Err(PackedError::NoGroup { tensor: module.to_owned() }),
    };
    if scheme.spread != Spread::Group(group) {
        let said = if let Spread::Group(size) = scheme.spread { size.to_string() } else { "none".to_owned() };
        return Err(PackedError::StateSays { tensor: codes, key: "group_size", said });
    }
    if scheme.format == Format::Mxfp4 {
        return take_mxfp4(store, QuantizationMethod::CompressedMxfp4, &names);
    }
    take_nvfp4(store, QuantizationMethod::CompressedNvfp4, &names, (Global::Divisor, &global))
}
