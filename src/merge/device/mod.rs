//! The choice of what computes: the CPU, a GPU by its number, or the faster of both by a short trial.

mod adapters;
mod choice;
mod open;
mod report;
#[cfg(feature = "gpu")]
mod trial;

#[cfg(feature = "gpu")]
pub(super) use self::adapters::within;
pub use self::{
    adapters::{AdapterKind, GpuAdapter, list_adapters},
    choice::DeviceChoice,
    open::open,
    report::{DeviceReport, TileTally, TrialTimes},
};
