//! The paths of source files, as people read them.

/// Returns the path of a file in a dependency from its package on: `axum-0.8.9/src/serve/mod.rs`. Any other path stays as
/// it is.
///
/// Cargo keeps packages of a registry in `registry/src/<index>-<hash>`, and repositories in
/// `git/checkouts/<name>-<hash>`.
pub fn from_package(file: &str) -> &str {
    let mut before = ["", ""];
    let mut rest = file;
    while let Some((component, behind)) = rest.split_once(['/', '\\']) {
        match before {
            ["registry", "src"] if has_hash(component) => return behind,
            ["git", "checkouts"] if has_hash(component) => return rest,
            [_, last] => before = [last, component],
        }
        rest = behind;
    }
    file
}

/// Returns `true` if a name ends with a hash of cargo's.
fn has_hash(name: &str) -> bool {
    let hash = name.rsplit_once('-').map(|(_, hash)| hash);
    hash.is_some_and(|hash| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_of_a_dependency_begins_with_its_package() {
        for (file, expected) in [
            (
                "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/axum-0.8.9/src/serve/mod.rs",
                "axum-0.8.9/src/serve/mod.rs",
            ),
            (
                r"C:\Users\me\.cargo\registry\src\index.crates.io-1949cf8c6b5b557f\axum-0.8.9\src\lib.rs",
                r"axum-0.8.9\src\lib.rs",
            ),
            (
                "/root/.cargo/git/checkouts/axum-f68b4c5a6d5c5d5a/1a2b3c4/axum/src/lib.rs",
                "axum-f68b4c5a6d5c5d5a/1a2b3c4/axum/src/lib.rs",
            ),
        ] {
            assert_eq!(from_package(file), expected);
        }
    }

    #[test]
    fn any_other_file_keeps_its_path() {
        for file in [
            "src/main.rs",
            "/home/me/registry/src.rs",
            "registry/src/a.rs",
            "registry/src/http/mod.rs",
            "git/checkouts/a/b.rs",
            "",
            "/",
        ] {
            assert_eq!(from_package(file), file);
        }
    }
}
