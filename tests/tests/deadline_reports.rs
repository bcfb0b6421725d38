//! Reports of deadlines that were exceeded, in separate processes; and forks.

use birthmark_integration_tests::{normalise, run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_deadlines");

#[track_caller]
fn report(scenario: &str) -> String {
    let ran = run(PROGRAM, scenario, &[]);
    assert!(ran.success, "{ran:?}");
    let lines = normalise(&ran.stderr);
    lines
        .lines()
        .map(|line| without_numbers(line) + "\n")
        .collect()
}

/// Replaces positions and ids, which change with the program and from run to run.
fn without_numbers(line: &str) -> String {
    let mut out = String::new();
    let lists_tasks = ["    aborted ", "    asked ", "    alive "];
    let lists_tasks = lists_tasks.iter().any(|label| line.starts_with(label));
    for word in line.split_inclusive(' ') {
        match word.split_once(".rs:") {
            Some((file, position)) => {
                let end = position.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
                out += &format!("{file}.rs:#{end}");
            }
            None if lists_tasks && word.trim_end().parse::<u64>().is_ok() => out += "# ",
            None => out += word,
        }
    }
    out
}

#[test]
fn report_has_the_task_its_lineage_and_what_became_of_its_children() {
    let expected = "\
birthmark: a deadline of 50 ms, set at tests/src/bin/deadlines.rs:#, was exceeded
  in task # \"req-7\" serve
    labels   tenant=acme
    spawned  tests/src/bin/deadlines.rs:# by tokio::spawn in accept, # s ago
    by       # main
    aborted  # audit
    asked    # serve::{closure} (blocking)
";
    assert_eq!(report("tokio"), expected);
}

#[test]
fn report_of_a_deadline_that_is_not_enforced_lists_some_live_tasks() {
    let text = report("alive");
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].ends_with("was exceeded") && lines.len() == 3,
        "{text}"
    );
    assert!(lines[2].starts_with("    alive    "), "{text}");
    assert!(lines[2].ends_with(", … # more"), "{text}");
}

#[test]
fn report_of_a_task_that_has_ended_has_its_role() {
    let text = report("ended");
    assert!(
        text.contains(
            " orphan::{closure}, which has ended\n    spawned  tests/src/bin/deadlines.rs:#\n"
        ),
        "{text}"
    );
}

#[test]
fn report_of_a_deadline_that_had_passed_says_so() {
    let text = report("past");
    assert!(
        text.starts_with("birthmark: a deadline that had passed before, set at "),
        "{text}"
    );
}

#[test]
fn reports_are_off_with_those_of_panics() {
    let ran = run(PROGRAM, "alive", &[("BIRTHMARK", "panic=off")]);
    assert!(ran.success && ran.stderr.is_empty(), "{ran:?}");
}

#[test]
fn million_nested_deadlines_are_set_and_dropped() {
    let ran = run(PROGRAM, "many", &[]);
    assert!(ran.success, "{ran:?}");
    assert_eq!(ran.stdout, "None\n");
}

#[test]
fn child_of_a_fork_has_deadlines_of_its_own_whatever_other_threads_did() {
    let ran = run(PROGRAM, "fork", &[("BIRTHMARK", "panic=off")]);
    assert_eq!(ran.stdout, "[\"exit 0\"]\n", "{ran:?}");
}

#[test]
fn child_of_a_fork_goes_on_under_a_deadline_of_its_parent() {
    let ran = run(PROGRAM, "fork_inherited", &[("BIRTHMARK", "panic=off")]);
    assert_eq!(ran.stdout, "{\"exit 0\"}\n", "{ran:?}");
}
