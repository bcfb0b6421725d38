//! Packages of crates.io, and their own tests under `cargo birthmark`.

use std::path::{Path, PathBuf};

use super::{Project, Ran};

/// Copies the source of a package, as it is published, into a project. Its `Cargo.lock` stays behind: some name the
/// lowest versions, with which the package's own tests do not compile. What its tests depend on depends on this copy.
pub fn published(name: &str, version: &str) -> Project {
    let project = Project::new(
        "fetch",
        &[
            ("src/lib.rs", ""),
            (
                "+Cargo.toml",
                &format!("[dependencies]\n{name} = \"={version}\"\n"),
            ),
        ],
    );
    // `cargo metadata` does not list a package without a library.
    project.cargo("fetch").ok();
    let sources = cargo_home().join("registry/src");
    let mut registries = std::fs::read_dir(sources).unwrap();
    let directory = registries.find_map(|registry| {
        let directory = registry.unwrap().path().join(format!("{name}-{version}"));
        directory.is_dir().then_some(directory)
    });
    copy(&directory.expect("cargo has fetched it"), &project.path());
    std::fs::remove_file(project.path().join("Cargo.lock")).ok();
    let patch = format!("\n[patch.crates-io]\n{name} = {{ path = \".\" }}\n");
    project.write("Cargo.toml", &(project.read("Cargo.toml") + &patch));
    project
}

fn cargo_home() -> PathBuf {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    home.unwrap_or_else(|| std::env::home_dir().unwrap().join(".cargo"))
}

/// Copies a directory with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Runs `cargo ARGS` and says so, because it takes minutes.
pub fn cargo(project: &Project, args: &str) -> Ran {
    eprintln!("  {}: cargo {args}", project.path().display());
    let ran = project.cargo(args);
    if !ran.summary().is_empty() {
        eprintln!("  {}", ran.summary());
    }
    ran
}

/// Runs the tests of a package plainly and with all its dependencies instrumented. Panics unless each test has the
/// same outcome both times, except for those named in `known`, which fail with birthmark.
pub fn assert_same_tests(project: &Project, args: &str, known: &[&str]) {
    let plain = outcomes(&cargo(project, &format!("test --no-fail-fast {args}")));
    let ours = outcomes(&cargo(
        project,
        &format!("birthmark test --deps --no-fail-fast {args}"),
    ));
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        let is_known = |line: &&String| known.iter().any(|name| line.contains(name));
        let these = these.iter().filter(|line| !those.contains(line));
        these.filter(|line| !is_known(line)).cloned().collect()
    };
    let differences = (only(&plain, &ours), only(&ours, &plain));
    let passed = plain.iter().filter(|line| line.ends_with(" ok")).count();
    eprintln!(
        "  plain: {passed} of {} tests pass; instrumented, {} differ beyond {} known ones",
        plain.len(),
        differences.1.len(),
        known.len()
    );
    assert_eq!(differences, (Vec::new(), Vec::new()), "plain, instrumented");
    assert_eq!(plain.len(), ours.len());
}

/// Runs the tests of a package with all its dependencies instrumented, and with the rules of `watch`. Returns the reports of
/// rules.
pub fn reports_of_watch(project: &Project, args: &str) -> Vec<String> {
    let args = format!("birthmark test --deps --no-fail-fast {args}");
    eprintln!(
        "  {}: BIRTHMARK=watch cargo {args}",
        project.path().display()
    );
    let mut command = project.command(&args);
    // On a busy machine, the backtrace of an expected panic takes a second, which is one of its poll.
    command.env("BIRTHMARK", "watch").env("RUST_BACKTRACE", "0");
    let ran = project.run(&mut command);
    let tests = outcomes(&ran).len();
    let lines = ran.stderr.lines();
    let reports = lines.filter(|line| line.starts_with("birthmark: rule "));
    let reports: Vec<String> = reports.map(String::from).collect();
    eprintln!("  {tests} tests, {} reports", reports.len());
    reports
}

/// The lines of libtest that tell the outcome of a test, sorted.
fn outcomes(ran: &Ran) -> Vec<String> {
    let is_outcome = |line: &&str| line.starts_with("test ") && line.contains(" ... ");
    let mut tests: Vec<_> = ran
        .stdout
        .lines()
        .filter(is_outcome)
        .map(String::from)
        .collect();
    tests.sort();
    assert!(!tests.is_empty(), "{}\n{}", ran.stdout, ran.stderr);
    tests
}
