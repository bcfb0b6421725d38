//! Errors, exit codes, colours and texts for other programs.

#![cfg(target_os = "linux")]

mod support;

use birthmark_test_support as _;
use std::process::{Command, Stdio};
use support::{Specimen, birthmark, executable, shown};

/// Runs the command, which fails, and returns its exit code and its error.
fn refused(arguments: &[&str]) -> (i32, String) {
    let output = birthmark(arguments);
    let error = String::from_utf8(output.stderr).expect("text");
    (output.status.code().expect("it was not killed"), error)
}

#[test]
fn each_error_has_a_remedy() {
    let own = std::process::id().to_string();
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for (arguments, code, error) in [
        (
            &["ps", "4194999"][..],
            1,
            "cannot find process 4194999\nhelp: run `birthmark list`",
        ),
        (&["ps", &own], 1, "cannot find records of birthmark\nhelp: "),
        (
            &["ps", "no-such-program"],
            1,
            "cannot find a process with birthmark that is named `no-such-program`\nhelp: ",
        ),
        (&["ps", "--core", manifest], 1, "the file is no core file"),
        (&["ps", "--core", "/no/such"], 1, "cannot read /no/such: "),
        (&["ps"], 2, "no process is given\nhelp: "),
        (&["ps", "1", "colour=red"], 2, "help: "),
        (&["diff", "1", "--seconds", "-1"], 2, ""),
        (&["diff", manifest, manifest], 1, "help: save dumps with"),
        (&["dump", "1", "--format", "xml"], 2, "xml"),
    ] {
        let (found, message) = refused(arguments);
        assert_eq!(found, code, "{arguments:?}: {message}");
        assert!(message.contains(error), "{arguments:?}: {message}");
        assert!(message.starts_with("error: "), "{message}");
    }
}

#[test]
fn filter_that_selects_nothing_has_a_code_of_its_own() {
    let specimen = Specimen::start(&executable(), &[]);
    let output = birthmark(&["groups", &specimen.id(), "role=nothing"]);
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(" UTC: 0 of 13 tasks;"), "{text}");
    assert!(output.stderr.is_empty());
}

#[test]
fn output_has_colours_if_requested() {
    let specimen = Specimen::start(&executable(), &[]);
    let id = specimen.id();
    assert!(!shown(&["tree", &id]).contains('\u{1b}'));
    assert!(shown(&["tree", &id, "--color", "always"]).contains('\u{1b}'));
}

#[test]
fn reader_that_has_seen_enough_is_no_error() {
    let specimen = Specimen::start(&executable(), &["3000"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_birthmark"))
        .args(["ps", &specimen.id()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(command.stdout.take());
    let output = command.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
}

#[test]
fn list_has_the_process() {
    let specimen = Specimen::start(&executable(), &[]);
    let list = shown(&["list"]);
    let line = list
        .lines()
        .find(|line| line.trim_start().starts_with(&specimen.id()));
    let words: Vec<&str> = line.expect("it is listed").split_whitespace().collect();
    assert_eq!(words[1..], ["specimen", "13", env!("CARGO_PKG_VERSION")]);
}

#[test]
fn process_of_a_container_is_found() {
    let specimen = Specimen::start(&executable(), &[]);
    let id = specimen.id();
    let none = birthmark(&["ps", "--container", "no-such-container", &id]);
    assert_eq!(none.status.code(), Some(1));
    let error = String::from_utf8_lossy(&none.stderr);
    let expected = format!("named `{id}` in a container `no-such-container`\nhelp: ");
    assert!(error.contains(&expected), "{error}");
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let last_part = |line: &str| line.rsplit('/').next().unwrap_or_default().to_owned();
    let Some(own) = groups.lines().map(last_part).find(|part| !part.is_empty()) else {
        eprintln!("SKIPPED in part: this process is in no control group with a name");
        return;
    };
    let found = shown(&["ps", "--container", &own, &id, "role=courier"]);
    assert!(found.contains("courier"), "{found}");
    let by_name = birthmark(&["ps", "--container", &own, "specimen", "role=courier"]);
    let error = String::from_utf8_lossy(&by_name.stderr);
    // Other tests have specimens, too.
    assert!(
        by_name.status.success() || error.contains("cannot choose one of"),
        "{error}"
    );
}

#[test]
fn texts_for_other_programs_are_printed() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            shown(&["completions", shell]).contains("birthmark"),
            "{shell}"
        );
    }
    let page = shown(&["man"]);
    assert!(
        page.contains(".TH birthmark 1") && page.contains("Exit codes"),
        "{page}"
    );
    assert!(shown(&["gdb-script"]).contains("class Birthmark(gdb.Command)"));
    for command in [
        "ps",
        "tree",
        "groups",
        "threads",
        "dump",
        "sites",
        "diff",
        "list",
        "top",
        "gdb-script",
        "lldb-script",
    ] {
        assert!(shown(&[command, "--help"]).contains("Usage: "), "{command}");
        assert!(
            shown(&["--help"]).contains(&format!("\n  {command} ")),
            "{command}"
        );
    }
}
