//! Where the bytes of a model are, and why a file has the size that it has; from headers and names alone.

mod breakdown;
mod change;
mod component;
mod extras;
mod fact;
mod sentence;
mod size_bar;
mod sizes;

pub use self::{
    breakdown::{SizeBreakdown, SizePart},
    change::SizeChange,
    component::Component,
    extras::{ExtraFile, FolderExtras},
    fact::{SizeFact, between, of_model},
    sentence::SizeSentence,
    size_bar::SizeBar,
    sizes::Sizes,
};
