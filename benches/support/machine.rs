//! What the numbers were measured on.

use std::path::Path;

use lorafuse::units;
use sysinfo::System;

/// `Intel Xeon, 2 cores, 25.2 GB memory, ext4 on /dev/vda, Linux 6.8`.
pub fn description(folder: &Path) -> String {
    let (cpu, memory) = cpu_and_memory().unwrap_or_else(|| ("unknown processor".to_owned(), "unknown".to_owned()));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let system = [System::name().unwrap_or_default(), System::kernel_version().unwrap_or_default()].join(", kernel ");
    let disk = file_system(folder).unwrap_or_else(|| "unknown file system".to_owned());
    [cpu, units::plural(cores, "core"), format!("{memory} memory"), disk, system].join(", ")
}

fn cpu_and_memory() -> Option<(String, String)> {
    let mut system = System::new().ok()?;
    system.refresh_cpu_all();
    system.refresh_memory();
    Some((system.cpus().first()?.brand().trim().to_owned(), units::bytes(system.total_memory())))
}

/// Kind and device of the file system that holds `folder`, as the kernel lists its mounts.
fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = std::fs::read_to_string("/proc/mounts").ok()?;
    let holding = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        let (device, point, kind) = (fields.next()?, fields.next()?, fields.next()?);
        folder.starts_with(point).then(|| (point.len(), format!("{kind} on {device}")))
    });
    holding.max_by_key(|(len, _)| *len).map(|(_, text)| text)
}
