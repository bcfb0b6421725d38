//! Panic reports, in separate processes.

use std::fmt::Write as _;

use birthmark_integration_tests::{Ran, build, normalise, run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_panics");
const SOURCE: &str = include_str!("../src/bin/panics.rs");

/// Runs a scenario that reaches its end.
#[track_caller]
fn report(scenario: &str, environment: &[(&str, &str)]) -> String {
    let ran = run(PROGRAM, scenario, environment);
    assert!(ran.success, "{ran:?}");
    assert_eq!(ran.stdout, "reached the end\n");
    normalise(&ran.stderr)
}

/// The position of a piece of source.
#[track_caller]
fn at(piece: &str) -> String {
    let mut lines = SOURCE.lines().zip(1..);
    let (line, number) = lines.find(|(line, _)| line.contains(piece)).unwrap();
    let column = line.find(piece).unwrap() + 1;
    assert!(
        !lines.any(|(line, _)| line.contains(piece)),
        "{piece} is there twice"
    );
    format!("tests/src/bin/panics.rs:{number}:{column}")
}

/// Lines, the first of which is `first`.
#[track_caller]
fn from(text: &str, first: &str) -> String {
    let start = text
        .find(first)
        .unwrap_or_else(|| panic!("no {first:?} in:\n{text}"));
    text[start..].to_owned()
}

/// The last report in a text: from the first line that is ours.
#[track_caller]
fn ours(text: &str) -> String {
    from(text, "  in ")
}

#[test]
fn panic_in_a_tokio_task_tells_who_it_was_and_where_it_came_from() {
    let text = report("tokio_task", &[]);
    let mut expected = String::new();
    let panicked = at("entries[index]");
    writeln!(
        expected,
        "\nthread 'tokio-rt-worker' (#) panicked at {panicked}:"
    )
    .unwrap();
    expected += "index out of bounds: the len is 3 but the index is 7\n";
    expected += "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
    expected += "  in task # \"req-id-123123\" audit\n";
    let spawned = at("tokio::spawn(audit");
    writeln!(
        expected,
        "    spawned  {spawned} by tokio::spawn in tokio_task, # s ago, # polls"
    )
    .unwrap();
    expected += "    by       # tokio_task::{async} (its name) < # main\n";
    assert_eq!(text, expected);
}

#[test]
fn panic_in_a_job_of_a_pool_is_reported() {
    let text = report("blocking_job", &[]);
    assert!(
        text.contains("  in task # blocking_job::{closure}\n    spawned  "),
        "{text}"
    );
    assert!(
        text.contains(", # s ago, blocking, # poll\n    by       # main\n"),
        "{text}"
    );
    let text = report("rayon_job", &[]);
    assert!(
        text.contains("  in task # rayon_job::{closure}\n    spawned  "),
        "{text}"
    );
    assert!(
        text.contains(", # s ago, job, # poll\n    by       # main\n"),
        "{text}"
    );
}

/// Returns the line about the task for which a worker without a record works.
#[track_caller]
fn lender(scenario: &str) -> String {
    let text = ours(&report(scenario, &[]));
    let mut lines = text.lines();
    let unseen = "  in no task: birthmark did not see this thread being spawned";
    assert_eq!(lines.next(), Some(unseen), "{text}");
    let lender = lines.next().unwrap_or_default().to_owned();
    let spawned = lines.next().unwrap_or_default();
    assert!(spawned.starts_with("    spawned  "), "{text}");
    assert_eq!(lines.next(), Some("    by       # main"), "{text}");
    lender
}

#[test]
#[cfg(target_os = "linux")]
fn panic_in_a_parallel_iterator_names_the_task_that_waits() {
    assert_eq!(
        lender("parallel_iterator"),
        "  probably for task # \"block-9\" parallel_iterator::{closure}, which waits and whose stack this thread uses"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn panic_in_a_stolen_half_names_the_task_that_waits() {
    assert_eq!(
        lender("join"),
        "  probably for task # join::{closure}, which waits and whose stack this thread uses"
    );
}

#[test]
fn panic_in_a_thread_is_reported() {
    let text = report("std_thread", &[]);
    assert!(
        text.contains("thread 'worker' ("),
        "its name is what the program gave it: {text}"
    );
    let expected = "  in task # std_thread::{closure}\n    spawned  ";
    assert!(ours(&text).starts_with(expected), "{text}");
}

#[test]
fn panic_in_main_is_reported() {
    let text = report("main_thread", &[]);
    let expected = "  in task # main\n    spawned  # s ago, main thread\n";
    assert_eq!(ours(&text), expected);
    // It has not become a task yet.
    let text = report("main_thread_without_spawns", &[]);
    assert_eq!(
        ours(&text),
        "  in no task: birthmark did not see the main thread spawn anything\n"
    );
}

#[test]
fn panic_on_a_pool_thread_after_a_job_does_not_name_the_job() {
    let text = report("after_a_job", &[]);
    let lender = "  probably for task # main, which waits and whose stack this thread uses\n    \
                  spawned  # s ago, main thread\n";
    assert_eq!(
        ours(&text),
        format!(
            "  in no task: birthmark did not see this thread being spawned\n{}",
            if cfg!(target_os = "linux") {
                lender
            } else {
                ""
            }
        )
    );
}

#[test]
fn panic_in_a_thread_that_was_never_seen_says_so() {
    let text = report("external_thread", &[]);
    assert_eq!(
        ours(&text),
        "  in no task: birthmark did not see this thread being spawned\n"
    );
}

#[test]
fn dump_as_json_is_one_line_of_standard_error() {
    let ran = run(
        PROGRAM,
        "std_thread",
        &[("BIRTHMARK", "panic=all,format=json")],
    );
    let records = ran.stderr.lines().filter(|line| line.starts_with('{'));
    let [record] = records.collect::<Vec<_>>()[..] else {
        panic!("{}", ran.stderr);
    };
    let dump: serde_json::Value = serde_json::from_str(record).unwrap();
    assert_eq!(dump["format"], "birthmark-dump");
    assert!(
        dump["tasks"]
            .as_array()
            .is_some_and(|tasks| !tasks.is_empty())
    );
}

#[test]
fn report_that_a_hook_has_written_is_not_written_again() {
    let text = report("user_hook_reports", &[]);
    let report = "  in task # std_thread::{closure}";
    let (own, after) = text.split_once("end\n").unwrap();
    assert!(own.contains(&format!("begin\n{report}")), "{text}");
    assert_eq!(own.matches(report).count(), 1, "{text}");
    assert_eq!(
        after.matches(report).count(),
        1,
        "the report of the next panic: {text}"
    );
}

#[test]
fn users_hook_is_called_whichever_came_first() {
    for scenario in ["user_hook_before_install", "user_hook_after_install"] {
        let text = report(scenario, &[]);
        assert_eq!(
            text.matches("the user's hook: ").count(),
            1,
            "{scenario}: {text}"
        );
        assert_eq!(
            text.matches("  in task # std_thread::{closure}").count(),
            1,
            "{text}"
        );
        let message = text.find("in a thread").unwrap();
        assert!(
            message < text.find("  in task #").unwrap(),
            "the message comes first: {text}"
        );
    }
}

/// The report does not depend on which hook was set first, nor on how a hook was replaced.
#[test]
fn hook_set_after_install_keeps_the_report() {
    for scenario in [
        "user_hook_replaces",
        "user_hook_replaces_twice",
        "user_hook_is_taken",
        "hook_silenced_for_a_while",
        "hook_dropped_while_panicking",
    ] {
        let text = report(scenario, &[]);
        let reports = text.matches("  in task # std_thread::{closure}").count();
        assert_eq!(reports, 1, "{scenario}: {text}");
        assert!(!text.contains("nobody is to see this"), "{text}");
        let message = text.rfind("in a thread").expect(&text);
        assert!(
            message < text.find("  in task # std_thread").unwrap(),
            "{scenario}, the message comes first: {text}"
        );
        let text = report(scenario, &[("BIRTHMARK", "panic=off")]);
        assert!(!text.contains("  in task"), "{scenario}: {text}");
    }
}

#[test]
fn program_that_has_not_installed_it_has_no_report() {
    let text = report("std_thread", &[("WITHOUT_INSTALL", "1")]);
    assert!(
        text.contains("in a thread") && !text.contains("in task"),
        "{text}"
    );
}

#[test]
fn panic_while_panicking_is_reported_too() {
    let ran = run(PROGRAM, "while_panicking", &[]);
    assert_eq!(ran.signal, Some(6), "std aborts: {ran:?}");
    // The first one, the second one, and the one with which std says that this was one too many.
    assert_eq!(
        ran.stderr.matches("  in task ").count(),
        3,
        "{}",
        ran.stderr
    );
    assert_eq!(
        ran.stderr.matches("panicked at").count(),
        3,
        "{}",
        ran.stderr
    );
    let text = report("in_a_destructor", &[]);
    assert_eq!(
        text.matches("  in task # in_a_destructor::{closure}")
            .count(),
        2,
        "{text}"
    );
}

#[test]
fn panic_in_what_a_closure_owns_is_its_tasks() {
    let text = report("in_a_capture", &[]);
    let expected = "  in task # in_a_capture::{closure}\n    spawned  ";
    assert!(ours(&text).starts_with(expected), "{text}");
}

#[test]
fn panic_while_the_thread_exits_does_no_harm() {
    let text = report("while_the_thread_exits", &[]);
    assert_eq!(
        text.matches("while the thread exits\n").count(),
        2,
        "{text}"
    );
    let ended = "  in no task: task # while_the_thread_exits::{closure}, the last on this thread, has ended\n    spawned  ";
    assert_eq!(text.matches(ended).count(), 2, "{text}");
}

#[test]
fn name_cannot_forge_the_report() {
    let text = report("hostile_name", &[]);
    let expected = r#" "a\nfake: line \u{1b}[31m\"quoted\"\u{202e}reversed" "#;
    assert!(text.contains(expected), "{text}");
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{202e}'),
        "{text}"
    );
}

#[test]
fn long_lineage_is_reported_whole() {
    let text = report("long_lineage", &[]);
    let line = text
        .lines()
        .find(|line| line.starts_with("    by "))
        .unwrap();
    assert_eq!(line.matches(" < # ").count(), 299, "{text}");
    assert!(line.ends_with(" < # main"), "{text}");
}

#[test]
fn detached_task_has_no_lineage() {
    let text = report("detached", &[]);
    assert!(
        text.contains("  in task # detached::{closure}\n") && !text.contains("    by "),
        "{text}"
    );
}

#[test]
fn report_shows_own_name_and_the_spawners_in_the_lineage() {
    let text = ours(&report("carried_name", &[]));
    assert!(
        text.starts_with("  in task # \"second\" carried_name::{closure}\n"),
        "{text}"
    );
    let spawner = "    by       # \"the first name of the two, longer than a slot\" main\n";
    assert!(text.ends_with(spawner), "{text}");
}

#[test]
fn labels_are_told() {
    let text = ours(&report("labelled", &[]));
    let lines: Vec<_> = text.lines().collect();
    assert!(
        lines[0].starts_with("  in task # \"named\" labelled::{closure}"),
        "{text}"
    );
    assert_eq!(
        lines[1],
        r#"    labels   forged="x\n    lineage \u{1b}[31m" route=/index tenant="acme & sons""#
    );
    assert!(lines[2].starts_with("    spawned  "), "{text}");
    let line = "    by       # labelled::{closure} < # main (its name)";
    assert_eq!(lines[3], line);
}

/// The lines of frames.
fn frames(text: &str) -> Vec<&str> {
    let frames = text
        .lines()
        .skip_while(|line| !line.starts_with("    within "));
    let is_frame = |line: &&str| line.starts_with("    within ") || line.starts_with("         ");
    frames.take_while(is_frame).collect()
}

#[test]
fn awaits_in_which_it_panicked_are_shown() {
    let text = report("in_awaits", &[]);
    let [branch, spawned] = frames(&text)[..] else {
        panic!("two frames, and none of the other branch: {text}")
    };
    let parse = at("parse(\"seven\"));\n".trim_end());
    assert!(
        spawned.starts_with("             read in in_awaits tests/src/bin/panics.rs:"),
        "{text}"
    );
    assert_eq!(branch, format!("    within   parse in read {parse}"));
    assert!(frames(&report("in_awaits", &[("BIRTHMARK", "panic=task")])).is_empty());
}

#[test]
fn awaits_that_have_no_room_are_counted() {
    let text = report("deep_in_awaits", &[]);
    let frames = frames(&text);
    assert_eq!(frames.len(), 15, "{text}");
    assert_eq!(frames[0], "    within   6 more, beyond the room for frames");
}

#[test]
fn each_thread_has_its_own_awaits() {
    let text = report("polled_by_hand", &[]);
    assert_eq!(frames(&text), [""; 0], "block_on is no task: {text}");
}

#[test]
fn report_on_a_thread_of_a_pool_says_that_the_task_has_no_record() {
    let text = report("on_a_pool_thread", &[]);
    let parse = at("parse(\"seven\"));\n".trim_end());
    let expected = format!(
        "  in task # Pool::start::{{closure}}\n    \
         polls    parse in read {parse}\n    \
         spawned  pool.rs:3:5 by Builder::spawn in Pool::start, # s ago, thread, \
         root (pool): for whom it works here is not known\n"
    );
    assert_eq!(ours(&text), expected);
}

#[test]
fn unwinding_without_a_panic_is_silent() {
    assert_eq!(report("silent", &[]), "");
}

#[test]
fn panics_at_the_same_time_do_not_wait_for_each_other() {
    let text = report("many_at_once", &[]);
    assert_eq!(
        text.matches("  in task # many_at_once::{closure}\n")
            .count(),
        160
    );
    assert_eq!(text.matches("    by       # ").count(), 160);
}

#[test]
fn task_that_was_spawned_while_off_is_unknown() {
    let text = report("while_off", &[]);
    assert!(ours(&text).starts_with("  in no task: "), "{text}");
}

#[test]
fn panic_hook_may_dump_and_spawn() {
    let text = report("in_the_panic_hook", &[]);
    assert!(text.contains("in the hook: 2 tasks, Ok(true)"), "{text}");
}

#[test]
fn closed_stderr_does_no_harm() {
    assert_eq!(report("stderr_closed", &[]), "");
}

#[test]
fn environment_says_how_much_is_reported() {
    let said = |words| {
        let text = report("carried_name", &[("BIRTHMARK", words)]);
        let parts = [
            "  in task # ",
            "    spawned  ",
            "    by       ",
            "\ncoverage: ",
        ];
        parts.map(|part| text.contains(part))
    };
    assert_eq!(said("panic=off"), [false, false, false, false]);
    assert_eq!(said("panic=task"), [true, true, false, false]);
    assert_eq!(said("panic=lineage"), [true, true, true, false]);
    assert_eq!(said("panic=all"), [true, true, true, true]);
    assert_eq!(said(" on , panic=task,,"), [true, true, false, false]);
    assert_eq!(said(""), [true, true, true, false]);
    assert!(!said("off")[1], "nothing is recorded");
    // The last one counts.
    assert_eq!(said("panic=all,panic=task"), [true, true, false, false]);
}

#[test]
fn word_that_is_not_understood_is_named_and_ignored() {
    let text = report(
        "carried_name",
        &[("BIRTHMARK", "panik=task,panic=task,\u{1b}[2J")],
    );
    let told =
        "birthmark: cannot use \"panik=task\" in BIRTHMARK: unknown word\nhelp: use on, off, ";
    assert!(text.contains(told), "{text}");
    assert!(
        text.contains(r#"birthmark: cannot use "\u{1b}[2J" in BIRTHMARK"#),
        "{text}"
    );
    // The program has called `install` twice.
    assert_eq!(text.matches("birthmark: cannot use ").count(), 2, "{text}");
    assert!(
        text.contains("    spawned  ") && !text.contains("    by       "),
        "{text}"
    );
}

const ABORTS: &str = r#"
#[birthmark::instrument]
fn main() {
    birthmark::install();
    if std::env::args().nth(1).as_deref() == Some("refused") {
        birthmark::set_hook(|spawn: &mut birthmark::Spawn<'_>| spawn.refuse("no")).unwrap();
    }
    birthmark::set_name("the name");
    std::thread::spawn(|| panic!("and that is the end")).join().unwrap();
}
"#;

#[test]
fn report_works_if_panics_abort() {
    let tmp = env!("CARGO_TARGET_TMPDIR");
    let program = build(tmp, "aborts", "panic = \"abort\"", ABORTS);
    let ran: Ran = run(&program, "", &[]);
    assert_eq!(ran.signal, Some(6), "{ran:?}");
    let text = normalise(&ran.stderr);
    assert!(
        text.contains("  in task # \"the name\" main::{closure}\n"),
        "{text}"
    );
    assert!(text.contains("    by       # main (its name)\n"), "{text}");
    let ran: Ran = run(&program, "refused", &[]);
    assert_eq!(ran.signal, Some(6), "{ran:?}");
    assert!(
        ran.stderr
            .contains("a spawn hook refused std::thread::spawn"),
        "{ran:?}"
    );
}
