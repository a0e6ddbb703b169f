//! Why a closed form has no answer for the numbers it was given.

/// A system or an argument outside of what a formula covers.
///
/// The messages complete "failed to ...".
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TheoryError {
    /// A rate, a time or a count of servers is zero or negative.
    #[error("use {name} = {value}: it must be greater than zero")]
    NotPositive {
        /// The argument, spelled as in the signature.
        name: &'static str,
        /// What was given.
        value: f64,
    },
    /// An argument is infinite or not a number.
    #[error("use {name} = {value}: it must be a finite number")]
    NotFinite {
        /// The argument, spelled as in the signature.
        name: &'static str,
        /// What was given.
        value: f64,
    },
    /// The servers cannot keep up, so there is no steady state.
    #[error(
        "find a steady state at an offered load of {utilization} per server: it must stay below 1"
    )]
    Saturated {
        /// Offered load per server.
        utilization: f64,
    },
    /// The server keeps up, so the formulas of overload do not apply.
    #[error("describe an overload at an offered load of {utilization}: it must be 1 or more")]
    NotOverloaded {
        /// Offered load of the one server.
        utilization: f64,
    },
    /// The level of a quantile is not a probability below one.
    #[error("take the quantile of level {level}: it must be at least 0 and below 1")]
    Level {
        /// What was given.
        level: f64,
    },
    /// No positive random variable has these moments.
    #[error(
        "find a service time with moments {mean_s}, {second_s2}, {third_s3}: \
         they need mean^2 <= second and second^2 <= mean * third"
    )]
    Moments {
        /// First moment.
        mean_s: f64,
        /// Second moment.
        second_s2: f64,
        /// Third moment.
        third_s3: f64,
    },
    /// Two stations in a row do not see the same arrival rate.
    #[error(
        "connect stations with arrival rates {first_per_s} and {second_per_s}: they must be equal"
    )]
    ArrivalRatesDiffer {
        /// Of the first station.
        first_per_s: f64,
        /// Of the second station.
        second_per_s: f64,
    },
    /// The formula exists, but its evaluation is not accurate or not affordable here.
    #[error("evaluate it for {name} = {value}: the supported maximum is {max}")]
    BeyondRange {
        /// The quantity that is too large.
        name: &'static str,
        /// What was given.
        value: f64,
        /// The largest supported value.
        max: f64,
    },
}
