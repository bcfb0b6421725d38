//! Whether a file is worth parsing.

use crate::callees;

use super::Annotation;

/// Names of calls that are changed without being spawns.
const SCOPES: [&str; 2] = ["scope", "install"];

/// Whether a spawn may stand in the text: a search for names, which takes no notice of comments and strings.
///
/// What this says no to, [`rewrite`](super::rewrite) leaves as it is.
#[must_use]
pub fn may_spawn(source: &str, annotation: &Annotation) -> bool {
    let known = callees::TABLE.iter().map(|row| row.name).chain(SCOPES);
    // `spawn` is part of most other names.
    let known = known
        .filter(|name| !name.starts_with("spawn"))
        .chain(["spawn"]);
    let listed = annotation.also.iter().map(String::as_str);
    known.chain(listed).any(|name| source.contains(name))
}
