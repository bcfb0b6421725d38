//! Names in paths.

use syn::Path;

/// Returns the names of a path without their arguments, as in `a::b`.
pub(crate) fn joined(path: &Path) -> String {
    segment_names(path).join("::")
}

/// Returns the names of a path.
pub(crate) fn segment_names(path: &Path) -> Vec<String> {
    names(path).collect()
}

/// Returns the names of a path in reverse order: the name of a function, then its owner.
pub(crate) fn names_from_last(path: &Path) -> impl Iterator<Item = String> {
    names(path).rev()
}

fn names(path: &Path) -> impl DoubleEndedIterator<Item = String> {
    let segments = path.segments.iter();
    segments.map(|segment| segment.ident.to_string())
}

/// Returns `true` if a name is that of a type by convention.
pub(crate) fn is_type(name: &str) -> bool {
    name.starts_with(char::is_uppercase) && name.chars().any(char::is_lowercase)
        || name.len() == 1 && name.starts_with(char::is_uppercase)
}
