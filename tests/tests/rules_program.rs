//! Rules of the environment, in a program of their own: what they write, and what is wrong with them.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use birthmark_integration_tests::Ran;
use birthmark_integration_tests::asked::{empty_directory, files, limit_files};
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

/// Evaluations are counted, because they are the ticks that a rule has. Their number does not depend on the load.
#[test]
fn blocked_worker_is_found_by_the_second_evaluation_at_the_latest() {
    for scenario in ["evaluations", "evaluations-later"] {
        let ran = run(scenario, "");
        let value = |key: &str| -> u64 {
            let mut lines = ran.stdout.lines();
            let value = lines.find_map(|line| line.strip_prefix(key)?.trim().parse().ok());
            value.unwrap_or_else(|| panic!("no {key}: {ran:?}"))
        };
        assert!(value("evaluations ") <= 2, "{ran:?}");
        let thread = value("thread ");
        let line = value("line ");
        let first = ran.stderr.lines().next().unwrap_or_default();
        assert!(first.contains(" stand has been in one poll"), "{ran:?}");
        assert!(first.contains(&format!(", on thread {thread},")), "{ran:?}");
        // One stack, of this thread, with the function that blocks and the line that calls it.
        assert_eq!(ran.stderr.matches("stack of thread ").count(), 1, "{ran:?}");
        let stack = format!("  stack of thread {thread}\n");
        let (_, stack) = ran.stderr.split_once(&stack).expect("the stack");
        let stack = stack.split("\n  task ").next().unwrap_or_default();
        let has = |function: &str, place: &str| {
            let mut lines = stack.lines();
            lines.any(|line| line.contains(function) && line.contains(place))
        };
        let place = "tests/src/bin/rules.rs:";
        assert!(has("rules::stand_in_the_way at ", place), "{ran:?}");
        let at_fault = format!("{place}{line}:");
        let function = "rules::spawns::stand::{{closure}} at ";
        assert!(has(function, &at_fault), "{at_fault}: {ran:?}");
        assert!(!ran.stderr.contains("stand_elsewhere at "), "{ran:?}");
    }
}

#[test]
fn rule_that_needs_wakes_is_reported_if_they_are_off() {
    let words = "watch,stuck=1h,rule=state=running&state=runnable:log";
    let with = run("problems", words);
    assert_eq!(with.stderr, "", "{with:?}");
    assert_eq!(with.stdout.matches(": none\n").count(), 9, "{with:?}");
    let without = run("problems", &format!("{words},wakes=off"));
    let expected = [
        (
            "rule",
            "state=runnable&kind=future&for=5s",
            "1: \"state=runnable\" selects no task",
        ),
        (
            "rule",
            "no-waker&kind=future&for=10s",
            "1: \"no-waker\" selects no task",
        ),
        (
            "all of rule",
            "stuck&every=1h",
            "1: \"stuck\" finds no runnable tasks",
        ),
        (
            "all of rule",
            "state=running&state=runnable",
            "15: \"state=runnable\" selects no task",
        ),
        (
            "rule",
            "woken-by=7&older=1h",
            "1: \"woken-by=7\" selects no task",
        ),
    ];
    let lines = expected.iter().flat_map(|(what, rule, why)| {
        [
            format!(
                "birthmark: cannot use {what} \"{rule}\": at character {why}, because wakes are off"
            ),
            "help: leave out wakes=off and Builder::wakes(false)".to_owned(),
        ]
    });
    assert!(lines.eq(without.stderr.lines()), "{without:?}");
    for (_, rule, why) in expected {
        let line = format!("{rule}: at character {why}, because wakes are off\n");
        assert!(without.stdout.contains(&line), "{line}: {without:?}");
    }
    assert_eq!(without.stdout.matches(": none\n").count(), 4, "{without:?}");
}

/// While a process is stopped, its tasks do not go on, and that is no fault of theirs.
#[test]
fn process_that_was_stopped_has_no_reports_of_the_time_in_which_it_stood_still() {
    const LASTS: u64 = 2000;
    // Times are right to a tick, at each end.
    const TICKS: u64 = 400;
    let words = "rule=kind=future&state=suspended&for=2s:log,rule=name=patient&state=suspended&for=2s:log,\
                 rule=state=running&for=2s:log";
    let mut command = command("stopped", words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    out.read_line(&mut line).expect("the program writes");
    assert_eq!(line, "ready\n");
    let send = |signal| {
        // SAFETY: sends a signal to a child that has not been waited for.
        assert_eq!(unsafe { libc::kill(child.id().cast_signed(), signal) }, 0);
    };
    send(libc::SIGSTOP);
    std::thread::sleep(Duration::from_millis(LASTS + 1000));
    send(libc::SIGCONT);
    let mut stdout = String::new();
    out.read_to_string(&mut stdout).expect("the program writes");
    let ran: Ran = child.wait_with_output().expect("the program ends").into();
    let value = |line: &str, key: &str| line.strip_prefix(key)?.parse::<u64>().ok();
    let time = stdout.lines().find_map(|line| value(line, "ran "));
    let fired: Vec<u64> = stdout
        .lines()
        .filter_map(|line| value(line, "fired "))
        .collect();
    assert_eq!(fired.len(), 3, "{stdout} {ran:?}");
    // On a busy machine, tasks may have lasted long enough although the process was stopped.
    let is_long = time.is_some_and(|time| time + TICKS >= LASTS);
    assert!(fired == [0, 0, 0] || is_long, "{stdout} {ran:?}");
    // What lasts is reported later, with the reason for its age.
    let stood_still = "; the process probably stood still for ";
    let reports = ran.stderr.lines().filter(|line| line.contains(stood_still));
    assert!(reports.count() >= 3, "{ran:?}");
}

#[test]
fn time_of_day_that_jumps_makes_no_report_and_hides_none() {
    let output = Command::new(env!("CARGO_BIN_EXE_rules_clock"))
        .env_remove("BIRTHMARK")
        .stdin(Stdio::null())
        .output();
    let ran: Ran = output.expect("the program starts").into();
    let expected = "the clock jumps: true\nthe clock jumps: true\nthe clock jumps: true\n\
                    older=1h 0\nstate=suspended&for=1h 0\nname=&older=1h 0\ntimebox 0\n\
                    role=*block&state=running&for=300ms 1\n";
    assert_eq!(ran.stdout, expected, "{ran:?}");
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
fn child_of_a_fork_calls_a_function_that_its_parent_has_not_returned_from() {
    let ran = run("fork-in-call", "");
    assert_eq!(ran.stdout, "child calls 1\n", "{ran:?}");
}

#[test]
fn function_that_adds_rules_without_end_stops_at_the_limit() {
    let ran = run("full", "");
    let expected = "64 rules\nall hold: true\nroom false\n64 rules\n";
    assert_eq!(ran.stdout, expected, "{ran:?}");
    let no_room =
        "birthmark: cannot add all rules: there are 64 rules already\nhelp: leave some out\n";
    assert_eq!(ran.stderr, no_room, "{ran:?}");
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
fn full_disk_of_dumps_is_reported_and_loses_no_report() {
    let directory = empty_directory(env!("CARGO_TARGET_TMPDIR"), "rules_full_disk");
    let words = format!(
        "dir={},rule=state=running&for=200ms:log+dump",
        directory.display()
    );
    let mut command = command("blocked", &words);
    limit_files(&mut command, 16);
    let ran: Ran = command.output().expect("the program starts").into();
    assert_eq!(ran.stdout, "1 0\n", "{ran:?}");
    let lines_with = |what: &str| ran.stderr.lines().filter(|it| it.contains(what)).count();
    assert_eq!(lines_with("no dump written in \"/"), 1, "{ran:?}");
    assert_eq!(lines_with(" has been in one poll for "), 1, "{ran:?}");
    assert_eq!(lines_with(" ran on after "), 1, "{ran:?}");
    assert!(files(&directory).is_empty(), "{ran:?}");
}

#[test]
fn standard_error_that_nobody_reads_stops_no_other_rule() {
    assert_eq!(run("full-pipe", "").stdout, "called true\n");
}
