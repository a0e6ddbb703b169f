//! Pictures read back: groups of shapes, what they are called, and where they stand.

use roxmltree::Node;

/// All groups of a class in a picture or in a part of it.
pub(crate) fn groups<'a>(inside: Node<'a, 'a>, class: &str) -> Vec<Node<'a, 'a>> {
    let is_of = |node: &Node| {
        node.attribute("class").is_some_and(|names| names.split(' ').any(|name| name == class))
    };
    inside.descendants().filter(is_of).collect()
}

/// What a group is of.
pub(crate) fn title<'a>(group: Node<'a, 'a>) -> &'a str {
    let title = group.children().find(|node| node.has_tag_name("title"));
    title.and_then(|node| node.text()).unwrap_or_default()
}

pub(crate) fn titles<'a>(groups: &[Node<'a, 'a>]) -> Vec<&'a str> {
    groups.iter().map(|group| title(*group)).collect()
}

pub(crate) fn texts<'a>(inside: Node<'a, 'a>) -> Vec<&'a str> {
    inside.descendants().filter(|node| node.has_tag_name("text")).filter_map(|n| n.text()).collect()
}

/// Corners of the one path right inside a group.
pub(crate) fn corners(group: Node) -> Vec<(f64, f64)> {
    let is_line = |node: &Node| {
        node.has_tag_name("path")
            && (node.attribute("fill") == Some("none") || group.attribute("class") == Some("band"))
    };
    let path = group.children().find(is_line).unwrap().attribute("d").unwrap();
    let numbers: Vec<f64> = path
        .split(|letter: char| letter.is_alphabetic() || letter.is_whitespace() || letter == ',')
        .filter(|text| !text.is_empty())
        .map(|text| text.parse().unwrap())
        .collect();
    numbers.chunks(2).map(|pair| (pair[0], pair[1])).collect()
}

/// How many markers of a group are hollow.
pub(crate) fn hollow(group: Node) -> usize {
    let is_hollow = |node: &Node| {
        node.attribute("fill") == Some("#ffffff")
            && node.attribute("stroke").is_some_and(|stroke| stroke != "none")
    };
    group.descendants().filter(is_hollow).count()
}
