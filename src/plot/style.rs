//! Colours, dashes and markers: told apart without colour, too.

/// How a curve looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ink {
    pub(super) colour: Colour,
    /// Lengths of dashes and gaps, as SVG writes them; empty for a solid line.
    pub(super) dash: &'static str,
    pub(super) marker: Marker,
}

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colour(pub(super) u8, pub(super) u8, pub(super) u8);

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Wedge,
}

pub(super) const BLACK: Colour = Colour(0x22, 0x22, 0x22);
pub(super) const GREY: Colour = Colour(0x66, 0x66, 0x66);
pub(super) const LIGHT: Colour = Colour(0xdd, 0xdd, 0xdd);
pub(super) const WHITE: Colour = Colour(0xff, 0xff, 0xff);

/// Most curves of a panel that can be told apart.
pub(super) const MAX_CURVES: usize = 7;

/// The palette of Okabe and Ito, for the colour-blind, in an order in which neighbours also differ in lightness.
const PALETTE: [Colour; MAX_CURVES] = [
    Colour(0x00, 0x72, 0xb2),
    Colour(0xe6, 0x9f, 0x00),
    Colour(0x00, 0x00, 0x00),
    Colour(0xcc, 0x79, 0xa7),
    Colour(0x00, 0x9e, 0x73),
    Colour(0xd5, 0x5e, 0x00),
    Colour(0x56, 0xb4, 0xe9),
];

const DASHES: [&str; MAX_CURVES] = ["", "7 3", "2 3", "9 3 2 3", "12 3", "4 2", "9 3 2 3 2 3"];

const MARKERS: [Marker; 5] =
    [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Wedge];

/// Viridis, from its dark end: lightness rises evenly, also in print.
const RAMP: [Colour; 9] = [
    Colour(0x44, 0x01, 0x54),
    Colour(0x47, 0x2d, 0x7b),
    Colour(0x3b, 0x52, 0x8b),
    Colour(0x2c, 0x72, 0x8e),
    Colour(0x21, 0x91, 0x8c),
    Colour(0x28, 0xae, 0x80),
    Colour(0x5e, 0xc9, 0x62),
    Colour(0xad, 0xdc, 0x30),
    Colour(0xfd, 0xe7, 0x25),
];

/// Where curves stop on the ramp: the light end is invisible on white.
const LIGHTEST_CURVE: f64 = 0.82;

impl Ink {
    /// The look of curve `index` of `count`: by lightness where its values are ordered.
    #[expect(clippy::cast_precision_loss, reason = "a handful of curves")]
    pub(super) fn of_curve(index: usize, count: usize, is_ordered: bool) -> Self {
        let colour = if is_ordered && count > 2 {
            ramp(index as f64 / (count - 1) as f64 * LIGHTEST_CURVE)
        } else {
            PALETTE[index % MAX_CURVES]
        };
        let dash = if is_ordered && count > 2 { "" } else { DASHES[index % MAX_CURVES] };
        Self { colour, dash, marker: MARKERS[index % MARKERS.len()] }
    }
}

/// A colour of the ramp: 0 is dark, 1 is light.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a place among a few colours"
)]
pub(super) fn ramp(place: f64) -> Colour {
    let position = place.clamp(0.0, 1.0) * (RAMP.len() - 1) as f64;
    let low = (position as usize).min(RAMP.len() - 2);
    let share = position - low as f64;
    let (from, to) = (RAMP[low], RAMP[low + 1]);
    let mix = |a: u8, b: u8| (f64::from(a) + share * (f64::from(b) - f64::from(a))).round() as u8;
    Colour(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

impl Colour {
    /// Perceived lightness, from 0 to 1.
    pub(super) fn lightness(self) -> f64 {
        let Self(red, green, blue) = self;
        (0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue)) / 255.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ramp_gets_lighter_all_the_way() {
        let steps: Vec<f64> = (0..=80).map(|i| ramp(f64::from(i) / 80.0).lightness()).collect();
        assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
    }

    #[test]
    fn curves_differ_without_colour() {
        for is_ordered in [false, true] {
            for count in 2..=MAX_CURVES {
                let inks: Vec<Ink> =
                    (0..count).map(|i| Ink::of_curve(i, count, is_ordered)).collect();
                for (i, a) in inks.iter().enumerate() {
                    for b in &inks[..i] {
                        let lighter = (a.colour.lightness() - b.colour.lightness()).abs();
                        assert!(a.dash != b.dash || lighter > 0.05, "{a:?} and {b:?} of {count}");
                    }
                }
            }
        }
    }
}
