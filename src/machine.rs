//! What the machine has, as Linux says it; elsewhere nothing is known.

use std::fs;
use std::path::{Path, PathBuf};

/// Memory of the machine.
pub(crate) fn memory_bytes() -> Option<u64> {
    meminfo("MemTotal:")
}

/// What a container, a job of a scheduler or a service may have of it.
pub(crate) fn memory_limit_bytes() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let limits = limit_files(&groups).into_iter().filter_map(|path| {
        // Without a limit there is a word, or a number beyond any memory.
        let bytes: u64 = fs::read_to_string(path).ok()?.trim().parse().ok()?;
        (bytes < 1 << 60).then_some(bytes)
    });
    limits.min()
}

/// What nobody uses, and this process may have.
pub(crate) fn available_bytes() -> Option<u64> {
    meminfo("MemAvailable:").into_iter().chain(memory_limit_bytes()).min()
}

fn meminfo(name: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let amount = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = amount.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

/// The files that limit a process of these control groups, of version 2 and version 1: those of its own group, and of
/// all above it. In a container some are not there.
fn limit_files(groups: &str) -> Vec<PathBuf> {
    let files_of = |line: &str| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => return None,
        };
        let above = Path::new(path.trim_start_matches('/')).ancestors();
        Some(above.map(|group| Path::new(root).join(group).join(file)).collect::<Vec<_>>())
    };
    groups.lines().filter_map(files_of).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_groups_above_a_process_limit_it() {
        let files = |groups: &str| -> Vec<String> {
            limit_files(groups).iter().map(|path| path.display().to_string()).collect()
        };
        assert_eq!(
            files("0::/user.slice/a.scope\n"),
            [
                "/sys/fs/cgroup/user.slice/a.scope/memory.max",
                "/sys/fs/cgroup/user.slice/memory.max",
                "/sys/fs/cgroup/memory.max",
            ]
        );
        assert_eq!(files("0::/\n"), ["/sys/fs/cgroup/memory.max"]);
        assert_eq!(
            files("3:cpu,cpuacct:/job\n2:memory:/job\n1:name=systemd:/\n"),
            [
                "/sys/fs/cgroup/memory/job/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            ]
        );
        assert!(files("nonsense\n").is_empty());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn there_is_no_more_than_all() {
        let (all, available) = (memory_bytes().unwrap(), available_bytes().unwrap());
        assert!(0 < available && available <= all, "{available} of {all}");
    }
}
