//! The battery of the engine: one binary, no polars, no files.
//!
//! Every test is seeded. Statistical ones state their significance, so that a failure means
//! either a wrong number or a change of the random streams.

#![expect(
    clippy::float_cmp,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the tests compare bits on purpose and count far below 2^53"
)]

mod support;

mod oracle;

mod bad_input;
mod bundles;
mod conformance;
mod draws;
mod exclude;
mod keys;
mod lengths;
mod lists;
mod paired;
mod plans;
mod precision;
mod prediction;
mod properties;
mod queueing;
mod statistics;
mod tandem;
mod theory;
mod traces;
mod warmup;
