//! Bytes on their way to the device.

use super::context::Context;

/// A buffer to be made and filled.
pub(super) struct Upload {
    /// Its name in a debugger.
    pub label: &'static str,
    /// What it holds.
    pub float_count: usize,
}

/// Makes a buffer that a shader reads, and fills it with `pieces`, one after the other.
///
/// # Panics
/// If the pieces have another length together than the buffer.
pub(super) fn upload<'a>(
    context: &Context,
    target: Upload,
    pieces: impl IntoIterator<Item = &'a [f32]>,
) -> wgpu::Buffer {
    let byte_count = target.float_count * size_of::<f32>();
    let buffer = context.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(target.label),
        size: byte_count as u64,
        usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    write(context, &buffer, byte_count, pieces.into_iter().map(bytemuck::cast_slice));
    buffer
}

/// Fills the first `byte_count` bytes of `buffer` with `pieces`, and what is left of the last word with zeros.
///
/// A lost device takes nothing; it is noticed where its results are waited for.
///
/// # Panics
/// If the pieces have another length together.
pub(super) fn write<'a>(
    context: &Context,
    buffer: &wgpu::Buffer,
    byte_count: usize,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) {
    let padded = byte_count.next_multiple_of(size_of::<u32>());
    let Some(size) = wgpu::BufferSize::new(padded as u64) else { return };
    let Some(mut view) = context.queue.write_buffer_with(buffer, 0, size) else { return };
    let mut at = 0;
    for piece in pieces {
        view.slice(at..at + piece.len()).copy_from_slice(piece);
        at += piece.len();
    }
    assert_eq!(at, byte_count, "pieces and buffer must agree");
    view.slice(at..padded).copy_from_slice(&[0; size_of::<u32>()][..padded - at]);
}
