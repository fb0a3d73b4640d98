//! Quantised weights: from the codes and tables of a file to the tensors that the model has.
//!
//! Tensors decide, the config explains: a weight is packed where its tables are. What a scheme finds it takes away, and
//! what is left of any table then is an error, so that nothing is dropped and nothing is taken for a weight that is none.

mod activations;
mod awq;
mod bitsandbytes;
mod by_input;
mod by_name;
mod compressed;
mod error;
#[cfg(test)]
mod fixture;
mod four_bit_floats;
mod fp8;
mod gptq;
mod int8;
mod method;
mod mlx;
mod modelopt;
mod mxfp4;
mod note;
mod scaled;
mod scales;
mod settings;
mod spread;
mod store;
mod torchao;
mod trained;
mod unit_cache;
mod zero_points;

use std::{collections::BTreeMap, path::Path};

pub(super) use self::by_name::part_by_name;
pub use self::{error::PackedError, method::QuantizationMethod, note::QuantizationNote};
use self::{settings::Settings, store::Store};
use super::{LogicalTensor, ModelConfig};
use crate::numeric::{Dtype, FloatDtype};

/// How the weights of a checkpoint are quantised.
#[derive(Clone, Debug)]
pub struct Quantization {
    /// The method.
    pub method: QuantizationMethod,
    /// What most of its packed weights become.
    pub dtype: FloatDtype,
    /// The tensors that lie in the files, by name, as [`super::Checkpoint::tensors`] holds those of the model.
    pub stored: BTreeMap<String, LogicalTensor>,
    /// What a stored tensor is; plain ones are not listed.
    pub parts: BTreeMap<String, StoredPart>,
    /// `quantization_config`, as the file has it; none beside states that describe themselves.
    pub config: Option<serde_json::Value>,
    /// What opening it showed that should be known; [`super::Checkpoint::packing_notes`] has what tables say too.
    pub notes: Vec<QuantizationNote>,
}

/// What a stored tensor is to its quantisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredPart {
    /// The codes of so many weights.
    Codes(u64),
    /// Scales, zero points, code books: what turns codes into values.
    Table,
}

/// What was found among the tensors of the files.
#[derive(Debug)]
pub(super) enum Found {
    /// Nothing is packed, or by a method that is not read.
    Plain,
    /// Nothing is packed, though the config says so: what merges and saves a model leaves the key behind.
    SaidOnly {
        /// The method that the config names.
        method: String,
    },
    /// Packed weights, with the tensors of the model.
    Packed(Quantization, BTreeMap<String, LogicalTensor>),
}

/// Methods whose config is true only of packed weights; others quantise plain ones while they are loaded.
const STORED_METHODS: [&str; 7] = ["bitsandbytes", "gptq", "awq", "fp8", "fbgemm_fp8", "mxfp4", "compressed-tensors"];

/// Those of which every layout is read or refused by its own name.
const OWN_LAYOUT: [&str; 5] = ["bitsandbytes", "gptq", "awq", "fp8", "mxfp4"];

/// Dtypes that hold codes; other integers are positions and counts.
const CODE_DTYPES: [Dtype; 7] =
    [Dtype::U8, Dtype::I8, Dtype::U32, Dtype::I32, Dtype::F8_E4M3, Dtype::F8_E5M2, Dtype::F8_E8M0];

/// The tables of every format: one that takes a table stands here, or [`Store`] does not hand it out.
const TABLES: [&[&str]; 11] = [
    &activations::TABLES,
    &awq::TABLES,
    &bitsandbytes::TABLES,
    &compressed::TABLES,
    &fp8::TABLES,
    &gptq::TABLES,
    &int8::TABLES,
    &mlx::TABLES,
    &modelopt::TABLES,
    &mxfp4::TABLES,
    &torchao::TABLES,
];

/// Finds the packed weights among `stored` and makes the tensors of the model from them. Packers may have left a file
/// beside the config in `root`.
///
/// # Errors
/// A packed weight whose tables are missing, contradict it or each other, or are left over.
pub(super) fn unpack(
    config: &ModelConfig,
    stored: &BTreeMap<String, LogicalTensor>,
    root: &Path,
) -> Result<Found, PackedError> {
    // ModelOpt's own file states the same as the config does, and may be alone.
    let beside = config.quantization_config().is_none().then(|| modelopt::config_beside(root)).transpose()?.flatten();
    let said = config.quantization_config().or(beside.as_ref());
    let mut store = Store::new(stored, config, &TABLES);
    // The config alone decides, but for modules that only a packer's own file explains.
    let is_by_input = !store.names_before(".qweight").is_empty();
    let settings = Settings::read(said, is_by_input.then_some(root))?;
    match (settings.method(), said) {
        (Some("bitsandbytes"), _) => {
            bitsandbytes::unpack(&mut store, said)?;
            int8::unpack(&mut store, said)?;
            store.refuse_integer_weights()?;
        }
        (Some("fp8"), Some(said)) => fp8::unpack(&mut store, said)?,
        (Some("fbgemm_fp8"), _) => fp8::unpack_fbgemm(&mut store)?,
        (Some("compressed-tensors"), Some(said)) => compressed::unpack(&mut store, said)?,
        (Some("modelopt"), Some(said)) => modelopt::unpack(&mut store, said)?,
        (Some("mxfp4"), _) => mxfp4::unpack(&mut store)?,
        (Some("gptq"), _) => gptq::unpack(&mut store, &settings)?,
        (Some("awq"), _) => awq::unpack(&mut store, &settings)?,
        (Some("torchao"), _) => torchao::unpack(&mut store)?,
        (Some(_), _) => {}
        // bitsandbytes' 4-bit states describe themselves, whatever the config says; mlx-lm names no method.
        (None, _) => {
            bitsandbytes::unpack(&mut store, said)?;
            mlx::unpack(&mut store, config)?;
        }
    }
    if said.is_none() {
        fp8::refuse_unexplained(&store)?;
    }
    if let Some(beside) = &beside {
        modelopt::refuse_unread(&store, beside)?;
    }
    if settings.method().is_none() {
        refuse_unexplained(&store)?;
    }
    // Weights in a rotated basis are packed by no dtype, and still not those of the plain class.
    let is_rotated = said.is_some_and(|said| said["transform_config"].as_object().is_some_and(|it| !it.is_empty()));
    let is_stored = settings.method().is_none_or(|method| STORED_METHODS.contains(&method)) && !is_rotated;
    let is_plain = || !stored.values().any(|tensor| CODE_DTYPES.contains(&tensor.dtype()));
    Ok(match (store.into_model()?, config.quantization()) {
        (Some((quantization, tensors)), _) => Found::Packed(quantization, tensors),
        (None, Some(said)) if is_stored && is_plain() => Found::SaidOnly { method: said.to_owned() },
        // One that is read, of which not one weight is packed so.
        (None, Some(said)) if OWN_LAYOUT.contains(&said) => {
            return Err(PackedError::NoneOfMethod { method: said.to_owned() });
        }
        (None, _) => Found::Plain,
    })
}

/// Refuses packed weights of which no config says how they are packed.
fn refuse_unexplained(store: &Store<'_>) -> Result<(), PackedError> {
    let is_block = |name: &String| store.get(&format!("{name}_scales")).is_some();
    let by_input = store.names_before(".qweight").pop().map(|module| format!("{module}.qweight"));
    let blocks = || store.names_before("_blocks").into_iter().find(is_block).map(|name| format!("{name}_blocks"));
    let rows = || store.names_before(".SCB").pop().map(|module| format!("{module}.weight"));
    match by_input.or_else(blocks).or_else(rows) {
        Some(tensor) => Err(PackedError::MissingTable { tensor, table: "quantization_config".to_owned() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{TABLES, fixture::Model, int8};

    /// Of every format, beside a weight that is packed by another: the files say two things of it.
    #[test]
    fn a_table_of_a_second_layout_is_refused() {
        let packed = Model::new(&json!({"quant_method": "bitsandbytes"}))
            .with("m.q.weight", "I8", &[2, 2], [1, 2, 3, 4])
            .with_f32("m.q.SCB", &[2], &[1.0, 2.0]);
        assert!(packed.problem().is_none());
        for table in TABLES.into_iter().flatten().filter(|table| !int8::TABLES.contains(table)) {
            let owner = if table.starts_with('.') { "m.q" } else { "m.q.weight" };
            let name = format!("{owner}{table}");
            let problem = packed.clone().with_f32(&name, &[1], &[1.0]).problem();
            assert!(problem.is_some_and(|problem| problem.to_string().contains("m.q")), "{name} is passed over");
        }
    }
}
