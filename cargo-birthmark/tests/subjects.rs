//! Real programs, instrumented with all that they depend on. Each takes minutes: `./test --subjects`.
//!
//! Each program panics deep in a dependency, in a task or thread that does not know of birthmark. If a package brings
//! tests, they behave as in a plain build.

use birthmark_test_support as _;

mod support;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use support::Project;
use support::published::{assert_same_tests, cargo, copy, published};
use support::started::Started;

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

fn built(name: &str) -> PathBuf {
    support::shared().join("birthmark/debug").join(name)
}

/// The task in which a panic with this message happened and those that led to it, by their names.
#[track_caller]
fn lineage(said: &str, message: &str) -> Vec<String> {
    let report = said
        .split_once(message)
        .unwrap_or_else(|| panic!("no {message}: {said}"))
        .1;
    let line = |start: &str| {
        let mut lines = report.lines().map(str::trim_start);
        let line = lines.find_map(|line| line.strip_prefix(start));
        line.unwrap_or_else(|| panic!("no {start}: {said}"))
    };
    let task = line("in task ");
    let ancestors = line("by ").split(" < ");
    let names = [task].into_iter().chain(ancestors).map(without_id);
    names
        .map(|name| name.trim_end_matches(" (its name)").to_owned())
        .collect()
}

fn without_id(task: &str) -> String {
    let is_id = |character: char| character.is_ascii_digit() || character == ' ';
    task.trim_start_matches(is_id).to_owned()
}

#[test]
#[ignore = "takes minutes"]
fn axum_application() {
    let ran = cargo(&own("axum-app"), "birthmark run --deps").ok();
    assert_eq!(ran.stdout, "ready: yes\nrows: none\nbroken: no answer\n");
    assert_eq!(
        lineage(&ran.stderr, "the body is broken"),
        ["axum connection", "serve", "main"]
    );
}

#[test]
#[ignore = "takes minutes"]
fn rayon_program() {
    let ran = cargo(&own("rayon-app"), "birthmark run --deps").ok();
    assert_eq!(ran.stdout, "sum 6\npanicked true\n");
    assert_eq!(
        lineage(&ran.stderr, "found it"),
        ["worker.run", "walk", "main"]
    );
}

#[test]
#[ignore = "takes minutes"]
fn smol_program() {
    let ran = cargo(&own("smol-app"), "birthmark run --deps").ok();
    assert_eq!(ran.stdout, "read true\npanicked true\n");
    assert_eq!(
        lineage(&ran.stderr, "blocked"),
        ["main::{closure}", "main::{async}", "main"]
    );
}

#[test]
#[ignore = "takes minutes"]
fn a_program_with_pools_of_crates_that_may_do_without_std() {
    let project = own("no-std-app");
    let mut command = project.command("birthmark run --deps");
    let ran = project.run(command.env("BIRTHMARK", "panic=all")).ok();
    assert_eq!(ran.stdout, "started true\npanicked true\n");
    assert_eq!(
        lineage(&ran.stderr, "the pool of futures is broken"),
        ["main::{async}", "main"]
    );
    for pool in ["TaskPool::new_internal", "ThreadPoolBuilder::create"] {
        let is_thread = |block: &&str| block.lines().next().is_some_and(|head| head.contains(pool));
        let mut blocks = ran.stderr.split("\n\n");
        let thread = blocks.find(is_thread).unwrap_or_else(|| {
            panic!("no thread of {pool}: {}", ran.stderr);
        });
        assert!(thread.contains("root (pool)"), "{pool}: {thread}");
    }
}

/// A fault of grep-printer 0.2.2, which this version has (ripgrep#3180), makes it panic on a thread of ignore.
#[test]
#[ignore = "takes minutes"]
fn ripgrep() {
    let project = published("ripgrep", "14.1.1");
    cargo(&project, "birthmark build --deps").ok();
    let rg = |args: &[&str]| {
        let mut command = Command::new(built("rg"));
        command
            .args(args)
            .env("RUST_BACKTRACE", "0")
            .current_dir(project.path());
        command
    };
    let found = project
        .run(&mut rg(&["--sort=path", "-l", "fn main\\(", "."]))
        .ok();
    assert!(
        found.stdout.contains("crates/core/main.rs"),
        "{}",
        found.stdout
    );

    project.write("haystack/file", " b b b b b b b b\nc");
    let pattern = r"(^|[^a-z])((([a-z]+)?)\s)?b(\s([a-z]+)?)($|[^a-z])";
    let args = [
        "--threads=2",
        "--multiline",
        "--replace=x",
        pattern,
        "haystack",
    ];
    // The other thread would wait for this one for ever.
    let said = Started::new(&mut rg(&args)).said_until("lineage");
    assert_eq!(
        lineage(&said, "slice index starts at"),
        ["worker.run", "main"]
    );
    assert_same_tests(&project, "", &[]);
}

/// An expiry that no clock can tell makes tokio's time panic in the task of a connection.
#[test]
#[ignore = "takes minutes"]
fn mini_redis() {
    let project = published("mini-redis", "0.4.1");
    cargo(&project, "birthmark build --deps --bins").ok();
    let (port, server) = serve(&project);
    let client = |args: &[&str]| {
        let mut command = Command::new(built("mini-redis-cli"));
        project
            .run(command.args(["--port", &port.to_string()]).args(args))
            .ok()
    };
    client(&["set", "a", "1"]);
    assert_eq!(client(&["get", "a"]).stdout.trim(), "\"1\"");

    let words = ["set", "a", "1", "EX", "18446744073709551615"];
    let words = words.map(|word| format!("${}\r\n{word}\r\n", word.len()));
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    connection
        .write_all(format!("*{}\r\n{}", words.len(), words.concat()).as_bytes())
        .unwrap();
    let said = server.said_until("lineage");
    assert_eq!(
        lineage(&said, "overflow when adding duration to instant"),
        ["Handler::run", "main"]
    );
    // It was dropped with its task.
    assert_eq!(connection.read(&mut [0; 9]).unwrap(), 0);
    assert_same_tests(&project, "", &[]);
}

/// Starts mini-redis on a port that is free, which another program may take before it does.
fn serve(project: &Project) -> (u16, Started) {
    let attempts = (0..20).find_map(|_| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let mut command = Command::new(built("mini-redis-server"));
        command
            .args(["--port", &port.to_string()])
            .env("RUST_LOG", "info")
            .env("RUST_BACKTRACE", "0")
            .current_dir(project.path());
        let server = Started::new(&mut command);
        let said = server.said_until("accepting inbound connections");
        said.contains("accepting").then_some((port, server))
    });
    attempts.expect("a port is free")
}
