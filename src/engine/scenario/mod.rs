//! Domain types: one system under study, validated, with every default filled in.
//!
//! Lowering from the wire types happens once, in `lower.rs`. What only describes a scenario
//! (echo, offered load, profile of a trace) stands beside it; nothing here simulates.

mod check;
mod distribution;
mod echo;
mod lengths;
mod load;
mod lower;
mod moments;
mod profile;
mod system;
mod tokens;
mod trace;

pub use check::SpecError;
pub use distribution::{EmpiricalLengths, LengthColumn, TokenDistribution, Z_90};
pub use echo::{ArrivalEcho, ScenarioEcho, TokenEcho, TokenSpaces};
pub use load::{Bottleneck, MomentsCache, OfferedLoad};
pub use lower::{Defaults, MAX_GPUS, fallback_warmup_s, lower, with_defaults};
pub use profile::{LengthProfile, LognormalFit, TraceProfile};
pub use system::{Arrivals, Cluster, DisaggCluster, MonoCluster, Scenario, TraceReplay};
pub use tokens::{Moments, TokenLengths};
pub(crate) use tokens::{Variate, index_below};
pub use trace::{RecordedRequest, Trace, TraceError, TraceView, Traces};
