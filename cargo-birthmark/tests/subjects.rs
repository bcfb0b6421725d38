//! Real programs, instrumented with all that they depend on. Each takes minutes: `./test --subjects`.

mod support;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use support::{Project, Ran};

/// A program of ours that lies in `subjects/`.
fn own(name: &str) -> Project {
    let project = Project::new(name, &[]);
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("subjects")
            .join(name),
        &project.path(),
    );
    project
}

/// The source of a package, as it is published.
fn published(name: &str, version: &str) -> Project {
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
    project
}

fn cargo_home() -> PathBuf {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    home.unwrap_or_else(|| std::env::home_dir().unwrap().join(".cargo"))
}

fn copy(from: &Path, to: &Path) {
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

fn built(name: &str) -> PathBuf {
    support::shared().join("birthmark/debug").join(name)
}

/// The lineage in the report of a panic with this message.
#[track_caller]
fn lineage<'a>(ran: &'a Ran, message: &str) -> &'a str {
    let report = ran
        .stderr
        .split_once(message)
        .unwrap_or_else(|| panic!("{}", ran.stderr))
        .1;
    let lineage = report
        .lines()
        .find(|line| line.trim_start().starts_with("lineage"));
    lineage.unwrap_or_else(|| panic!("{}", ran.stderr))
}

/// Asserts that names follow one another in a lineage.
#[track_caller]
fn assert_lineage(lineage: &str, names: &[&str]) {
    let mut rest = lineage;
    for name in names {
        rest = rest
            .split_once(name)
            .unwrap_or_else(|| panic!("no {name} in {lineage}"))
            .1;
    }
}

#[test]
#[ignore = "takes minutes"]
fn an_axum_application() {
    let ran = own("axum-app").birthmark("run --deps").ok();
    assert_eq!(ran.stdout, "ready: yes\nrows: none\nbroken: no answer\n");
    assert_lineage(
        lineage(&ran, "the body is broken"),
        &["handle_connection", "main::{async}", "1 main"],
    );
    println!("{}", ran.summary());
}

#[test]
#[ignore = "takes minutes"]
fn a_rayon_program() {
    let ran = own("rayon-app").birthmark("run --deps").ok();
    assert_eq!(ran.stdout, "sum 6\npanicked true\n");
    assert_lineage(
        lineage(&ran, "found it"),
        &["WalkParallel", "main::{closure}", "1 main"],
    );
    println!("{}", ran.summary());
}

#[test]
#[ignore = "takes minutes"]
fn a_smol_program() {
    let ran = own("smol-app").birthmark("run --deps").ok();
    assert_eq!(ran.stdout, "read true\npanicked true\n");
    assert_lineage(
        lineage(&ran, "blocked"),
        &["main::{closure}", "main::{async}", "1 main"],
    );
    println!("{}", ran.summary());
}

#[test]
#[ignore = "takes minutes"]
fn ripgrep() {
    let project = published("ripgrep", "14.1.1");
    let ran = project.birthmark("build --deps").ok();
    println!("{}", ran.summary());
    let found = project.run(
        Command::new(built("rg"))
            .args(["--sort=path", "-l", "fn main\\(", "."])
            .current_dir(project.path()),
    );
    assert!(
        found.stdout.contains("crates/core/main.rs"),
        "{}{}",
        found.stdout,
        found.stderr
    );
    let tests = project.birthmark("test --deps").ok();
    assert!(tests.stdout.contains("test result: ok"), "{}", tests.stdout);
}

/// A server that is stopped when the test ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
#[ignore = "takes minutes"]
fn mini_redis() {
    let project = published("mini-redis", "0.4.1");
    let ran = project.birthmark("build --deps --bins").ok();
    println!("{}", ran.summary());
    let mut command = Command::new(built("mini-redis-server"));
    let server = command
        .args(["--port", "16399"])
        .env("RUST_LOG", "info")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut server = Server(server);
    let mut lines = BufReader::new(server.0.stdout.take().unwrap()).lines();
    lines
        .find(|line| {
            line.as_ref()
                .is_ok_and(|line| line.contains("accepting inbound connections"))
        })
        .unwrap()
        .unwrap();
    let client = |args: &[&str]| {
        project
            .run(
                Command::new(built("mini-redis-cli"))
                    .args(["--port", "16399"])
                    .args(args),
            )
            .ok()
    };
    client(&["set", "a", "1"]);
    assert_eq!(client(&["get", "a"]).stdout.trim(), "\"1\"");
    drop(server);
    let tests = project.birthmark("test --deps --tests").ok();
    assert!(tests.stdout.contains("test result: ok"), "{}", tests.stdout);
}
