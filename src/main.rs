//! Parallel parameter sweeps of LLM-serving latency.

fn main() {}
