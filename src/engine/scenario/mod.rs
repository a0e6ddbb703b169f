//! Domain types: one system under study, validated, with every default filled in.
//!
//! Lowering from the wire types happens once, in `lower.rs`. What only describes a scenario
//! (echo, offered load) stands beside it; nothing here simulates.

mod echo;
mod load;
mod lower;
mod moments;
mod profile;
mod system;
mod tokens;
mod trace;

pub use echo::{ArrivalEcho, ScenarioEcho, TokenEcho, TokenSpaces};
pub use load::{Bottleneck, MomentsCache, OfferedLoad};
pub use lower::{Defaults, MAX_GPUS, SpecError, lower, with_defaults};
pub use profile::{LengthProfile, LognormalFit, TraceProfile};
pub use system::{Arrivals, Cluster, DisaggCluster, MonoCluster, Scenario, TraceReplay};
pub(crate) use tokens::index_below;
pub use tokens::{EmpiricalLengths, LengthColumn, Moments, TokenDistribution, TokenLengths, Z_90};
pub use trace::{RecordedRequest, Trace, TraceError, TraceView, Traces};
