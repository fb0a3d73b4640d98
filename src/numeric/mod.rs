//! Numbers without files: dtypes, rounding, row tiles, low-rank products, small dense matrices and what a tile did.
//!
//! Every merge computes in f32 and rounds once, to nearest even (`spec: one rounding`); this room holds the pieces of
//! that sentence.

pub mod codec;
mod convert;
mod dense;
mod element;
mod encoding;
mod float8;
mod float_dtype;
mod fused;
mod gemm;
mod householder;
mod lanes;
mod level;
mod low_rank;
mod nibbles;
mod noise;
mod packed_sum;
mod spectrum;
mod stats;
mod stored_dtype;
mod tile;
mod torch_random;
mod transpose;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use self::transpose::read_turned;
pub use self::{
    convert::{narrow, narrow_at, widen, widen_at, widen_to_f64},
    dense::Matrix,
    element::Element,
    encoding::{BlockFormat, Encoding},
    float_dtype::FloatDtype,
    float8::Float8,
    fused::TileBytes,
    householder::householder_basis,
    level::CpuLevel,
    low_rank::{LowRank, LowRankF64},
    noise::Noise,
    packed_sum::PackedSum,
    spectrum::singular_values,
    stats::{ElementViews, TileStats},
    stored_dtype::{Dtype, UnknownDtype},
    tile::{TileShape, block_tiles, row_tiles},
    torch_random::{TorchGenerator, permutation_start},
};
