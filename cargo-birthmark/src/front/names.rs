//! Names of crates, as messages have them.

use cargo_metadata::{Package, Target};

/// Returns the name of one of a package's crates, as "the binary `server` of app".
pub fn of(package: &Package, target: &Target) -> String {
    let kind = if target.is_bin() {
        "binary"
    } else if target.is_test() {
        "test"
    } else if target.is_example() {
        "example"
    } else if target.is_bench() {
        "benchmark"
    } else {
        return format!("the library of {}", package.name);
    };
    format!("the {kind} `{}` of {}", target.name, package.name)
}

/// Returns a list of some names, with the number of those that are left out.
pub fn list<T: AsRef<str>>(names: &[T]) -> String {
    const MAX: usize = 3;
    let shown: Vec<&str> = names.iter().take(MAX).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::list;

    #[test]
    fn list_counts_the_omitted_names() {
        assert_eq!(list(&["a", "b", "c"]), "a, b, c");
        assert_eq!(list(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }
}
