//! Axes: names resolved to keys, values typed, groups that advance together.

use super::error::PlanError;
use crate::spec::{AxisSpec, Key, SweepSpec, Value};

/// Most values of all axes together: lists are read before anyone can know that their grid is too large.
const MAX_VALUES: usize = 2_000_000;

/// One swept parameter and its values.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The key that it sets.
    pub key: &'static Key,
    /// Its values, at least one, all different.
    pub values: Vec<Value>,
}

impl Axis {
    /// Resolves name and values.
    pub(super) fn lower(spec: &AxisSpec) -> Result<Self, PlanError> {
        let key = find_key(&spec.name)?;
        let values = spec
            .values
            .parse(key.kind)
            .map_err(|source| PlanError::BadAxis { axis: spec.name.clone(), source })?;
        Ok(Self { key, values })
    }
}

/// The key of an axis name, or an error that suggests the nearest.
pub(super) fn find_key(name: &str) -> Result<&'static Key, PlanError> {
    Key::find(name).ok_or_else(|| PlanError::UnknownAxis {
        name: name.to_owned(),
        hint: Key::nearest(name).map_or_else(
            || "`sweep columns --keys` lists all keys".to_owned(),
            |near| format!("did you mean `{near}`?"),
        ),
    })
}

/// All axes of a sweep in declared order, no key twice.
pub(super) fn lower_axes(spec: &SweepSpec) -> Result<Vec<Axis>, PlanError> {
    let mut axes: Vec<Axis> = Vec::with_capacity(spec.axes.len());
    for axis in &spec.axes {
        let axis = Axis::lower(axis)?;
        if let Some(other) = axes.iter().find(|other| other.key.overlaps(axis.key)) {
            return Err(PlanError::SameParameter { first: other.key.path, second: axis.key.path });
        }
        axes.push(axis);
        if axes.iter().map(|axis| axis.values.len()).sum::<usize>() > MAX_VALUES {
            return Err(PlanError::TooManyValues { limit: MAX_VALUES });
        }
    }
    Ok(axes)
}

/// Axis indices that advance together, in the order of their first members.
pub(super) fn dimensions(spec: &SweepSpec, axes: &[Axis]) -> Result<Vec<Vec<usize>>, PlanError> {
    let mut group_of: Vec<Option<usize>> = vec![None; axes.len()];
    for (group, names) in spec.zip.iter().enumerate() {
        let members = names
            .iter()
            .map(|name| {
                let key = find_key(name)?;
                axes.iter()
                    .position(|axis| axis.key.path == key.path)
                    .ok_or_else(|| PlanError::ZipWithoutAxis { name: name.clone() })
            })
            .collect::<Result<Vec<_>, _>>()?;
        check_equal_lengths(axes, &members)?;
        for member in members {
            if group_of[member].replace(group).is_some() {
                return Err(PlanError::ZippedTwice { axis: axes[member].key.path });
            }
        }
    }
    let mut dimensions: Vec<(Option<usize>, Vec<usize>)> = Vec::new();
    for (axis, group) in group_of.into_iter().enumerate() {
        match dimensions.iter_mut().find(|(known, _)| group.is_some() && *known == group) {
            Some((_, members)) => members.push(axis),
            None => dimensions.push((group, vec![axis])),
        }
    }
    Ok(dimensions.into_iter().map(|(_, members)| members).collect())
}

fn check_equal_lengths(axes: &[Axis], members: &[usize]) -> Result<(), PlanError> {
    let length = |&member: &usize| axes[member].values.len();
    if members.windows(2).all(|pair| length(&pair[0]) == length(&pair[1])) {
        return Ok(());
    }
    let lengths =
        members.iter().map(|member| format!("{} has {}", axes[*member].key.path, length(member)));
    Err(PlanError::ZipLengths { lengths: lengths.collect::<Vec<_>>().join(", ") })
}
