//! Another choice compiles the crates again that it concerns, and those that depend on them, and no others.

mod support;
use std::collections::BTreeSet;

use support::{Project, Ran};

const SPAWNS: &str = "pub fn go() { std::thread::spawn(|| ()); }\n";
const PACKAGES: [&str; 6] = ["app", "annotated", "plain", "refused", "other", "dep"];

/// A program of several members and a dependency; all but `app` spawn.
fn program() -> Project {
    let manifest = |name: &str, more: &str| {
        format!(
            "[package]\nname = \"concern-{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}"
        )
    };
    let used = ["annotated", "plain", "refused", "dep"];
    let each = used.map(|it| format!("concern-{it} = {{ path = \"../{it}\" }}\n"));
    let project = Project::new(
        "unused",
        &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"app\", \"annotated\", \"plain\", \"refused\", \"other\"]\nexclude = [\"dep\", \"late\"]\nresolver = \"3\"\n",
            ),
            (
                "app/Cargo.toml",
                &manifest("app", &format!("[dependencies]\n{}", each.concat())),
            ),
            ("app/src/main.rs", "fn main() { concern_plain::go() }\n"),
            (
                "annotated/src/lib.rs",
                &format!(
                    "#![allow(unexpected_cfgs)]\n#![cfg_attr(birthmark, birthmark::instrument)]\n{SPAWNS}"
                ),
            ),
            (
                "refused/Cargo.toml",
                &manifest(
                    "refused",
                    "[package.metadata.birthmark]\ninstrument = false\n",
                ),
            ),
        ],
    );
    for name in ["annotated", "plain", "other", "dep", "late"] {
        project.write(&format!("{name}/Cargo.toml"), &manifest(name, ""));
    }
    for name in ["plain", "refused", "other", "dep", "late"] {
        project.write(&format!("{name}/src/lib.rs"), SPAWNS);
    }
    project
}

fn compiled(ran: &Ran) -> BTreeSet<&'static str> {
    let packages = PACKAGES.into_iter();
    packages
        .filter(|name| ran.compiled(&format!("concern-{name}")))
        .collect()
}

#[test]
fn another_choice_compiles_what_it_concerns_and_nothing_else() {
    let project = program();
    let all = BTreeSet::from(PACKAGES);
    let nothing: [&str; 0] = [];
    let steps: [(&str, &[&str], &str); 11] = [
        (
            "--workspace build --workspace",
            &["app", "annotated", "plain", "refused", "other", "dep"],
            "3 crates instrumented",
        ),
        (
            "--workspace --exclude concern-plain build --workspace",
            &["app", "plain"],
            "2 crates instrumented",
        ),
        (
            "--workspace --exclude concern-plain --exclude concern-other build --workspace",
            &["other"],
            "1 crate instrumented",
        ),
        (
            "--workspace --exclude concern-plain build --workspace",
            &["other"],
            "2 crates instrumented",
        ),
        (
            "--workspace --exclude concern-plain --runtime-features pprof build --workspace",
            &["app", "annotated", "other"],
            "2 crates instrumented",
        ),
        (
            "--workspace --exclude concern-plain build --workspace",
            &["app", "annotated", "other"],
            "2 crates instrumented",
        ),
        (
            "--workspace build --workspace",
            &["app", "plain"],
            "3 crates instrumented",
        ),
        (
            "--deps build --workspace",
            &["app", "dep"],
            "4 crates instrumented",
        ),
        (
            "--workspace build --workspace",
            &["app", "dep"],
            "3 crates instrumented",
        ),
        (
            "build --workspace",
            &["app", "plain", "other"],
            "1 crate instrumented",
        ),
        ("build --workspace", &nothing, "1 crate instrumented"),
    ];
    for (args, expected, summary) in steps {
        let mut command = project.command(&format!("birthmark {args}"));
        let ran = project.run(command.env_remove("CARGO_TARGET_DIR")).ok();
        let expected: BTreeSet<_> = expected.iter().copied().collect();
        assert!(expected.is_subset(&all));
        assert_eq!(compiled(&ran), expected, "{args}\n{}", ran.stderr);
        assert!(ran.summary().starts_with(summary), "{args}\n{}", ran.stderr);
    }
    // Another member.
    let manifest = project.read("Cargo.toml");
    let manifest = manifest
        .replace("\"other\"]", "\"other\", \"late\"]")
        .replace(", \"late\"]\nresolver", "]\nresolver");
    project.write("Cargo.toml", &manifest);
    let mut command = project.command("birthmark build --workspace");
    let ran = project.run(command.env_remove("CARGO_TARGET_DIR")).ok();
    assert!(ran.compiled("concern-late"), "{}", ran.stderr);
    assert_eq!(compiled(&ran), BTreeSet::new(), "{}", ran.stderr);
}
