//! The versions that a lock file pins.

use std::collections::BTreeSet;

use toml_edit::{DocumentMut, Table};

/// The packages of these names and all that they depend on, with their versions, as a lock file has them. Of
/// a name that is there in several versions, all.
pub fn versions(lock: &str, names: &[String]) -> BTreeSet<String> {
    let lock: DocumentMut = lock.parse().unwrap_or_default();
    let packages = lock.get("package").and_then(|it| it.as_array_of_tables());
    let packages: Vec<&Table> = packages.into_iter().flatten().collect();
    let mut versions = BTreeSet::new();
    let mut pending = names.to_vec();
    while let Some(name) = pending.pop() {
        for package in packages.iter().filter(|it| text(it, "name") == name) {
            if versions.insert(format!("{name} {}", text(package, "version"))) {
                pending.extend(dependencies(package));
            }
        }
    }
    versions
}

fn text<'a>(package: &'a Table, key: &str) -> &'a str {
    let value = package.get(key).and_then(|value| value.as_str());
    value.unwrap_or_default()
}

/// Their names; a version may follow one.
fn dependencies(package: &Table) -> Vec<String> {
    let list = package.get("dependencies").and_then(|it| it.as_array());
    let names = list.into_iter().flatten().filter_map(|it| it.as_str());
    names
        .filter_map(|name| Some(name.split(' ').next()?.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
        version = 4
        [[package]]
        name = "app"
        version = "0.1.0"
        dependencies = ["a", "other"]
        [[package]]
        name = "a"
        version = "1.0.0"
        dependencies = ["b 2.0.0"]
        [[package]]
        name = "b"
        version = "1.0.0"
        [[package]]
        name = "b"
        version = "2.0.0"
        dependencies = ["a"]
        [[package]]
        name = "other"
        version = "1.0.0"
    "#;

    #[test]
    fn dependencies_count_also_where_they_go_in_circles() {
        let versions = versions(LOCK, &["a".into()]);
        assert_eq!(
            versions.into_iter().collect::<Vec<_>>(),
            ["a 1.0.0", "b 1.0.0", "b 2.0.0"]
        );
    }

    #[test]
    fn invalid_lock_file_pins_nothing() {
        assert!(versions("]", &["a".into()]).is_empty());
        assert!(versions("", &["a".into()]).is_empty());
    }
}
