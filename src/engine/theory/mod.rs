//! Queueing theory: what a simulation must reproduce where an answer is known, named approximations
//! elsewhere, and which of them describes a scenario.
//!
//! Every queue here is FIFO, has unlimited room and is described by plain numbers. A
//! constructor checks them once, so that the methods of a value that exists cannot fail except
//! for their own arguments. Times are seconds, rates are per second, and a name ends with its
//! unit (`_s`, `_s2` for square seconds). Steady state is meant unless a horizon is named.
//!
//! | type | system |
//! |---|---|
//! | [`Mmc`] | Poisson arrivals, exponential service, c servers |
//! | [`Mg1`] | Poisson arrivals, any service with three moments, one server |
//! | [`Mdc`] | Poisson arrivals, constant service, c servers |
//! | [`Dm1`] | evenly spaced arrivals, exponential service, one server |
//! | [`MmcTandem`], [`DeterministicTandem`] | two stations in a row |
//! | [`LognormalInfiniteServer`] | a server for everyone, started empty, seen at a horizon |
//! | [`DeterministicOverload`] | more work than one server can do, seen at a horizon |
//!
//! These are exact. [`whitt_mean_wait_s`], [`kraemer_langenbach_belz_mean_wait_s`] and
//! [`qna_departure_scv`] are not, and a [`Prediction`] says by its [`Method`] which is which.
//!
//! ```
//! use sweep_engine::theory::Mmc;
//!
//! let queue = Mmc::new(0.8, 1.0, 1)?;
//! assert!((queue.mean_wait_s() - 4.0).abs() < 1e-12);
//! # Ok::<(), sweep_engine::theory::TheoryError>(())
//! ```

mod approximation;
mod dm1;
mod error;
mod infinite_server;
mod mdc;
mod method;
mod mg1;
mod mmc;
mod numeric;
mod overload;
mod prediction;
mod station;
mod tandem;

pub use approximation::{
    kraemer_langenbach_belz_mean_wait_s, qna_departure_scv, whitt_mean_wait_s,
};
pub use dm1::Dm1;
pub use error::TheoryError;
pub use infinite_server::LognormalInfiniteServer;
pub use mdc::Mdc;
pub use method::Method;
pub use mg1::{Mg1, ServiceMoments};
pub use mmc::Mmc;
pub use overload::DeterministicOverload;
pub use prediction::Prediction;
pub use station::Waiting;
pub use tandem::{DeterministicTandem, MmcTandem};
