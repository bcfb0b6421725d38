//! Rules of the environment, in a program of their own: what they write, and what is wrong with them.

use std::fs::OpenOptions;
use std::process::{Command, Stdio};

use birthmark_integration_tests::Ran;
use birthmark_integration_tests::asked::{empty_directory, files};
use birthmark_test_support as _;

fn command(scenario: &str, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rules"));
    command
        .arg(scenario)
        .env("BIRTHMARK", words)
        .stdin(Stdio::null());
    command
}

fn run(scenario: &str, words: &str) -> Ran {
    let output = command(scenario, words).output();
    output.expect("the program starts").into()
}

#[test]
fn blocked_worker_is_reported_with_the_line_at_fault_on_its_stack() {
    let ran = run("blocked", "rule=state=running&for=300ms:stacks");
    let lines: Vec<&str> = ran.stderr.lines().collect();
    let first = lines.first().copied().unwrap_or_default();
    let start = "birthmark: rule state=running&for=300ms: task ";
    assert!(first.starts_with(start), "{ran:?}");
    assert!(
        first.contains(" block has been in one poll for 0."),
        "{ran:?}"
    );
    let has = |what: &str| lines.iter().any(|line| line.contains(what));
    assert!(has("  stack of thread "), "{ran:?}");
    assert!(has("rules::sleep_in_the_way at "), "{ran:?}");
    assert!(has("tests/src/bin/rules.rs:"), "{ran:?}");
    assert!(has("      spawned  tests/src/bin/rules.rs:"), "{ran:?}");
    let last = lines.last().copied().unwrap_or_default();
    assert!(
        last.starts_with(start) && last.contains(" ran on after "),
        "{ran:?}"
    );
    assert_eq!(ran.stdout, "1 0\n", "{ran:?}");
}

#[test]
fn dump_of_a_rule_is_written_to_the_directory() {
    let directory = empty_directory(env!("CARGO_TARGET_TMPDIR"), "rules_dump");
    let words = format!(
        "dir={},rule=state=running&for=200ms:groups+diff",
        directory.display()
    );
    let ran = run("blocked", &words);
    assert_eq!(files(&directory).len(), 2, "{ran:?}");
    assert_eq!(ran.stderr.matches("dump written to").count(), 2, "{ran:?}");
}

#[test]
fn rule_that_is_not_understood_is_reported_at_the_word() {
    let ran = run(
        "bad",
        "rule=state=running&for=1:log,rule=role=a:fly,stuck=9,watch=1",
    );
    let expected = [
        "birthmark: cannot use \"rule=state=running&for=1:log\" in BIRTHMARK: at character 24: \"1\" is no time\n",
        "birthmark: cannot use \"rule=role=a:fly\" in BIRTHMARK: at character 13: \"fly\" is no action\nhelp: use log, ",
        "birthmark: cannot use \"stuck=9\" in BIRTHMARK: invalid value \"9\" for `stuck`\nhelp: ",
        "birthmark: cannot use \"watch=1\" in BIRTHMARK: unknown word\n",
        "birthmark: cannot use rule \"state=runing\": at character 7: \"runing\" is no state\nhelp: use ",
    ];
    for text in expected {
        assert_eq!(
            ran.stderr.matches(text).count(),
            1,
            "{text}\n{}",
            ran.stderr
        );
    }
    assert_eq!(ran.stdout, "0\n", "{ran:?}");
}

#[test]
fn rules_are_listed_once_in_their_order() {
    let ran = run(
        "listed",
        "watch,stuck=30s,rule=role=a&older=1s,rule=role=a&older=1s:log+tree",
    );
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 8, "{ran:?}");
    assert_eq!(lines[0], "state=running&for=1s:stacks");
    assert_eq!(
        lines[5..],
        [
            "stuck&every=30s:stacks",
            "role=a&older=1s:log",
            "role=a&older=1s:log+tree"
        ]
    );
}

#[test]
fn deadlock_is_reported_once_and_so_is_its_end() {
    let ran = run("deadlock", "stuck=1s");
    let found = "birthmark: rule stuck&every=1s: deadlock of 2 tasks, ";
    assert_eq!(ran.stderr.matches(found).count(), 1, "{ran:?}");
    let gone = "birthmark: rule stuck&every=1s: no longer after ";
    assert_eq!(ran.stderr.matches(gone).count(), 1, "{ran:?}");
}

#[test]
fn child_of_a_fork_has_the_rules_of_its_parent() {
    let ran = run("fork", "rule=kind=thread&older=100ms:log");
    assert_eq!(ran.stdout, "child fired 1\n", "{ran:?}");
}

#[test]
fn process_is_aborted_after_the_line() {
    let ran = run("abort", "rule=kind=thread&older=100ms:log+abort");
    assert!(
        ran.stderr
            .starts_with("birthmark: rule kind=thread&older=100ms: task "),
        "{ran:?}"
    );
    assert!(!ran.stdout.contains("what?"), "{ran:?}");
    let output = command("abort", "rule=kind=thread&older=100ms:abort").output();
    assert!(!output.expect("the program starts").status.success());
}

#[test]
fn panic_in_a_function_of_a_rule_harms_no_other_rule() {
    let ran = run("panics", "");
    assert_eq!(
        ran.stderr.matches("the pager is broken").count(),
        1,
        "{ran:?}"
    );
    assert_eq!(
        ran.stderr
            .matches("birthmark: rule kind=thread&older=200ms: task ")
            .count(),
        1,
        "{ran:?}"
    );
}

#[test]
fn full_disk_leaves_the_program_alone() {
    let full = OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("Linux has it");
    let mut command = command("blocked", "rule=state=running&for=200ms:stacks+dump+json");
    let output = command.stderr(full).output().expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "1 0\n",
        "{output:?}"
    );
}

#[test]
fn standard_error_that_nobody_reads_stops_no_other_rule() {
    assert_eq!(run("full-pipe", "").stdout, "called true\n");
}
