//! MXFP4 as gpt-oss has it: the experts of a layer in one tensor, stored as (experts, outputs, groups, bytes) and turned
//! for each expert, so that the model has (experts, inputs, outputs).

use std::{ops::Range, sync::Arc};

use super::{
    PackedError, QuantizationMethod,
    store::{Bytes, Store},
    unit_cache::{UNIT_BYTES, UnitCache},
};
use crate::{
    checkpoint::{CheckpointError, ComputedRows, LogicalTensor, WeightFile},
    numeric::{Dtype, FloatDtype, codec::Mxfp4},
};

/// What tables are called, behind the name of their module or of their weight.
pub(super) const TABLES: [&str; 2] = ["_blocks", "_scales"];

/// Bytes of a group's codes.
const GROUP_BYTES: usize = 16;

/// Weights of a group.
const GROUP: usize = 32;

/// The scale that stands for no number.
const NO_SCALE: u8 = 255;

/// Scales that are looked at in one go.
const CHECKED_AT_ONCE: usize = 1 << 20;

/// The experts of a layer.
#[derive(Debug)]
struct Rows {
    /// Rows of an expert as it is stored; its columns in the model.
    outputs: usize,
    /// Groups of a stored row.
    groups: usize,
    codes: Bytes,
    scales: Bytes,
    cache: Arc<UnitCache>,
}

/// Takes every tensor of blocks with its scales.
pub(super) fn unpack(store: &mut Store<'_>) -> Result<(), PackedError> {
    for name in store.names_before("_blocks") {
        let [blocks, scales] = ["blocks", "scales"].map(|part| format!("{name}_{part}"));
        let shape = store.get(&blocks).map(|codes| codes.shape().to_vec()).unwrap_or_default();
        let bytes = store.get(&blocks).map_or(0, LogicalTensor::element_count);
        let codes = store.take_codes(&blocks, (bytes as u64).saturating_mul(2))?.typed(&[Dtype::U8])?;
        let (&[experts, outputs, groups, GROUP_BYTES], 1..) = (&shape[..], bytes) else {
            let mut expected = vec![1; 4];
            expected.iter_mut().zip(&shape).for_each(|(expected, length)| *expected = (*length).max(1));
            expected[3] = GROUP_BYTES;
            return Err(PackedError::WrongShape { tensor: blocks, shape, expected });
        };
        let scales = store.take_table(&blocks, &scales)?.typed(&[Dtype::U8])?;
        let scales = scales.shaped(&[experts, outputs, groups])?;
        let rows = Rows { outputs, groups, codes, scales, cache: Arc::clone(store.cache()) };
        let shape = vec![experts, groups * GROUP, outputs];
        store.make(QuantizationMethod::Mxfp4, (&blocks, &name), shape, FloatDtype::BF16, rows);
    }
    match store.names_before("_scales").pop() {
        Some(name) => Err(PackedError::LoneTable { table: format!("{name}_scales") }),
        None => Ok(()),
    }
}

impl Rows {
    /// Groups of a strip: all of an expert, where they fit.
    fn strip_groups(&self) -> usize {
        (UNIT_BYTES / (self.outputs * (GROUP_BYTES + 1))).clamp(1, self.groups)
    }

    fn read_strip(&self, expert: usize, groups: Range<usize>) -> Result<Vec<Vec<u8>>, CheckpointError> {
        let (rows, row_groups) = (self.outputs, self.groups);
        let first = expert * rows * row_groups;
        let code_columns = groups.start * GROUP_BYTES..groups.end * GROUP_BYTES;
        let codes = self.codes.read_columns(first * GROUP_BYTES, (rows, row_groups * GROUP_BYTES), code_columns)?;
        let scales = self.scales.read_columns(first, (rows, row_groups), groups)?;
        self.refuse_no_scale(&scales)?;
        Ok(vec![codes, scales])
    }

    fn refuse_no_scale(&self, scales: &[u8]) -> Result<(), CheckpointError> {
        if !scales.contains(&NO_SCALE) {
            return Ok(());
        }
        let problem = PackedError::BadScale { tensor: self.scales.name.clone(), value: f64::NAN };
        Err(CheckpointError::Packed { problem, path: self.scales.file.path().to_owned() })
    }
}

impl ComputedRows for Rows {
    fn file(&self) -> &Arc<dyn WeightFile> {
        &self.codes.file
    }

    fn read_row_bytes(&self, rows: Range<usize>, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let (expert_rows, strip_groups) = (self.groups * GROUP, self.strip_groups());
        let strips = self.groups.div_ceil(strip_groups);
        let (mut at, mut rest) = (rows.start, bytes);
        while at < rows.end {
            let (expert, column) = (at / expert_rows, at % expert_rows);
            let strip = column / GROUP / strip_groups;
            let groups = strip * strip_groups..((strip + 1) * strip_groups).min(self.groups);
            let count = (groups.end * GROUP - column).min(rows.end - at);
            let (part, later) = rest.split_at_mut(count * self.outputs * 2);
            let columns = column - groups.start * GROUP..column - groups.start * GROUP + count;
            let group_count = groups.len();
            self.cache.with(
                (&self.codes.name, expert * strips + strip),
                || self.read_strip(expert, groups),
                |parts| {
                    let [codes, scales] = parts else { unreachable!("two parts, as they were read") };
                    Mxfp4 { codes, scales, groups: group_count }.decode(columns, part);
                },
            )?;
            (at, rest) = (at + count, later);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), CheckpointError> {
        let count = usize::try_from(self.scales.byte_count).unwrap_or(usize::MAX);
        for start in (0..count).step_by(CHECKED_AT_ONCE) {
            self.refuse_no_scale(&self.scales.read_vec(start..(start + CHECKED_AT_ONCE).min(count))?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers of a test")]
mod tests {
    use serde_json::{Value, json};

    use super::super::fixture::{Model, random};
    use crate::{
        checkpoint::QuantizationMethod,
        numeric::{FloatDtype, codec::E2M1},
    };

    const EXPERTS: usize = 3;
    const ROWS: usize = 70;
    const GROUPS: usize = 5;

    fn code(expert: usize, row: usize, column: usize) -> usize {
        random(expert, row, column, 16)
    }

    /// Around 1, and some so small that bfloat16 must round.
    fn scale(expert: usize, row: usize, group: usize) -> usize {
        if random(8, row, group, 9) == 0 { 0 } else { 110 + random(9 + expert, row, group, 30) }
    }

    fn folder() -> Model {
        let mut folder = Model::new(&json!({"quant_method": "mxfp4"}));
        let rows = || (0..EXPERTS).flat_map(|expert| (0..ROWS).map(move |row| (expert, row)));
        let codes = rows().flat_map(|(expert, row)| {
            (0..GROUPS * 16).map(move |at| (code(expert, row, 2 * at) | code(expert, row, 2 * at + 1) << 4) as u8)
        });
        folder.put("mlp.down_proj_blocks", "U8", &[EXPERTS, ROWS, GROUPS, 16], codes.collect());
        let scales = rows().flat_map(|(expert, row)| (0..GROUPS).map(move |group| scale(expert, row, group) as u8));
        folder.put("mlp.down_proj_scales", "U8", &[EXPERTS, ROWS, GROUPS], scales.collect());
        folder.put("mlp.down_proj_bias", "BF16", &[EXPERTS, ROWS], vec![0; EXPERTS * ROWS * 2]);
        folder
    }

    #[test]
    fn experts_are_turned_one_by_one() {
        let folder = folder();
        let read = folder.opened(|checkpoint| {
            assert_eq!(checkpoint.quantization().unwrap().method, QuantizationMethod::Mxfp4);
            assert_eq!(checkpoint.tensors().keys().collect::<Vec<_>>(), ["mlp.down_proj", "mlp.down_proj_bias"]);
            let (shape, values) = folder.values("mlp.down_proj");
            assert_eq!(shape, [EXPERTS, GROUPS * 32, ROWS]);
            for (at, value) in values.into_iter().enumerate() {
                let (expert, column, row) = (at / ROWS / (GROUPS * 32), at / ROWS % (GROUPS * 32), at % ROWS);
                let power = i32::try_from(scale(expert, row, column / 32)).unwrap() - 127;
                let exact = f64::from(E2M1[code(expert, row, column)]) * 2.0_f64.powi(power);
                assert_eq!(f64::from(value), FloatDtype::BF16.round_to_nearest(exact), "{expert}, {column}, {row}");
            }
        });
        read.unwrap();
    }

    #[test]
    fn what_contradicts_itself_is_refused_by_name() {
        type Fault = (&'static str, fn(&mut Model));
        fn shape<'a>(folder: &'a mut Model, part: &str) -> &'a mut Vec<usize> {
            &mut folder.tensors.get_mut(&format!("mlp.down_proj_{part}")).unwrap().1
        }
        let faults: &[Fault] = &[
            ("mlp.down_proj_scales", |folder| drop(folder.tensors.remove("mlp.down_proj_scales"))),
            ("mlp.down_proj_scales belongs", |folder| drop(folder.tensors.remove("mlp.down_proj_blocks"))),
            ("mlp.down_proj_blocks", |folder| *shape(folder, "blocks") = vec![3, 70, 10, 8]),
            ("mlp.down_proj_blocks", |folder| *shape(folder, "blocks") = vec![210, 5, 16]),
            ("mlp.down_proj_blocks", |folder| folder.put("mlp.down_proj_blocks", "U8", &[3, 0, 5, 16], Vec::new())),
            ("mlp.down_proj_scales", |folder| *shape(folder, "scales") = vec![3, 5, 70]),
            ("mlp.down_proj_blocks is I8", |folder| {
                folder.tensors.get_mut("mlp.down_proj_blocks").unwrap().0 = "I8";
            }),
            ("mlp.down_proj_scales holds a scale of NaN", |folder| {
                folder.tensors.get_mut("mlp.down_proj_scales").unwrap().2[1000] = 255;
            }),
            ("mlp.down_proj", |folder| folder.put("mlp.down_proj", "BF16", &[1], vec![0; 2])),
            ("quantization_config", |folder| folder.config = json!({"quantization_config": Value::Null})),
        ];
        assert_eq!(folder().refusal(), "it is read");
        for (index, (said, damage)) in faults.iter().enumerate() {
            let mut folder = folder();
            damage(&mut folder);
            let refusal = folder.refusal();
            assert!(refusal.contains(said), "{index}: {refusal:?} does not say {said:?}");
        }
    }

    /// No merge looked at the tables before an evaluation reads.
    #[test]
    fn a_scale_that_is_no_number_is_no_weight_either() {
        let mut folder = folder();
        folder.tensors.get_mut("mlp.down_proj_scales").unwrap().2[1000] = 255;
        let read = folder.opened(|checkpoint| {
            let tensor = checkpoint.tensor("mlp.down_proj").unwrap();
            tensor.read_rows(0..160, &mut vec![0.0; 160 * ROWS]).unwrap();
            tensor.read_rows(320..480, &mut vec![0.0; 160 * ROWS]).unwrap_err();
        });
        read.unwrap();
    }
}
