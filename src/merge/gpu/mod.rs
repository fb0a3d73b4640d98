//! Tiles on a GPU, through Vulkan, Metal or DirectX 12.
//!
//! A ring of three: while one tile is computed, the next is uploaded and the one before is read back. The shader is
//! `merge.wgsl`; it computes what the CPU's kernel computes, rounds in integer arithmetic, and counts the same things.

mod chunks;
mod context;
mod factors;
mod found;
mod pipelines;
mod self_test;
mod slot;
mod statistics;
#[cfg(test)]
mod tests;
mod upload;

use std::{collections::VecDeque, sync::Arc};

pub(in crate::merge) use self::found::{FoundGpu, find};
use self::{
    context::Context,
    factors::Factors,
    pipelines::Pipelines,
    slot::{InFlight, Slot},
};
use super::{
    CpuKernel, Kernel, MergeError, TileJob, TileResult,
    device::{Device, NotOpened, TileTally},
};

/// Tiles on the device: uploaded, computed, read back.
const RING_LEN: usize = 3;

/// A GPU, and beside it the CPU for what is not for a GPU: conversions, which are nothing but transfer, methods that
/// are not low-rank, and rounding by chance.
pub(in crate::merge) struct GpuKernel {
    ring: VecDeque<InFlight>,
    spare_slots: Vec<Slot>,
    factors: Option<Factors>,
    pipelines: Pipelines,
    context: Context,
    cpu: CpuKernel,
    /// Where each tile went that is not in `finished` yet, oldest first.
    order: VecDeque<Unit>,
    finished: VecDeque<TileResult>,
    tally: Arc<TileTally>,
}

/// What computes a tile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Gpu,
    Cpu,
}

impl GpuKernel {
    /// Opens an adapter and checks a small tile against the CPU.
    ///
    /// # Errors
    /// A driver that refuses, lacks what the shader needs, fails, or computes something else than the CPU.
    pub(in crate::merge) fn open(found: &FoundGpu) -> Result<Self, MergeError> {
        let context = Context::open(found)?;
        let mut kernel = Self::with_context(context)?;
        match self_test::run(&mut kernel) {
            Ok(()) => {
                kernel.restart_tally();
                Ok(kernel)
            }
            Err(reason) => {
                // What the driver said tells more than that the test did not end.
                let failure = kernel.context.failure();
                let reason = failure.map_or(reason, |said| NotOpened::Refused { said: said.to_owned() });
                Err(MergeError::DeviceNotOpened { device: kernel.name(), reason })
            }
        }
    }

    fn with_context(context: Context) -> Result<Self, MergeError> {
        Ok(Self {
            ring: VecDeque::with_capacity(RING_LEN),
            spare_slots: Vec::new(),
            factors: None,
            pipelines: Pipelines::new(&context.device),
            context,
            cpu: CpuKernel::new()?,
            order: VecDeque::new(),
            finished: VecDeque::new(),
            tally: Arc::default(),
        })
    }

    /// How many tiles went to the GPU and how many to the CPU, as they are finished.
    pub(in crate::merge) fn tally(&self) -> Arc<TileTally> {
        Arc::clone(&self.tally)
    }

    /// Begins to count anew, so that tests and trials are not counted.
    pub(in crate::merge) fn restart_tally(&mut self) {
        self.tally = Arc::default();
    }

    /// Uploads the factors of `tile` unless they are there; false where they are not for the device.
    fn prepare_factors(&mut self, tile: &TileJob) -> bool {
        if !self.factors.as_ref().is_some_and(|factors| factors.belong_to(tile)) {
            let Some(factors) = Factors::upload(&self.context, tile) else { return false };
            self.factors = Some(factors);
        }
        true
    }

    /// Waits for the oldest tile on the GPU.
    fn finish_oldest(&mut self) -> Result<Option<TileResult>, MergeError> {
        let Some(oldest) = self.ring.pop_front() else { return Ok(None) };
        let (result, slot) = oldest.finish(&self.context)?;
        self.spare_slots.push(slot);
        self.tally.count_gpu();
        Ok(Some(result))
    }
}

impl Kernel for GpuKernel {
    fn device(&self) -> Device {
        Device::Named(self.context.name().to_owned())
    }

    fn capacity(&self) -> usize {
        self.cpu.capacity().max(RING_LEN)
    }

    fn in_flight(&self) -> usize {
        self.order.len() + self.finished.len()
    }

    fn submit(&mut self, tile: TileJob) -> Result<(), MergeError> {
        self.context.check()?;
        let is_for_cpu = tile.rows.is_empty() || tile.columns == 0 || tile.noise.is_some();
        if is_for_cpu || !self.prepare_factors(&tile) {
            self.order.push_back(Unit::Cpu);
            return self.cpu.submit(tile);
        }
        if self.ring.len() == RING_LEN {
            let place = self.order.iter().position(|unit| *unit == Unit::Gpu);
            let finished = self.finish_oldest()?;
            self.finished.extend(finished);
            place.and_then(|place| self.order.remove(place));
        }
        let Some(factors) = &self.factors else { return Err(self.context.give_up("its factors are gone")) };
        let slot = self.spare_slots.pop().unwrap_or_default();
        self.ring.push_back(slot.start(&self.context, &mut self.pipelines, factors, tile));
        self.order.push_back(Unit::Gpu);
        Ok(())
    }

    fn collect(&mut self) -> Result<Option<TileResult>, MergeError> {
        self.context.check()?;
        if let Some(result) = self.finished.pop_front() {
            return Ok(Some(result));
        }
        match self.order.pop_front() {
            None => Ok(None),
            Some(Unit::Gpu) => self.finish_oldest(),
            Some(Unit::Cpu) => {
                let result = self.cpu.collect()?;
                self.tally.count_cpu();
                Ok(result)
            }
        }
    }
}
