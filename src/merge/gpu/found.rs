//! The adapters of this machine, as wgpu finds them.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use crate::merge::device::{AdapterKind, GpuAdapter, within};

/// A driver that does not answer within this time is treated as missing.
const LIST_TIMEOUT: Duration = Duration::from_secs(5);

/// An adapter that can be opened.
pub(in crate::merge) struct FoundGpu {
    /// What it is.
    pub info: GpuAdapter,
    pub(super) adapter: wgpu::Adapter,
}

/// Every adapter that Vulkan, Metal or DirectX 12 offers: discrete, integrated and other GPUs, then software.
///
/// Drivers are foreign code: they are asked on a thread of its own, and one that hangs or panics leaves an empty list.
pub(in crate::merge) fn find() -> Vec<FoundGpu> {
    within(LIST_TIMEOUT, "list-gpus", enumerate).unwrap_or_default()
}

fn enumerate() -> Vec<FoundGpu> {
    let backends = wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12;
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends,
        // Debug layers are for those who debug wgpu.
        flags: wgpu::InstanceFlags::empty(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let mut adapters = ready(instance.enumerate_adapters(backends));
    adapters.sort_by_key(|adapter| kind_of(adapter.get_info().device_type));
    adapters
        .into_iter()
        .enumerate()
        .map(|(index, adapter)| {
            let info = adapter.get_info();
            let kind = kind_of(info.device_type);
            let info = GpuAdapter { index, name: info.name, backend: backend_name(info.backend), kind };
            FoundGpu { info, adapter }
        })
        .collect()
}

fn kind_of(device_type: wgpu::DeviceType) -> AdapterKind {
    match device_type {
        wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
        wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
        wgpu::DeviceType::VirtualGpu | wgpu::DeviceType::Other => AdapterKind::Other,
        wgpu::DeviceType::Cpu => AdapterKind::Software,
    }
}

fn backend_name(backend: wgpu::Backend) -> &'static str {
    match backend {
        wgpu::Backend::Vulkan => "Vulkan",
        wgpu::Backend::Metal => "Metal",
        wgpu::Backend::Dx12 => "DirectX 12",
        _ => "other",
    }
}

/// The value of a future of wgpu's, which outside of browsers are done when they are made.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::yield_now();
    }
}
