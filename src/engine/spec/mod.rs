//! Wire types: what files and flags say, before any of it is checked.
//!
//! Nothing here knows defaults or validity; that is [`crate::scenario`] and [`crate::plan`].

mod condition;
mod key_table;
mod keys;
mod list;
mod modes;
mod scenario;
mod sweep;
mod value;
mod warmup;

pub use condition::{Comparison, Condition, ConditionError, Operand, Operator};
pub use keys::{Key, Rank};
pub use list::{ListError, MAX_LIST_VALUES, parse_items, parse_list};
pub use scenario::{
    ArrivalKind, ArrivalSpec, DisaggSpec, Mode, MonoSpec, Observe, ScenarioSpec, SloSpec,
    TokenMode, TokenSpec, WindowSpec,
};
pub use sweep::{
    AxisSpec, AxisValues, DEFAULT_CONFIDENCE, PrecisionSpec, SweepSpec, axes_in_order,
};
pub use value::{Kind, Value};
pub use warmup::Warmup;
