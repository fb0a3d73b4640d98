//! Weights that are stored as codes of a few bits, with tables beside them: from codes to values, one file a format.
//!
//! Every formula stands in f32 and is rounded once to the dtype that the format decodes to, except where the format's
//! own library rounds twice. No files here, and no names of tensors.

mod affine;
mod awq;
mod batches;
pub mod bit_stream;
mod block_grid;
mod by_input;
mod e2m1;
mod four_bit;
mod fp8;
mod ggml;
mod gptq;
mod mxfp4;
mod nested_scales;
mod nf4_encode;
mod nf4_format;
mod row_code;
mod scaled_float;
mod turned;
mod whole_words;

pub use self::{
    affine::Affine,
    awq::Awq,
    block_grid::BlockGrid,
    by_input::{ByInput, Strip, decode_by_input},
    e2m1::E2M1,
    four_bit::{FP4, FourBit, NF4},
    fp8::{E4M3, e8m0, is_e4m3_nan},
    ggml::{EncodeError, GgmlType},
    gptq::Gptq,
    mxfp4::Mxfp4,
    nested_scales::{DYNAMIC_MAP, NESTED_BLOCK, NestedScales, nested_scale},
    nf4_encode::{Nf4Encoder, NotFinite},
    nf4_format::Nf4Format,
    row_code::RowCode,
    scaled_float::{Scale8, ScaledFloat},
    whole_words::unpack_whole_words,
};
