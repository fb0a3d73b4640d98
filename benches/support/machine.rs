//! What the numbers were measured on, as far as Linux tells.

use std::{fs::read_to_string, path::Path};

use lorafuse::units;

/// `Intel Xeon, 2 cores, 25.2 GB memory, ext4 on /dev/vda, Linux 6.8`.
pub fn description(folder: &Path) -> String {
    let parts = [
        cpu().unwrap_or_else(|| "unknown processor".to_owned()),
        units::plural(std::thread::available_parallelism().map_or(1, usize::from), "core"),
        memory().unwrap_or_else(|| "unknown memory".to_owned()),
        file_system(folder).unwrap_or_else(|| "unknown file system".to_owned()),
        kernel().unwrap_or_else(|| std::env::consts::OS.to_owned()),
    ];
    parts.join(", ")
}

fn cpu() -> Option<String> {
    let info = read_to_string("/proc/cpuinfo").ok()?;
    let (_, model) = info.lines().find(|line| line.starts_with("model name"))?.split_once(':')?;
    Some(model.trim().to_owned())
}

fn memory() -> Option<String> {
    let info = read_to_string("/proc/meminfo").ok()?;
    let total = info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = total.split_whitespace().next()?.parse().ok()?;
    Some(format!("{} memory", units::bytes(kibibytes * 1024)))
}

fn kernel() -> Option<String> {
    Some(format!("Linux {}", read_to_string("/proc/sys/kernel/osrelease").ok()?.trim()))
}

/// Kind and device of the file system that holds `folder`, as the kernel lists its mounts.
fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = read_to_string("/proc/mounts").ok()?;
    let holding = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        let (device, point, kind) = (fields.next()?, fields.next()?, fields.next()?);
        folder.starts_with(point).then(|| (point.len(), format!("{kind} on {device}")))
    });
    holding.max_by_key(|(len, _)| *len).map(|(_, text)| text)
}
