//! A part of the command, altered.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use sweep_engine::plan::plan;
use sweep_engine::progress::Silent;
use sweep_engine::scenario::Traces;
use sweep_engine::spec::{AxisSpec, AxisValues, ScenarioSpec, SweepSpec, Warmup};

use crate::assemble::TraceFolders;
use crate::intervals::Levels;
use crate::part::{Part, read_cell_records, read_label, read_summaries};
use crate::part_file::{check, read_all};
use crate::provenance::{PartLabel, PartOrigin, part_metadata};
use crate::replication::replicate;
use crate::runner::Runner;
use crate::seal;
use crate::support::{LIMITS, through_file};

/// Alters a part: nothing of it is read.
pub fn altered_part(data: &[u8]) {
    let part = altered(good_part(), data);
    if part == *good_part() {
        through_file(&part, read_all);
    } else {
        through_file(&part, check_refused);
    }
}

/// Reads a part that was altered by somebody who made its checksum right again, or any file that begins like one.
pub fn resealed_part(data: &[u8]) {
    let is_file = data.starts_with(b"PAR1");
    let mut part = if is_file { data.to_vec() } else { altered(good_part(), data) };
    seal::seal(&mut part);
    through_file(&part, read_all);
}

fn check_refused(path: &Path) {
    let label = read_label(path);
    let records = read_cell_records(path);
    let summaries = read_summaries(path);
    let tables = Part::read(path);
    assert!(label.is_err() && records.is_err(), "it was altered");
    assert!(summaries.is_err() && tables.is_err(), "it was altered");
    check(path, &label);
    check(path, &records);
    check(path, &summaries);
    check(path, &tables);
}

/// Four bytes are a change: two for its place, one for what is done there, one for the value.
fn altered(good: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut part = good.to_vec();
    for change in changes.chunks_exact(4) {
        if part.is_empty() {
            break;
        }
        let place = usize::from(u16::from_be_bytes([change[0], change[1]])) % part.len();
        let value = change[3];
        match change[2] % 5 {
            0 => part[place] = value,
            1 => part[place] ^= value,
            2 => part.insert(place, value),
            3 => drop(part.drain(place..part.len().min(place + usize::from(value)))),
            _ => part.truncate(place),
        }
    }
    part
}

/// The file of a part of two cells with two jobs each, read as it should be.
fn good_part() -> &'static Vec<u8> {
    static PART: OnceLock<Vec<u8>> = OnceLock::new();
    PART.get_or_init(|| {
        let (part, label) = make_part();
        through_file(&part, |path| {
            assert_eq!(read_label(path).expect("it is good"), label);
            assert_eq!(read_cell_records(path).expect("it is good").len(), 2);
            assert_eq!(read_summaries(path).expect("it is good").len(), 4);
            let part = Part::read(path).expect("it is good");
            assert_eq!(part.jobs().expect("it is good").height(), 4);
            assert_eq!(part.cells().expect("it is good").height(), 2);
        });
        part
    })
}

fn make_part() -> (Vec<u8>, PartLabel) {
    let axes = [("modes", "mono,disagg"), ("rates", "1")].map(|(name, values)| AxisSpec {
        name: name.to_owned(),
        values: AxisValues::Text(values.to_owned()),
    });
    let base = ScenarioSpec {
        sim_seconds: Some(20.0),
        warmup_seconds: Some(Warmup::Seconds(1.0)),
        random_seed: Some(7),
        ..ScenarioSpec::default()
    };
    let spec = SweepSpec { base, axes: axes.into(), replications: 2, ..SweepSpec::default() };
    let mut plan = plan(&spec, &Traces::default(), LIMITS).expect("it is a plan");
    let chunk = plan.chunks().remove(0);
    let runner = Runner::new(Some(1), &Silent).expect("there is a thread");
    let (levels, folders) = (Levels::of(&plan), TraceFolders::default());
    let stock = BTreeMap::new();
    let results = replicate(&mut plan, &chunk.waves, &levels, &folders, &runner, stock);
    let results = results.expect("nobody interrupts it");
    let label = PartLabel {
        origin: PartOrigin::of(&plan, 2),
        chunk: 1,
        jobs: results.jobs().count() as u64,
        failed_jobs: results.failed_jobs(),
        reused_jobs: results.reused_jobs(),
        simulated_requests: results.simulated_requests(),
    };
    let metadata = part_metadata(&spec, &plan, &label).expect("it can be written");
    let part = Part::new(&plan, &results).expect("rows are a table");
    (part.encoded(metadata).expect("it can be written"), label)
}
