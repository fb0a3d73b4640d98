//! Where the bytes of a model are, and why a file has the size that it has; from headers and names alone.

mod breakdown;
mod component;
mod extras;
pub(crate) mod fact;
mod packing;

pub use self::{
    breakdown::{SizeBreakdown, SizePart},
    component::Component,
    extras::{ExtraFile, FolderExtras},
    fact::{SizeFact, between, of_model},
};
