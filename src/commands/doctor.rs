//! `sweep doctor`: what a bug report needs to say about program, machine and disk.

use std::fs;
use std::path::Path;

use sweep_engine::model::VectorWidth;
use sweep_engine::random::{EXPECTED_FINGERPRINT, STREAM_VERSION, draw_fingerprint};

use crate::failure::Failure;
use crate::machine::{memory_bytes, memory_limit_bytes};
use crate::provenance::Versions;
use crate::report::{self, Health};
use crate::store::probe;

pub(super) fn doctor(out: Option<&Path>) -> Result<(), Failure> {
    let out = out.unwrap_or(Path::new("results"));
    let fingerprint = draw_fingerprint();
    let health = Health {
        versions: Versions::of_this_build(),
        stream_version: STREAM_VERSION,
        draws_as_expected: fingerprint == EXPECTED_FINGERPRINT,
        draw_fingerprint: fingerprint,
        lanes: VectorWidth::widest().lanes(),
        cores: std::thread::available_parallelism().ok().map(Into::into),
        memory_bytes: memory_bytes(),
        memory_limit_bytes: memory_limit_bytes(),
        system: system(),
        out,
        probed: probe(out),
    };
    report::print(&report::health_text(&health))?;
    match health.probed.writes {
        Ok(()) => Ok(()),
        Err(_) => Err(Failure::usage(format!("runs cannot go to {}", out.display()))),
    }
}

/// Operating system and processor, with the names of distribution and kernel where they are known.
fn system() -> String {
    let mut parts = vec![format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH)];
    if let Ok(kernel) = fs::read_to_string("/proc/sys/kernel/osrelease") {
        parts.push(format!("kernel {}", kernel.trim()));
    }
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    parts.extend(name.map(|name| name.trim_matches('"').to_owned()));
    parts.join(", ")
}
