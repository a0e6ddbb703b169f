//! How a mean wait was computed: which numbers are exact, and who answers for the others.

/// The formula behind a mean wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// [`super::Mmc`]: Poisson arrivals, exponential service.
    Mmc,
    /// [`super::Mdc`]: Poisson arrivals, constant service.
    Mdc,
    /// [`super::Mg1`]: Poisson arrivals, any service, one server.
    Mg1,
    /// [`super::Dm1`]: evenly spaced arrivals, exponential service, one server.
    Dm1,
    /// Evenly spaced arrivals, constant service: below saturation nobody waits.
    Ddc,
    /// [`super::DeterministicTandem`]: a constant server behind an M/D/1 queue.
    Md1Tandem,
    /// [`super::kraemer_langenbach_belz_mean_wait_s`]: GI/G/1.
    KraemerLangenbachBelz,
    /// [`super::whitt_mean_wait_s`]: GI/G/c.
    Whitt,
    /// The two above, fed by a stream of [`super::qna_departure_scv`].
    Qna,
}

impl Method {
    /// Every method, the exact ones first.
    pub const ALL: [Self; 9] = [
        Self::Mmc,
        Self::Mdc,
        Self::Mg1,
        Self::Dm1,
        Self::Ddc,
        Self::Md1Tandem,
        Self::KraemerLangenbachBelz,
        Self::Whitt,
        Self::Qna,
    ];

    /// Its name in tables. Never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mmc => "exact M/M/c",
            Self::Mdc => "exact M/D/c",
            Self::Mg1 => "exact M/G/1",
            Self::Dm1 => "exact D/M/1",
            Self::Ddc => "exact D/D/c",
            Self::Md1Tandem => "exact M/D/1 tandem",
            Self::KraemerLangenbachBelz => "approximation Kraemer-Langenbach-Belz",
            Self::Whitt => "approximation Whitt",
            Self::Qna => "approximation QNA",
        }
    }

    /// Whether the mean wait is that of the model, and no approximation of it.
    pub fn is_exact(self) -> bool {
        !matches!(self, Self::KraemerLangenbachBelz | Self::Whitt | Self::Qna)
    }

    /// Whose formula it is, in a line.
    pub fn source(self) -> &'static str {
        match self {
            Self::Mmc => "Erlang's C formula",
            Self::Mdc => "Crommelin 1932, Franx 2001",
            Self::Mg1 => "Pollaczek and Khinchine",
            Self::Dm1 => "Takacs 1962",
            Self::Ddc => "nobody waits below saturation",
            Self::Md1Tandem => "Friedman 1965",
            Self::KraemerLangenbachBelz => "GI/G/1 by two moments, 1976",
            Self::Whitt => "GI/G/c by two moments, 1993",
            Self::Qna => "departures of the prefill pool by two moments, Whitt 1983",
        }
    }
}
