//! A picture before it is drawn: panels, what is in them, and what is said about it.

use super::scale::Scale;
use super::style::Ink;

/// One file: a page of panels that share a legend.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    /// Name of its file, without the ending.
    pub(crate) stem: String,
    pub(crate) title: String,
    /// What it is of: the run, and what is held.
    pub(super) subtitle: String,
    /// What tells curves apart, with its unit.
    pub(super) legend: String,
    pub(super) panels: Vec<Panel>,
    /// How to read it, sentence by sentence.
    pub(super) captions: Vec<String>,
}

/// One pair of axes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Panel {
    /// Empty where the picture has one panel.
    pub(super) title: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) content: Content,
}

/// An axis of a panel.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    /// With its unit.
    pub(super) label: String,
    pub(super) scale: Scale,
    /// What gets a tick if there is room for it; empty where any round value will do.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis with ticks at round values.
    pub(super) fn new(label: String, scale: Scale) -> Self {
        Self { label, scale, ticks: Vec::new() }
    }
}

/// What a panel shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    Curves {
        curves: Vec<Curve>,
        rules: Vec<Rule>,
    },
    /// Colours over names: both scales have names.
    Tiles {
        tiles: Vec<Tile>,
        /// What the colours mean.
        colours: Axis,
    },
}

/// A series of points.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Curve {
    pub(super) label: String,
    pub(super) ink: Ink,
    /// By rising x; `None` is a gap.
    pub(super) points: Vec<Option<Point>>,
    /// Whether points have markers, and intervals of points are shown.
    pub(super) has_markers: bool,
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    /// Half width of its interval.
    pub(super) half_width: Option<f64>,
    pub(super) is_saturated: bool,
}

impl Point {
    /// Both ends of its interval, lower first.
    pub(super) fn ends(&self) -> [f64; 2] {
        let half_width = self.half_width.unwrap_or(0.0);
        [self.y - half_width, self.y + half_width]
    }
}

/// A line across a panel, at a value of one axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) value: f64,
    pub(super) is_vertical: bool,
    pub(super) label: String,
}

/// A coloured rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tile {
    /// Positions among the names of x and of y.
    pub(super) column: usize,
    pub(super) row: usize,
    pub(super) value: f64,
    pub(super) is_saturated: bool,
}
