//! How much memory there is, and how much this process has held.

use sysinfo::{MemoryRefreshKind, ProcessRefreshKind, ProcessesToUpdate, RefreshKind, System};

/// Bytes that programs may still take without others being pushed out; `None` where the system does not tell.
#[must_use]
pub fn available_memory_bytes() -> Option<u64> {
    let kind = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(kind).ok()?;
    // A container may have less than its machine.
    let limit = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
    Some(system.available_memory().min(limit)).filter(|byte_count| *byte_count > 0)
}

/// Bytes of memory that the machine, or the container, has in all; `None` where the system does not tell.
#[must_use]
pub fn total_memory_bytes() -> Option<u64> {
    let kind = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(kind).ok()?;
    let limit = system.cgroup_limits().map_or(u64::MAX, |limits| limits.total_memory);
    Some(system.total_memory().min(limit)).filter(|byte_count| *byte_count > 0)
}

/// The most resident memory that this process has held; where the system keeps no such record, what it holds now.
#[must_use]
pub fn peak_memory_bytes() -> Option<u64> {
    recorded_peak().or_else(resident_memory_bytes)
}

/// `VmHWM` of the kernel's record, which is in KiB.
#[cfg(target_os = "linux")]
fn recorded_peak() -> Option<u64> {
    let status = super::read_file(std::path::Path::new("/proc/self/status")).ok()?;
    let status = String::from_utf8(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(not(target_os = "linux"))]
fn recorded_peak() -> Option<u64> {
    None
}

fn resident_memory_bytes() -> Option<u64> {
    let pid = sysinfo::get_current_pid().ok()?;
    let mut system = System::new().ok()?;
    let kind = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, kind);
    Some(system.process(pid)?.memory())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_no_less_than_what_is_held_now() {
        let block = std::hint::black_box(vec![1_u8; 64 << 20]);
        let (now, peak) = (resident_memory_bytes().unwrap(), peak_memory_bytes().unwrap());
        assert!(peak >= 64 << 20 && now >= 64 << 20, "{peak} and {now} for {}", block.len());
        drop(block);
        assert!(peak_memory_bytes().unwrap() >= 64 << 20, "a peak stays");
        assert!((1..=total_memory_bytes().unwrap()).contains(&available_memory_bytes().unwrap()));
    }
}
