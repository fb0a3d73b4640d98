//! What becomes of large pieces of memory that are freed.

/// Freed memory that the process keeps for its next allocation.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT_BYTES: libc::c_int = 1 << 30;

/// The largest piece that is not handed out and taken back by itself: the largest that any layer's values need.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGEST_KEPT_PIECE_BYTES: libc::c_int = 64 << 20;

/// Lets this process keep the memory that it frees, in one place for all of its threads; for a process that ends with
/// its work, called before it starts a thread.
///
/// The allocator of the C library gives a freed tensor back to the system, which clears it before the next one gets it:
/// a tenth of a pass of a decoder, whose tensors are large and short-lived. Other allocators are left as they are.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for (parameter, value) in [
        (libc::M_ARENA_MAX, 1),
        (libc::M_MMAP_THRESHOLD, LARGEST_KEPT_PIECE_BYTES),
        (libc::M_TRIM_THRESHOLD, KEPT_BYTES),
    ] {
        #[expect(unsafe_code, reason = "the C library has no other way to be told; measured on a pass of 512 tokens")]
        // SAFETY: the call sets a number in the allocator, under its own lock; an unknown parameter is refused.
        unsafe {
            libc::mallopt(parameter, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_can_be_had_and_freed_as_before() {
        keep_freed_memory();
        for len in [1_usize, 1 << 20, 1 << 23, 1 << 25] {
            let values = vec![1_u32; len];
            assert!(values.iter().all(|value| *value == 1));
        }
    }
}
