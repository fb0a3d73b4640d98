//! Cosines and sines of rotary positions, and the rotation itself, halves rotated as Hugging Face stores them.

use candle_core::{Device, Result, Tensor};

use super::RopeConfig;

/// Cosines and sines of a decoder's rotary positions, for every position of a window.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct RotationTables {
    tables: Vec<Table>,
    position_count: usize,
}

#[derive(Clone, Debug)]
struct Table {
    short: Rotation,
    /// For windows of more tokens than this, other angles.
    long: Option<(usize, Rotation)>,
}

/// Cosines and sines of the tokens at hand: `tokens × dim/2`.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct Rotation {
    cos: Tensor,
    sin: Tensor,
}

impl RotationTables {
    /// The tables for positions 0 to `position_count`.
    pub fn new(ropes: &[RopeConfig], position_count: usize) -> Result<Self> {
        let table = |rope: &RopeConfig| {
            let long = rope.switches_at().filter(|context| position_count > *context);
            let long =
                long.map(|context| Ok::<_, candle_core::Error>((context, Rotation::new(rope, true, position_count)?)));
            Ok(Table { short: Rotation::new(rope, false, position_count)?, long: long.transpose()? })
        };
        Ok(Self { tables: ropes.iter().map(table).collect::<Result<_>>()?, position_count })
    }

    /// For windows of these lengths, one after another, each from position 0 on.
    pub fn for_windows(&self, lengths: &[usize]) -> Result<Vec<Rotation>> {
        let of_table = |table: &Table| {
            let parts = lengths.iter().map(|len| table.of_length(*len).narrow(0, *len)).collect::<Result<Vec<_>>>()?;
            Rotation::joined(&parts)
        };
        self.tables.iter().map(of_table).collect()
    }

    /// For `len` positions from `start` on, of a text that will fill the tables.
    pub fn at(&self, start: usize, len: usize) -> Result<Vec<Rotation>> {
        self.tables.iter().map(|table| table.of_length(self.position_count).narrow(start, len)).collect()
    }
}

impl Table {
    fn of_length(&self, len: usize) -> &Rotation {
        self.long.as_ref().filter(|(context, _)| len > *context).map_or(&self.short, |(_, long)| long)
    }
}

impl Rotation {
    fn new(rope: &RopeConfig, is_long: bool, position_count: usize) -> Result<Self> {
        let frequencies = rope.frequencies(is_long);
        let amplitude = rope.amplitude();
        let mut cos = Vec::with_capacity(position_count * frequencies.len());
        let mut sin = Vec::with_capacity(position_count * frequencies.len());
        for position in 0..position_count {
            for frequency in &frequencies {
                // The product is rounded to f32 as transformers does it, the functions are taken in f64.
                let (s, c) = f64::from(position as f32 * frequency).sin_cos();
                #[expect(clippy::cast_possible_truncation, reason = "the table is f32, rounded once")]
                {
                    cos.push((c * amplitude) as f32);
                    sin.push((s * amplitude) as f32);
                }
            }
        }
        let shape = (position_count, frequencies.len());
        Ok(Self { cos: Tensor::from_vec(cos, shape, &Device::Cpu)?, sin: Tensor::from_vec(sin, shape, &Device::Cpu)? })
    }

    fn narrow(&self, start: usize, len: usize) -> Result<Self> {
        let part = |table: &Tensor| table.narrow(0, start, len)?.contiguous();
        Ok(Self { cos: part(&self.cos)?, sin: part(&self.sin)? })
    }

    fn joined(parts: &[Self]) -> Result<Self> {
        let cos: Vec<&Tensor> = parts.iter().map(|part| &part.cos).collect();
        let sin: Vec<&Tensor> = parts.iter().map(|part| &part.sin).collect();
        Ok(Self { cos: Tensor::cat(&cos, 0)?, sin: Tensor::cat(&sin, 0)? })
    }

    /// Rotates the first dimensions of `heads` (`heads × tokens × head_dim`).
    pub fn rotate(&self, heads: &Tensor) -> Result<Tensor> {
        let (dim, head_dim) = (2 * self.cos.dim(1)?, heads.dim(2)?);
        let turning = heads.narrow(2, 0, dim)?.unsqueeze(0)?.contiguous()?;
        let turned = candle_nn::rotary_emb::rope(&turning, &self.cos, &self.sin)?.squeeze(0)?;
        if dim == head_dim {
            return Ok(turned);
        }
        Tensor::cat(&[turned, heads.narrow(2, dim, head_dim - dim)?], 2)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::RopeScaling, *};

    fn rope(scaling: RopeScaling) -> RopeConfig {
        RopeConfig { dim: 8, theta: 500_000.0, scaling }
    }

    fn sines(rotation: &Rotation) -> Result<Vec<Vec<f32>>> {
        rotation.sin.to_vec2::<f32>()
    }

    #[test]
    fn each_window_starts_at_position_zero() -> Result<()> {
        let tables = RotationTables::new(&[rope(RopeScaling::Default)], 5)?;
        let joined = sines(&tables.for_windows(&[2, 3])?[0])?;
        assert_eq!(joined[0], [0.0; 4]);
        assert_eq!(joined[..2], joined[2..4]);
        assert_eq!(sines(&tables.at(1, 1)?[0])?, joined[1..2]);
        Ok(())
    }

    #[test]
    fn a_longer_window_turns_by_other_angles() -> Result<()> {
        let (short, long) = (vec![1.0; 4], vec![2.0; 4]);
        let scaling = RopeScaling::Long { short, long, original_context: 3, attention_factor: 1.0 };
        let tables = RotationTables::new(&[rope(scaling), rope(RopeScaling::Default)], 4)?;
        let rotations = tables.for_windows(&[3, 4])?;
        let (scaled, plain) = (sines(&rotations[0])?, sines(&rotations[1])?);
        assert_eq!(scaled[..3], plain[..3]);
        assert!((scaled[4][0] - 0.5_f32.sin()).abs() < 1e-6, "{:?}", scaled[4]);
        assert_eq!(sines(&tables.at(0, 1)?[0])?, [[0.0; 4]]);
        assert_eq!(sines(&tables.at(1, 1)?[0])?, scaled[4..5], "a text that will fill the tables is long");
        Ok(())
    }

    #[test]
    fn dimensions_behind_the_first_stay() -> Result<()> {
        let tables = RotationTables::new(&[RopeConfig { dim: 2, theta: 10.0, scaling: RopeScaling::Default }], 2)?;
        let heads = Tensor::ones((1, 2, 4), candle_core::DType::F32, &Device::Cpu)?;
        let rotated = tables.for_windows(&[2])?[0].rotate(&heads)?.squeeze(0)?.to_vec2::<f32>()?;
        let (s, c) = 1_f32.sin_cos();
        assert_eq!(rotated[0], [1.0; 4]);
        assert!((rotated[1][0] - (c - s)).abs() < 1e-6 && (rotated[1][1] - (c + s)).abs() < 1e-6);
        assert_eq!(rotated[1][2..], [1.0; 2]);
        Ok(())
    }
}
