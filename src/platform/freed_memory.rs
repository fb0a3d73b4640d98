//! What becomes of large pieces of memory that are freed.

/// Freed memory that the process keeps for its next allocation.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT_BYTES: libc::c_int = 1 << 30;

/// The largest piece that is not handed out and taken back by itself: the largest that any layer's values need.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGEST_KEPT_PIECE_BYTES: libc::c_int = 64 << 20;

/// Lets this process keep the memory that it frees, in one place for all of its threads; for a process that ends with
/// its work, called before it starts a thread. Whether the allocator took it.
///
/// The allocator of the C library gives a freed tensor back to the system, which clears it before the next one gets it:
/// a tenth of a pass of a decoder, whose tensors are large and short-lived. Other allocators are left as they are.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(clippy::must_use_candidate, reason = "a refusal costs time and nothing else")]
pub fn keep_freed_memory() -> bool {
    let parameters = [
        (libc::M_ARENA_MAX, 1),
        (libc::M_MMAP_THRESHOLD, LARGEST_KEPT_PIECE_BYTES),
        (libc::M_TRIM_THRESHOLD, KEPT_BYTES),
    ];
    parameters.into_iter().all(|(parameter, value)| {
        #[expect(unsafe_code, reason = "the C library has no other way to be told; measured on a pass of 512 tokens")]
        // SAFETY: the call sets a number in the allocator, under its own lock; an unknown parameter is refused.
        let taken = unsafe { libc::mallopt(parameter, value) };
        taken == 1
    })
}

/// As where there is something to tell.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
#[expect(clippy::must_use_candidate, reason = "a refusal costs time and nothing else")]
pub fn keep_freed_memory() -> bool {
    false
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    #[test]
    fn the_allocator_takes_every_parameter() {
        assert!(super::keep_freed_memory());
    }
}
