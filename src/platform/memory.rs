//! How much memory the machine has to spare.

/// Bytes that programs may still take without swapping, the container's limit included; `None` where the system does
/// not tell.
#[must_use]
pub fn available_memory_bytes() -> Option<u64> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory();
    let in_container = system.cgroup_limits().map(|limits| limits.free_memory);
    Some(in_container.map_or(system.available_memory(), |free| free.min(system.available_memory())))
        .filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_runs_tests_has_some() {
        assert!(available_memory_bytes().is_none_or(|bytes| bytes > 1 << 20));
    }
}
