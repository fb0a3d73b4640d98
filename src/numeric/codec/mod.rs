//! Weights that are stored as codes of a few bits, with tables beside them: from codes to values, one file a format.
//!
//! Every formula stands in f32 and is rounded once to the dtype that the format decodes to, except where the format's
//! own library rounds twice. No files here, and no names of tensors.

mod affine;
pub mod bit_stream;
mod e2m1;
mod four_bit;
mod scaled_float;

pub use self::{
    affine::Affine,
    e2m1::E2M1,
    four_bit::{FP4, FourBit, NF4},
    scaled_float::{Scale8, ScaledFloat},
};
