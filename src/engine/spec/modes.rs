//! What modes, kinds and spellings mean for other keys: names, parameters, what a switch forgets.

use super::scenario::{ArrivalKind, ArrivalSpec, Mode, ScenarioSpec, TokenMode, TokenSpec};

impl ScenarioSpec {
    /// The stated mode, else the one that a single scenario takes by default.
    pub fn mode(&self) -> Mode {
        self.mode.unwrap_or(Mode::Disagg)
    }
}

impl ScenarioSpec {
    /// Changes the kind of arrivals and forgets what only the former kind had.
    pub(super) fn switch_arrivals(&mut self, kind: ArrivalKind) {
        self.arrival.kind = Some(kind);
        if kind == ArrivalKind::Trace {
            self.prompt_tokens.keep_bounds();
            self.output_tokens.keep_bounds();
        } else {
            self.arrival = ArrivalSpec {
                rate_per_s: self.arrival.rate_per_s,
                kind: Some(kind),
                ..Default::default()
            };
        }
    }
}

impl ArrivalKind {
    /// The word in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Poisson => "poisson",
            Self::Deterministic => "deterministic",
            Self::Trace => "trace",
        }
    }
}

impl TokenMode {
    /// All spellings.
    pub const ALL: [Self; 7] = [
        Self::Log,
        Self::RealMeanStd,
        Self::P50P90,
        Self::Fixed,
        Self::Uniform,
        Self::Exponential,
        Self::Empirical,
    ];

    /// The word in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::RealMeanStd => "real_mean_std",
            Self::P50P90 => "p50_p90",
            Self::Fixed => "fixed",
            Self::Uniform => "uniform",
            Self::Exponential => "exponential",
            Self::Empirical => "empirical",
        }
    }

    /// Names of the parameters that this spelling has.
    pub fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Log => &["mean", "sigma"],
            Self::RealMeanStd => &["mean", "std"],
            Self::P50P90 => &["p50", "p90"],
            Self::Fixed => &["value"],
            Self::Uniform => &["low", "high"],
            Self::Exponential => &["mean"],
            Self::Empirical => &["path"],
        }
    }
}

impl TokenSpec {
    /// The stated spelling, else the default.
    pub fn mode(&self) -> TokenMode {
        self.mode.unwrap_or_default()
    }

    /// Forgets the distribution, but not its bounds.
    fn keep_bounds(&mut self) {
        *self = Self { min_value: self.min_value, max_value: self.max_value, ..Self::default() };
    }

    /// Changes the spelling and forgets parameters that the new one does not have.
    pub(super) fn switch_to(&mut self, mode: TokenMode) {
        let has = |name| mode.parameters().contains(&name);
        self.mode = Some(mode);
        self.mean = self.mean.filter(|_| has("mean"));
        self.sigma = self.sigma.filter(|_| has("sigma"));
        self.std = self.std.filter(|_| has("std"));
        self.p50 = self.p50.filter(|_| has("p50"));
        self.p90 = self.p90.filter(|_| has("p90"));
        self.value = self.value.filter(|_| has("value"));
        self.low = self.low.filter(|_| has("low"));
        self.high = self.high.filter(|_| has("high"));
        self.path = self.path.take().filter(|_| has("path"));
    }
}
