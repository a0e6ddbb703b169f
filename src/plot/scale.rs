//! Scales of axes: where a value stands, and which values get a tick.

use crate::numbers::significant;

/// From values to places between 0 and 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scale {
    Linear {
        low: f64,
        high: f64,
    },
    /// Both ends above 0.
    Log {
        low: f64,
        high: f64,
    },
    /// Logarithmic away from 0 on both sides of it, linear within a unit that is a power of ten.
    Signed {
        low: f64,
        high: f64,
        unit: f64,
    },
    /// Values are positions among these names.
    Names(Vec<String>),
}

/// Share of a scale that is left free at each end.
const MARGIN: f64 = 0.04;
/// Values that spread over a larger ratio get a logarithmic scale.
const WIDE: f64 = 10.0;
/// Values that differ by less than this share of themselves are equal but for rounding.
const ROUNDING: f64 = 1e-9;
/// Ends of a logarithmic scale: beyond them ratios are no numbers any more.
const LOG_ENDS: (f64, f64) = (1e-140, 1e140);
/// Lower ends of intervals stretch a logarithmic scale by at most this factor.
const MAX_STRETCH: f64 = 3.0;

/// What a scale must show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extent {
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Extent {
    /// The least extent with all values in it; `None` without a value.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        values.fold(None, |extent: Option<Self>, value| {
            let Self { least, most } = extent.unwrap_or(Self { least: value, most: value });
            Some(Self { least: least.min(value), most: most.max(value) })
        })
    }

    /// Whether a logarithmic scale shows more.
    pub(super) fn is_wide(self) -> bool {
        self.least > 0.0 && self.most > WIDE * self.least
    }

    /// From the least to the most; where all are equal but for rounding, how large they are.
    fn span(self) -> f64 {
        let size = self.least.abs().max(self.most.abs());
        let span = self.most - self.least;
        match size {
            size if span > ROUNDING * size => span,
            size if size > f64::MIN_POSITIVE => size,
            _ => 1.0,
        }
    }

    /// Room for the ends of intervals, too.
    pub(super) fn with_intervals(self, ends: Option<Self>, is_log: bool) -> Self {
        let Some(ends) = ends else { return self };
        let floor = if is_log { self.least / MAX_STRETCH } else { f64::NEG_INFINITY };
        Self { least: self.least.min(ends.least).max(floor), most: self.most.max(ends.most) }
    }
}

impl Scale {
    /// A scale with some room at its ends. From 0, if the values are positive and come near it.
    pub(super) fn linear(extent: Extent) -> Self {
        let Extent { least, most } = extent;
        if 0.0 <= least && least < 0.5 * most {
            return Self::Linear { low: 0.0, high: (1.0 + MARGIN) * most };
        }
        Self::tight(extent)
    }

    /// A linear scale that begins near the least value, wherever 0 is.
    pub(super) fn tight(extent: Extent) -> Self {
        let room = MARGIN * extent.span();
        Self::Linear { low: extent.least - room, high: extent.most + room }
    }

    /// A linear scale that ends at the least and the most.
    pub(super) fn full(extent: Extent) -> Self {
        Self::Linear { low: extent.least, high: extent.least + extent.span() }
    }

    /// A logarithmic scale; the extent is above 0.
    pub(super) fn log(extent: Extent) -> Self {
        let [least, most] =
            [extent.least, extent.most].map(|end| end.clamp(LOG_ENDS.0, LOG_ENDS.1));
        let ratio = (most / least).max(1.2);
        let room = ratio.powf(MARGIN);
        Self::Log { low: least / room, high: least * ratio * room }
    }

    /// A scale for both signs; magnitudes below `unit` are of no interest.
    pub(super) fn signed(extent: Extent, unit: f64) -> Self {
        let unit = 10_f64.powi(log_power(unit));
        let (low, high) = (extent.least.min(0.0), extent.most.max(0.0));
        let span = (high / unit).asinh() - (low / unit).asinh();
        let beyond = |value: f64, room: f64| unit * ((value / unit).asinh() + room).sinh();
        Self::Signed { low: beyond(low, -MARGIN * span), high: beyond(high, MARGIN * span), unit }
    }

    /// Where a value stands, from 0 to 1; values beyond an end stand at the end.
    #[expect(clippy::cast_precision_loss, reason = "names are few")]
    pub(super) fn place(&self, value: f64) -> f64 {
        let place = match self {
            Self::Linear { low, high } => (value - low) / (high - low),
            Self::Log { low, .. } if value <= *low => 0.0,
            Self::Log { low, high } => (value / low).ln() / (high / low).ln(),
            Self::Signed { low, high, unit } => {
                let bent = |value: f64| (value / unit).asinh();
                (bent(value) - bent(*low)) / (bent(*high) - bent(*low))
            }
            Self::Names(names) => (value + 0.5) / names.len().max(1) as f64,
        };
        place.clamp(0.0, 1.0)
    }

    /// Values that get a tick, with what stands there: about as many as fit.
    pub(super) fn ticks(&self, fit: usize) -> Vec<(f64, String)> {
        match self {
            Self::Linear { low, high } => linear_ticks(*low, *high, fit),
            Self::Log { low, high } => log_ticks(*low, *high, fit),
            Self::Signed { low, high, unit } => signed_ticks(*low, *high, *unit, fit),
            Self::Names(names) => {
                let every = names.len().div_ceil(fit.max(1)).max(1);
                let named = (0_u32..).zip(names).step_by(every);
                named.map(|(i, name)| (f64::from(i), name.clone())).collect()
            }
        }
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few ticks"
)]
fn linear_ticks(low: f64, high: f64, fit: usize) -> Vec<(f64, String)> {
    let rough = (high - low) / fit.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    let step = step.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(10.0 * power);
    let places = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    // Zero without a sign.
    let value = |i: i64| if i == 0 { 0.0 } else { i as f64 * step };
    let values: Vec<f64> = (first..=last).map(value).collect();
    let short =
        |value: &f64| if places > 5 { significant(*value) } else { format!("{value:.places$}") };
    let texts: Vec<String> = values.iter().map(short).collect();
    // Far from 0 a few digits are the same everywhere.
    let differ = texts.windows(2).all(|pair| pair[0] != pair[1]);
    let exact = values.iter().map(|value| format!("{value:.places$}"));
    let texts = if differ { texts } else { exact.collect() };
    values.into_iter().zip(texts).collect()
}

/// Powers of ten, with as many of their multiples between them as fit.
fn log_ticks(low: f64, high: f64, fit: usize) -> Vec<(f64, String)> {
    const MULTIPLES: [&[f64]; 4] =
        [&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], &[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];
    /// Across less than this ratio a logarithm hardly bends.
    const NARROW: f64 = 4.0;
    if high < NARROW * low {
        return linear_ticks(low, high, fit);
    }
    let powers = log_power(low)..=log_power(high);
    let inside = |multiples: &[f64]| -> Vec<f64> {
        let all = powers.clone().flat_map(|power| {
            // Divided where negative, since 10^-1 has no exact value and 1 / 10 the nearest one.
            let times = move |multiple: &f64| {
                if power < 0 {
                    multiple / 10_f64.powi(-power)
                } else {
                    multiple * 10_f64.powi(power)
                }
            };
            multiples.iter().map(times)
        });
        all.filter(|tick| (low..=high).contains(tick)).collect()
    };
    let fitting =
        MULTIPLES.iter().map(|multiples| inside(multiples)).find(|ticks| ticks.len() <= fit);
    let ticks = fitting.unwrap_or_else(|| {
        let all = inside(&[1.0]);
        let every = all.len().div_ceil(fit.max(1));
        all.into_iter().step_by(every).collect()
    });
    ticks.into_iter().map(|tick| (tick, significant(tick))).collect()
}

/// Zero, and powers of ten on both sides: those far from it first.
fn signed_ticks(low: f64, high: f64, unit: f64, fit: usize) -> Vec<(f64, String)> {
    let first = log_power(unit * 1.001);
    let last = log_power(high.max(-low));
    let ticks = |every: usize| -> Vec<f64> {
        let powers = (first..=last).rev().step_by(every).map(power_of_ten);
        let sides = powers.flat_map(|power| [-power, power]).chain([0.0]);
        let mut inside: Vec<f64> = sides.filter(|tick| (low..=high).contains(tick)).collect();
        inside.sort_by(f64::total_cmp);
        inside
    };
    let fitting = (1..20).map(ticks).find(|ticks| ticks.len() <= fit.max(3)).unwrap_or_default();
    fitting.into_iter().map(|tick| (tick, significant(tick))).collect()
}

fn power_of_ten(power: i32) -> f64 {
    if power < 0 { 1.0 / 10_f64.powi(-power) } else { 10_f64.powi(power) }
}

#[expect(clippy::cast_possible_truncation, reason = "the exponent of a number")]
fn log_power(value: f64) -> i32 {
    value.log10().floor() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(scale: &Scale, fit: usize) -> Vec<String> {
        scale.ticks(fit).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_have_few_digits() {
        let cases: [(Scale, usize, &[&str]); 10] = [
            (Scale::Log { low: 0.015, high: 3.4 }, 6, &["0.03", "0.1", "0.3", "1", "3"]),
            (
                Scale::Signed { low: -0.2, high: 20.0, unit: 0.1 },
                7,
                &["-0.1", "0", "0.1", "1", "10"],
            ),
            (Scale::Linear { low: 0.0, high: 1.04 }, 5, &["0.0", "0.5", "1.0"]),
            (Scale::Linear { low: 0.0, high: 10.4 }, 6, &["0", "2", "4", "6", "8", "10"]),
            (
                Scale::Linear { low: -0.3, high: 0.2 },
                6,
                &["-0.3", "-0.2", "-0.1", "0.0", "0.1", "0.2"],
            ),
            (Scale::Log { low: 0.08, high: 9.0 }, 8, &["0.1", "0.2", "0.5", "1", "2", "5"]),
            (
                Scale::Log { low: 0.3, high: 0.95 },
                8,
                &["0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9"],
            ),
            (Scale::Log { low: 0.5, high: 5e5 }, 4, &["1", "100", "10000"]),
            (
                Scale::Log { low: 0.20, high: 0.25 },
                5,
                &["0.20", "0.21", "0.22", "0.23", "0.24", "0.25"],
            ),
            (Scale::Log { low: 1800.0, high: 34000.0 }, 5, &["2000", "5000", "10000", "20000"]),
        ];
        for (scale, fit, expected) in cases {
            assert_eq!(texts(&scale, fit), expected, "{scale:?}");
        }
    }

    #[test]
    fn places_are_between_the_ends() {
        for scale in [Scale::Linear { low: -1.0, high: 3.0 }, Scale::Log { low: 0.1, high: 10.0 }] {
            assert!((scale.place(1.0) - 0.5).abs() < 1e-12);
            assert!(scale.place(-5.0) < 1e-12 && scale.place(50.0) > 1.0 - 1e-12);
        }
        assert!((Scale::Names(vec!["a".into(), "b".into()]).place(1.0) - 0.75).abs() < 1e-12);
    }

    #[test]
    fn a_single_value_has_a_scale() {
        let extent = Extent::of([2.0].into_iter()).unwrap();
        for scale in [Scale::linear(extent), Scale::tight(extent), Scale::log(extent)] {
            assert!((0.0..=1.0).contains(&scale.place(2.0)));
            assert!(!scale.ticks(5).is_empty(), "{scale:?}");
        }
        assert_eq!(Extent::of(std::iter::empty()), None);
    }

    #[test]
    fn equal_values_fill_the_scale_of_their_size() {
        let extent = Extent::of([0.0125, 0.012_500_000_000_000_2, 0.0125].into_iter()).unwrap();
        for scale in [Scale::linear(extent), Scale::tight(extent)] {
            let places = [extent.least, extent.most].map(|value| scale.place(value));
            assert!(places.iter().all(|place| (place - 0.5).abs() < 1e-3), "{scale:?}: {places:?}");
            let Scale::Linear { low, high } = scale else { panic!("{scale:?}") };
            assert!(0.01 < low && high < 0.015, "{scale:?}");
        }
        let zero = Extent::of([0.0].into_iter()).unwrap();
        assert!((Scale::linear(zero).place(0.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn ticks_are_told_apart_however_near_they_are() {
        for (least, most) in [
            (0.0125, 0.012_500_001),
            (12_345.678_9, 12_345.678_95),
            (7e8, 7e8 + 3.0),
            (1e-7, 1.001e-7),
        ] {
            for scale in [Scale::tight(Extent { least, most }), Scale::log(Extent { least, most })]
            {
                let texts = texts(&scale, 6);
                let mut distinct = texts.clone();
                distinct.dedup();
                assert!(texts.len() > 1 && distinct == texts, "{scale:?}: {texts:?}");
            }
        }
    }

    #[test]
    fn the_widest_logarithmic_scale_has_an_end() {
        for (least, most) in
            [(1e-310, 1.0), (5e-324, f64::MAX), (f64::MIN_POSITIVE, f64::MIN_POSITIVE)]
        {
            let scale = Scale::log(Extent { least, most });
            let places = [least, most].map(|value| scale.place(value));
            assert!(places.iter().all(|place| place.is_finite()), "{scale:?}: {places:?}");
            assert!(scale.ticks(6).len() <= 7, "{scale:?}");
        }
    }

    #[test]
    fn names_are_thinned_where_they_do_not_fit() {
        let names = Scale::Names((0..10).map(|i| i.to_string()).collect());
        assert_eq!(texts(&names, 4), ["0", "3", "6", "9"]);
    }
}
