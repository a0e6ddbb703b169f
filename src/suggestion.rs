//! What to write instead of a misspelt name.

/// Names that a hint lists at most.
const LISTED_NAMES: usize = 24;

/// ``did you mean `near`?`` if a known name is near, else a list of all of them.
pub(crate) fn nearest_or_all<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("choose from {}", listed(&known)),
    }
}

/// The known name that one may have meant.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let tolerance = name.len() / 3;
    known
        // The distance is at least the difference in length, and takes the product of both to find.
        .filter(|known| name.len() <= known.len() + tolerance)
        .map(|known| (strsim::damerau_levenshtein(known, name), known))
        .filter(|&(distance, _)| distance <= tolerance)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, near)| near)
}

/// `a, b, c`, cut after a screenful.
pub(crate) fn listed(names: &[&str]) -> String {
    let mut text = names.iter().take(LISTED_NAMES).copied().collect::<Vec<_>>().join(", ");
    if names.len() > LISTED_NAMES {
        text.push_str(", ...");
    }
    text
}
