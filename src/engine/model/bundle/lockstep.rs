//! A bundle, block of requests by block of requests.

use std::collections::BTreeMap;
use std::ops::Range;

use pulp::{Scalar, Simd};

use super::group::{Class, Group};
use super::pools::Line;
use super::shared::{JobInputs, Shared};
use super::stations::{BlockInputs, BlockWork, Rows, interleave};
use super::tally::LaneSample;
use crate::model::requests::BLOCK_REQUESTS;
use crate::model::tally::{Tallied, Window};
use crate::model::{Job, Scratch, SimError, Summary, simulate_observed};
use crate::progress::Progress;
use crate::scenario::Scenario;
use crate::statistics::RunSample;

/// The vectors that a bundle runs on.
#[derive(Clone, Copy, Debug)]
pub struct VectorWidth(Vectors);

#[derive(Clone, Copy, Debug)]
enum Vectors {
    One(Scalar),
    #[cfg(target_arch = "x86_64")]
    Four(pulp::x86::V3),
    #[cfg(target_arch = "x86_64")]
    Eight(pulp::x86::V4),
    #[cfg(target_arch = "aarch64")]
    Two(pulp::aarch64::Neon),
}

impl VectorWidth {
    /// All that this processor has, the widest last. One lane without vectors is always there.
    pub fn available() -> Vec<Self> {
        let mut widths = vec![Vectors::One(Scalar)];
        #[cfg(target_arch = "x86_64")]
        {
            widths.extend(pulp::x86::V3::try_new().map(Vectors::Four));
            widths.extend(pulp::x86::V4::try_new().map(Vectors::Eight));
        }
        #[cfg(target_arch = "aarch64")]
        widths.extend(pulp::aarch64::Neon::try_new().map(Vectors::Two));
        widths.into_iter().map(Self).collect()
    }

    /// The widest that this processor has.
    pub fn widest() -> Self {
        Self::available().pop().unwrap_or(Self(Vectors::One(Scalar)))
    }

    /// Jobs that run side by side in one vector.
    pub fn lanes(self) -> usize {
        match self.0 {
            Vectors::One(_) => 1,
            #[cfg(target_arch = "x86_64")]
            Vectors::Four(_) => 4,
            #[cfg(target_arch = "x86_64")]
            Vectors::Eight(_) => 8,
            #[cfg(target_arch = "aarch64")]
            Vectors::Two(_) => 2,
        }
    }
}

/// Memory that bundles of one worker use one after the other.
#[derive(Debug, Default)]
pub struct BundleScratch {
    samples: Vec<LaneSample>,
    scalar: Scratch,
}

/// Simulates jobs side by side: the results, and bits, of [`simulate_observed`] for each.
///
/// `on_done` gets the position of a job, its result and its samples, in no particular order.
///
/// # Errors
/// Interrupted.
pub fn simulate_bundle(
    width: VectorWidth,
    jobs: &[Job],
    scratch: &mut BundleScratch,
    progress: &dyn Progress,
    on_done: impl FnMut(usize, Result<Summary, SimError>, &mut RunSample),
) -> Result<(), SimError> {
    match width.0 {
        Vectors::One(simd) => run(simd, jobs, scratch, progress, on_done),
        #[cfg(target_arch = "x86_64")]
        Vectors::Four(simd) => run(simd, jobs, scratch, progress, on_done),
        #[cfg(target_arch = "x86_64")]
        Vectors::Eight(simd) => run(simd, jobs, scratch, progress, on_done),
        #[cfg(target_arch = "aarch64")]
        Vectors::Two(simd) => run(simd, jobs, scratch, progress, on_done),
    }
}

fn run<S: Simd>(
    simd: S,
    jobs: &[Job],
    scratch: &mut BundleScratch,
    progress: &dyn Progress,
    mut on_done: impl FnMut(usize, Result<Summary, SimError>, &mut RunSample),
) -> Result<(), SimError> {
    let BundleScratch { samples, scalar } = scratch;
    samples.resize_with(samples.len().max(jobs.len()), LaneSample::default);
    let mut bundle = Bundle::new(simd, jobs);
    for (sample, &job) in samples.iter_mut().zip(&bundle.order) {
        sample.begin(jobs[job].scenario.slo_ttft_s);
    }
    let limit = jobs.iter().map(|job| job.max_requests).min().unwrap_or_default();
    let mut requests = 0;
    let mut work = BlockWork::new(simd);
    while bundle.is_open() && requests + BLOCK_REQUESTS as u64 <= limit {
        if progress.interrupted() {
            return Err(SimError::Interrupted);
        }
        bundle.next_block(simd, &mut work, samples, |number, tallied, sample| {
            let Job { scenario, .. } = jobs[number];
            let summary = tallied.summary(&scenario.cluster, &Window::of(scenario), sample);
            on_done(number, Ok(summary), sample);
        });
        requests += BLOCK_REQUESTS as u64;
    }
    // Of those near their limit the scalar path says on which side.
    for number in bundle.jobs_left() {
        let outcome = simulate_observed(&jobs[number], scalar, progress, |_| ());
        if outcome == Err(SimError::Interrupted) {
            return Err(SimError::Interrupted);
        }
        on_done(number, outcome, scalar.ttft_s());
    }
    Ok(())
}

/// All groups, and what they share.
struct Bundle<'a, S: Simd> {
    /// Positions of jobs, group by group, lane by lane.
    order: Vec<usize>,
    /// Positions of jobs that go better alone.
    alone: Vec<usize>,
    groups: Vec<LaneGroup<S>>,
    shared: Shared<'a>,
    interleaved: Vec<Interleaved<S>>,
}

/// A group with its place in the bundle.
struct LaneGroup<S: Simd> {
    group: Group<S>,
    /// Of its lanes in the order; lanes beyond are copies of the last one.
    places: Range<usize>,
    /// Which interleaved inputs are its arrivals, prefill times and decode times.
    inputs: [usize; 3],
    is_open: bool,
}

/// Inputs of a group, which other groups may share: one node per lane, side by side.
struct Interleaved<S: Simd> {
    nodes: Vec<usize>,
    /// Groups that still need it.
    users: usize,
    rows: Box<Rows<S>>,
}

impl<'a, S: Simd> Bundle<'a, S> {
    /// Jobs of one class go together, those with the fewest requests first, so that lanes of a group
    /// end together; then in the order given.
    fn new(simd: S, jobs: &[Job<'a>]) -> Self {
        let mut shared = Shared::default();
        let inputs: Vec<JobInputs> = jobs.iter().map(|job| shared.inputs_of(job)).collect();
        let classes: Vec<Class> = jobs.iter().map(|job| Class::of(job.scenario)).collect();
        let requests = |job: &usize| jobs[*job].scenario.mean_arrivals();
        let (alone, mut order): (Vec<usize>, Vec<usize>) =
            (0..jobs.len()).partition(|&job| classes[job].is_mostly_idle(requests(&job)));
        order.sort_by(|one, other| {
            let by_class = classes[*one].cmp(&classes[*other]);
            by_class.then_with(|| requests(one).total_cmp(&requests(other)))
        });
        let (groups, interleaved) = (Vec::new(), Vec::new());
        let mut bundle = Self { order, alone, groups, shared, interleaved };
        let mut known = BTreeMap::new();
        let mut start = 0;
        while start < bundle.order.len() {
            let class = &classes[bundle.order[start]];
            let fitting = bundle.order[start..].iter().take(S::F64_LANES);
            let places = start..start + fitting.take_while(|&&job| classes[job] == *class).count();
            start = places.end;
            let lanes: Vec<usize> = (places.start..places.start + S::F64_LANES)
                .map(|place| bundle.order[place.min(places.end - 1)])
                .collect();
            let scenarios: Vec<&Scenario> = lanes.iter().map(|&job| jobs[job].scenario).collect();
            let inputs = [
                |inputs: &JobInputs| inputs.arrivals,
                |inputs: &JobInputs| inputs.prefill,
                |inputs: &JobInputs| inputs.decode,
            ]
            .map(|field| {
                let nodes = lanes.iter().map(|&job| field(&inputs[job])).collect();
                bundle.interleave(simd, &mut known, nodes)
            });
            let group = Group::new(simd, &scenarios);
            bundle.groups.push(LaneGroup { group, places, inputs, is_open: true });
        }
        bundle
    }

    /// The number of these nodes side by side, with one more user.
    fn interleave(
        &mut self,
        simd: S,
        known: &mut BTreeMap<Vec<usize>, usize>,
        nodes: Vec<usize>,
    ) -> usize {
        let next = self.interleaved.len();
        let number = *known.entry(nodes).or_insert_with_key(|nodes| {
            for &node in nodes {
                self.shared.retain(node);
            }
            let rows = Box::new([Line(simd.splat_f64s(0.0)); BLOCK_REQUESTS]);
            self.interleaved.push(Interleaved { nodes: nodes.clone(), users: 0, rows });
            next
        });
        self.interleaved[number].users += 1;
        number
    }

    fn is_open(&self) -> bool {
        self.groups.iter().any(|group| group.is_open)
    }

    /// Jobs that are still to be simulated, one by one.
    fn jobs_left(&self) -> impl Iterator<Item = usize> {
        let places = self.groups.iter().filter(|group| group.is_open).map(|group| &group.places);
        let unfinished = places.flat_map(|places| &self.order[places.clone()]);
        unfinished.chain(&self.alone).copied()
    }

    /// Lets the next block of requests arrive in all lanes that still have some to come; hands over
    /// the jobs that are done.
    fn next_block(
        &mut self,
        simd: S,
        work: &mut BlockWork<S>,
        samples: &mut [LaneSample],
        mut on_done: impl FnMut(usize, Tallied, &mut RunSample),
    ) {
        self.shared.next_block(simd);
        for Interleaved { nodes, users, rows } in &mut self.interleaved {
            if *users > 0 {
                let sources: Vec<_> = nodes.iter().map(|&node| self.shared.values(node)).collect();
                interleave::<S>(rows, &sources);
            }
        }
        for LaneGroup { group, places, inputs, is_open } in &mut self.groups {
            if !*is_open {
                continue;
            }
            let samples = &mut samples[places.clone()];
            let [arrival_s, prefill_s, decode_s] =
                inputs.map(|number| &*self.interleaved[number].rows);
            let block = BlockInputs { arrival_s, prefill_s, decode_s };
            group.admit_block(simd, block, work, samples);
            if !group.is_open() {
                *is_open = false;
                group.drain(simd, work, samples);
                for (lane, sample) in samples.iter_mut().enumerate() {
                    let job = self.order[places.start + lane];
                    on_done(job, group.of_lane(lane, sample), &mut sample.ttft_s);
                }
                for number in *inputs {
                    let Interleaved { nodes, users, .. } = &mut self.interleaved[number];
                    *users -= 1;
                    if *users == 0 {
                        for &node in nodes.iter() {
                            self.shared.release(node);
                        }
                    }
                }
            }
        }
    }
}
