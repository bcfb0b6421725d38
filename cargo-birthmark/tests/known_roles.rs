//! The table of known roles, compared with the libraries themselves. Nothing is built.

use std::collections::BTreeMap;

use birthmark_rewrite::roles;
use birthmark_test_support as _;
use serde_json::Value;

mod support;
use support::Project;

/// The libraries of the table, with the features behind which their spawns are.
const DEPENDENCIES: &str = r#"
[dependencies]
actix-rt = "2"
async-global-executor = "2"
async-io = "2"
axum = { version = "0.8", features = ["ws"] }
blocking = "1"
ctrlc = "3"
hyper-util = { version = "0.1", features = ["client-legacy", "http1", "http2", "tokio"] }
ignore = "0.4"
jobserver = "0.1"
rayon-core = "1"
reqwest = { version = "0.12", features = ["blocking"] }
smol = "2"
sqlx = { version = "0.8", default-features = false, features = ["runtime-tokio", "sqlite"] }
tokio = { version = "1", features = ["full"] }
tonic = "0.14"
tower = { version = "0.5", features = ["buffer", "spawn-ready"] }
"#;

/// Older versions, in which functions have other names.
const OLDER: &str = "
[dependencies]
tokio = { version = \"=1.42.0\", features = [\"full\"] }
";

/// The roles of the recorded spawns, by package and function in the order of the source.
fn found(dependencies: &str) -> BTreeMap<(String, String), Vec<String>> {
    let files = [
        ("+Cargo.toml", dependencies),
        ("src/main.rs", "fn main() {}\n"),
    ];
    let project = Project::new("known-roles", &files);
    let listed = project.birthmark("--deps sites --format json").ok().stdout;
    let listed: Value = serde_json::from_str(&listed).expect("the list is JSON");
    let mut found: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for site in listed["sites"].as_array().expect("sites") {
        let text = |key: &str| site[key].as_str().unwrap_or_default().to_owned();
        if site["covered"] == true {
            let key = (text("package"), text("function"));
            found.entry(key).or_default().push(text("role"));
        }
    }
    found
}

#[test]
fn known_roles_are_those_of_functions_in_the_libraries() {
    let mut found = self::found(DEPENDENCIES);
    for (key, roles) in self::found(OLDER) {
        found.entry(key).or_insert(roles);
    }
    let mut missing = Vec::new();
    for (package, roles) in roles::table() {
        for row in roles {
            let key = (package.to_owned(), row.function.to_owned());
            let is_found = found.get(&key).is_some_and(|roles| match row.nth {
                0 => roles.iter().any(|role| role == row.role),
                nth => roles.get(nth - 1).is_some_and(|role| role == row.role),
            });
            if !is_found {
                missing.push(format!("{package} {row:?}"));
            }
        }
    }
    let packages = roles::table().map(|(package, _)| package);
    let packages: Vec<&str> = packages.collect();
    let of_table = found
        .iter()
        .filter(|((package, _), _)| packages.contains(&&**package));
    let of_table: Vec<_> = of_table.collect();
    assert!(
        missing.is_empty(),
        "missing: {missing:#?}\nfound: {of_table:#?}"
    );
}
