//! The workload that both Rust peers simulate: its constants, draws, counting, command line and table.
//!
//! `PEER SEED REPLICATIONS CELL...`, where a cell is written `mode:rate:prefill`, such as `disagg:2:8000`.
//! Prints one row of CSV per job.

use std::env;
use std::error::Error;
use std::io::{self, BufWriter, Write};

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, Exp, LogNormal};
use serde::{Deserialize, Serialize};

/// Horizon, seconds.
pub const SIM_S: f64 = 600.0;
/// Start of the observation window, seconds.
pub const WARMUP_S: f64 = 60.0;
/// Speed of one GPU.
pub const DECODE_TOKENS_PER_S: f64 = 2000.0;
/// From the start of decode to the first token, seconds.
pub const FIRST_TOKEN_S: f64 = 1.0 / DECODE_TOKENS_PER_S;
/// GPUs of the one pool of mono.
pub const NUM_GPUS: u32 = 4;
/// GPUs of the first pool of disagg.
pub const PREFILL_GPUS: u32 = 2;
/// GPUs of the second pool of disagg.
pub const DECODE_GPUS: u32 = 2;

const LOG_MEAN_TOKENS: f64 = 6.0;
const LOG_SIGMA_TOKENS: f64 = 1.0;
const MIN_PROMPT_TOKENS: f64 = 8.0;
const MIN_OUTPUT_TOKENS: f64 = 16.0;

const COLUMNS: &str = "cell,replication,num_simulated,num_samples,mean_ttft_s,p50_ttft_s,p90_ttft_s,p99_ttft_s,\
    mean_wait_prefill_s,mean_wait_decode_s,utilization_prefill,utilization_decode";

/// Which architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One pool.
    Mono,
    /// A prefill pool that feeds a decode pool.
    Disagg,
}

/// One system.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Its architecture.
    pub mode: Mode,
    /// Arrivals per second.
    pub rate_rps: f64,
    /// Speed of one GPU.
    pub prefill_tokens_per_s: f64,
}

/// What arrives.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Request {
    /// When, seconds.
    pub arrival_s: f64,
    /// Length of its prompt.
    pub prompt_tokens: f64,
    /// Length of its answer.
    pub output_tokens: f64,
}

/// The requests of one job, in the order of their arrivals up to the horizon, drawn one by one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Requests {
    generator: Xoshiro256PlusPlus,
    gap_s: Exp<f64>,
    tokens: LogNormal<f64>,
    clock_s: f64,
}

impl Requests {
    fn new(rate_rps: f64, seed: u64) -> Self {
        Self {
            generator: Xoshiro256PlusPlus::seed_from_u64(seed),
            gap_s: Exp::new(rate_rps).expect("a rate is positive"),
            tokens: LogNormal::new(LOG_MEAN_TOKENS, LOG_SIGMA_TOKENS).expect("sigma is positive"),
            clock_s: 0.0,
        }
    }
}

impl Iterator for Requests {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        self.clock_s += self.gap_s.sample(&mut self.generator);
        (self.clock_s < SIM_S).then(|| Request {
            arrival_s: self.clock_s,
            prompt_tokens: self.tokens.sample(&mut self.generator).floor().max(MIN_PROMPT_TOKENS),
            output_tokens: self.tokens.sample(&mut self.generator).floor().max(MIN_OUTPUT_TOKENS),
        })
    }
}

/// What is counted of one pool.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PoolTally {
    /// Requests that joined.
    pub num_joined: u64,
    /// GPU-seconds in the window.
    pub busy_s: f64,
}

impl PoolTally {
    /// Counts the part of a service that lies in the window.
    pub fn count_busy(&mut self, start_s: f64, service_s: f64) {
        self.busy_s += ((start_s + service_s).min(SIM_S) - start_s.max(WARMUP_S)).max(0.0);
    }
}

/// What is counted of the requests whose first token falls in the window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Samples {
    ttft_s: Vec<f64>,
    wait_prefill_s: f64,
    wait_decode_s: f64,
}

impl Samples {
    /// Counts a first token.
    pub fn count(
        &mut self,
        arrival_s: f64,
        first_token_s: f64,
        wait_prefill_s: f64,
        wait_decode_s: f64,
    ) {
        if (WARMUP_S..SIM_S).contains(&first_token_s) {
            self.ttft_s.push(first_token_s - arrival_s);
            self.wait_prefill_s += wait_prefill_s;
            self.wait_decode_s += wait_decode_s;
        }
    }
}

/// What one job found; without a second pool in mono.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Of the last pool.
    pub samples: Samples,
    /// Of the pool at which requests arrive.
    pub first: PoolTally,
    /// Of the pool that follows.
    pub decode: Option<PoolTally>,
}

/// Runs all jobs that the command line asks for.
///
/// # Errors
///
/// Where an argument is not understood, or standard output is closed.
pub fn run(simulate: impl Fn(&Cell, Requests) -> Outcome) -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let seed: u64 = arguments.next().ok_or("no seed")?.parse()?;
    let replications: u64 = arguments.next().ok_or("no number of replications")?.parse()?;
    let names: Vec<String> = arguments.collect();
    let cells = names.iter().map(|name| parse_cell(name)).collect::<Result<Vec<_>, _>>()?;
    let mut output = BufWriter::new(io::stdout().lock());
    writeln!(output, "{COLUMNS}")?;
    let mut job = seed << 32;
    for replication in 0..replications {
        for (name, cell) in names.iter().zip(&cells) {
            let outcome = simulate(cell, Requests::new(cell.rate_rps, job));
            write!(output, "{name},{replication}")?;
            write_results(&mut output, outcome)?;
            job += 1;
        }
    }
    Ok(output.flush()?)
}

fn parse_cell(name: &str) -> Result<Cell, Box<dyn Error>> {
    let parts: Vec<&str> = name.split(':').collect();
    let &[mode, rate, prefill] = parts.as_slice() else {
        return Err("a cell is mode:rate:prefill".into());
    };
    let mode = match mode {
        "mono" => Mode::Mono,
        "disagg" => Mode::Disagg,
        _ => return Err("a mode is mono or disagg".into()),
    };
    Ok(Cell { mode, rate_rps: rate.parse()?, prefill_tokens_per_s: prefill.parse()? })
}

fn write_results(output: &mut impl Write, outcome: Outcome) -> io::Result<()> {
    let Outcome { samples: Samples { mut ttft_s, wait_prefill_s, wait_decode_s }, first, decode } =
        outcome;
    let count = ttft_s.len() as f64;
    write!(
        output,
        ",{},{},{}",
        first.num_joined,
        ttft_s.len(),
        ttft_s.iter().sum::<f64>() / count
    )?;
    for percentile in [50.0, 90.0, 99.0] {
        write!(output, ",{}", self::percentile(&mut ttft_s, percentile))?;
    }
    let gpus = if decode.is_some() { PREFILL_GPUS } else { NUM_GPUS };
    let utilization_first = utilization(&first, gpus);
    let wait_prefill_s = wait_prefill_s / count;
    match decode {
        None => writeln!(output, ",{wait_prefill_s},,{utilization_first},"),
        Some(decode) => {
            let utilization_decode = utilization(&decode, DECODE_GPUS);
            let wait_decode_s = wait_decode_s / count;
            writeln!(
                output,
                ",{wait_prefill_s},{wait_decode_s},{utilization_first},{utilization_decode}"
            )
        }
    }
}

/// Exact, linear between order statistics.
fn percentile(values: &mut [f64], percentile: f64) -> f64 {
    let rank = percentile / 100.0 * (values.len() - 1) as f64;
    let (_, &mut below, rest) = values.select_nth_unstable_by(rank as usize, f64::total_cmp);
    let above = rest.iter().copied().reduce(f64::min).unwrap_or(below);
    below + rank.fract() * (above - below)
}

fn utilization(pool: &PoolTally, gpus: u32) -> f64 {
    pool.busy_s / (f64::from(gpus) * (SIM_S - WARMUP_S))
}
