//! Dumps on a signal, of a program of its own.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use birthmark_integration_tests::asked::{Asked, empty_directory, files};
use birthmark_integration_tests::wait_until;

const PROGRAM: &str = env!("CARGO_BIN_EXE_asks");

#[test]
fn program_says_what_it_does_and_goes_on() {
    let mut asked = Asked::start(PROGRAM, "", "signal=QUIT");
    assert_eq!(asked.ask("hold 3"), "3 held");
    for _ in 0..2 {
        asked.signal(libc::SIGQUIT);
        let dump = asked.stderr_until("coverage: ");
        assert!(
            dump.starts_with("birthmark: asks (pid ")
                && dump.contains(" UTC: 4 tasks: 1 running, 3 created; "),
            "{dump}"
        );
        assert_eq!(
            dump.matches(" asked_to_wait                                        created")
                .count(),
            3,
            "{dump}"
        );
        assert!(!dump.contains('\u{1b}'), "no colours in a pipe: {dump}");
    }
    assert_eq!(asked.end(), "");
}

#[test]
fn form_and_selection_are_chosen() {
    let words = "signal=SIGUSR2,format=groups,filter=role=asked*&state=created";
    let mut asked = Asked::start(PROGRAM, "", words);
    assert_eq!(asked.ask("hold 5"), "5 held");
    asked.signal(libc::SIGUSR2);
    let dump = asked.stderr_until("coverage: ");
    assert!(dump.contains(" UTC: 5 of 6 tasks: 5 created; "), "{dump}");
    assert!(
        dump.contains("\nselected by role=asked*&state=created\n\n"),
        "{dump}"
    );
    let (_, groups) = dump.split_once("\n\n").unwrap();
    assert!(groups.starts_with("5 × asked_to_wait "), "{dump}");
    assert_eq!(asked.end(), "");
}

#[test]
fn binary_form_on_standard_error_is_refused_with_a_remedy() {
    let mut asked = Asked::start(PROGRAM, "", "signal=USR2,format=pprof");
    let said = asked.stderr_until("help: ");
    assert_eq!(
        said,
        "birthmark: cannot write pprof to standard error: it is binary; dumps are written as text\n\
         help: add `dir=PATH` to BIRTHMARK, or call Builder::dump_directory, to have pprof in files\n"
    );
    asked.signal(libc::SIGUSR2);
    let dump = asked.stderr_until("coverage: ");
    assert!(
        dump.starts_with("birthmark: asks (pid ") && dump.contains(" UTC: 0 tasks; "),
        "{dump}"
    );
    assert_eq!(asked.end(), "");
}

#[test]
fn tasks_are_selected_by_their_labels() {
    let words = "signal=USR2,filter=label=held=s*&label=held";
    let mut asked = Asked::start(PROGRAM, "", words);
    assert_eq!(asked.ask("label soon"), "labelled");
    assert_eq!(asked.ask("hold 2"), "2 held");
    asked.signal(libc::SIGUSR2);
    let dump = asked.stderr_until("coverage: ");
    let expected = " UTC: 3 of 3 tasks: 1 running, 2 created; ";
    assert!(dump.contains(expected), "{dump}");
    assert!(
        dump.contains("\nselected by label=held=s*&label=held\n"),
        "{dump}"
    );
    assert_eq!(dump.matches("  held=soon\n").count(), 3, "{dump}");
    assert_eq!(asked.end(), "");
}

#[test]
fn threads_are_in_it_if_asked_for() {
    let words = "signal=USR1,threads=states,filter=role=nobody";
    let mut asked = Asked::start(PROGRAM, "", words);
    assert_eq!(asked.ask("hold 1"), "1 held");
    // It has answered, and will wait for what it is asked next.
    let ask = |_| {
        asked.signal(libc::SIGUSR1);
        asked.stderr_until("coverage: ")
    };
    let waits = |dump: &String| dump.contains(" \"asks\"  read of 0  ");
    let dump = (0..1_000)
        .map(ask)
        .find(waits)
        .expect("a dump of a program that waits");
    assert!(dump.contains("  running task "), "{dump}");
    assert_eq!(asked.end(), "");
}

#[test]
fn without_the_word_the_signal_does_what_it_always_does() {
    let asked = Asked::start(PROGRAM, "", "");
    asked.signal(libc::SIGQUIT);
    assert_eq!(asked.killed_by(), Some(libc::SIGQUIT));
}

#[test]
fn programs_own_handlers_are_called_too() {
    for scenario in ["own_handler", "tokio_handler"] {
        let mut asked = Asked::start(PROGRAM, scenario, "signal=USR1");
        asked.signal(libc::SIGUSR1);
        asked.stderr_until("coverage: ");
        wait_until("the program's handler was called", || {
            asked.ask("called") == "1"
        });
        assert_eq!(asked.end(), "");
    }
}

#[test]
fn signals_that_come_faster_than_dumps_are_answered_together() {
    let directory = empty_directory(env!("CARGO_TARGET_TMPDIR"), "signals_faster");
    let words = format!("signal=USR1,files=3,dir={}", directory.display());
    let mut asked = Asked::start(PROGRAM, "", &words);
    assert_eq!(asked.ask("hold 2000"), "2000 held");
    for _ in 0..5000 {
        asked.signal(libc::SIGUSR1);
    }
    // The last signal has a dump of its own or shares one that began after it: this task is in one.
    assert_eq!(asked.ask("hold 1"), "2001 held");
    asked.signal(libc::SIGUSR1);
    wait_until("the last signal is answered", || {
        let newest = files(&directory).pop();
        newest.is_some_and(|name| {
            std::fs::read_to_string(directory.join(name))
                .is_ok_and(|dump| dump.contains(" UTC: 2002 tasks: "))
        })
    });
    let told = asked.end();
    assert!(
        told.lines()
            .all(|line| line.starts_with("birthmark: dump written to \"")),
        "{told}"
    );
    let count = files(&directory).len();
    assert!((1..=3).contains(&count), "{count}");
}

#[test]
fn reader_that_is_slow_stops_only_the_dump() {
    let mut asked = Asked::start(PROGRAM, "", "signal=USR1,format=tree");
    assert_eq!(asked.ask("chain 5000"), "5000 held");
    // Its dump is larger than a pipe, and nobody reads it.
    asked.signal(libc::SIGUSR1);
    // It has begun, so that what comes now asks for another one.
    asked.stderr_until("birthmark: ");
    for count in 1..=100 {
        assert_eq!(asked.ask("hold 1"), format!("{} held", 5000 + count));
        asked.signal(libc::SIGUSR1);
    }
    let dump = asked.stderr_until("coverage: ");
    assert!(
        dump.len() > 500_000,
        "the dump goes on where it stood: {}",
        dump.len()
    );
    asked.stderr_until("coverage: ");
    asked.end();
}

#[test]
fn colours_can_be_forced_and_forbidden() {
    let (words, force) = (("BIRTHMARK", "signal=USR1"), ("CLICOLOR_FORCE", "1"));
    for (environment, colored) in [
        (&[words][..], false),
        (&[words, force], true),
        (&[words, force, ("NO_COLOR", "1")], false),
        (&[words, ("CLICOLOR_FORCE", "0")], false),
    ] {
        let mut asked = Asked::start_in(PROGRAM, environment);
        asked.ask("hold 1");
        asked.signal(libc::SIGUSR1);
        let dump = asked.stderr_until("coverage: ");
        assert_eq!(dump.contains("\u{1b}["), colored, "{dump}");
        assert_eq!(asked.end(), "");
    }
}

#[test]
fn word_that_makes_no_sense_says_what_to_write() {
    for (word, told) in [
        (
            "signal=KILL",
            "invalid value \"KILL\" for `signal`\nhelp: use QUIT, USR1, USR2 or HUP\n",
        ),
        (
            "format=xml",
            "invalid value \"xml\" for `format`\nhelp: use text, tree, ",
        ),
        (
            "filter=stat=x",
            "a filter has no key \"stat\"\nhelp: use name, label, local, role, ",
        ),
        (
            "threads=all",
            "invalid value \"all\" for `threads`\nhelp: use off, states or stacks\n",
        ),
        (
            "files=0",
            "invalid value \"0\" for `files`\nhelp: write a number above 0, as in files=16\n",
        ),
        (
            "size=1T",
            "invalid value \"1T\" for `size`\nhelp: write a number and K, M or G, as in size=64M\n",
        ),
        ("dir=", "unknown word\nhelp: use on, off, wakes=…, "),
        (
            "panic=loud",
            "invalid value \"loud\" for `panic`\nhelp: use off, task, lineage or all\n",
        ),
        ("on=1", "unknown word\nhelp: use on, off, wakes=…, "),
    ] {
        let text = Asked::start(PROGRAM, "", word).end();
        let expected = format!("birthmark: cannot use \"{word}\" in BIRTHMARK: {told}");
        assert!(text.starts_with(&expected), "{text}\n{expected}");
    }
}

#[test]
fn directory_that_is_no_text_is_not_taken_for_another() {
    let words = OsStr::from_bytes(b"panic=task,dir=/nowhere/\xff,signal=USR1");
    let mut command = birthmark_integration_tests::command(PROGRAM, "", &[]);
    command.env("BIRTHMARK", words);
    let text = Asked::start_command(command).end();
    let expected = "birthmark: cannot use \"dir=/nowhere/\u{fffd}\" in BIRTHMARK: it is not UTF-8\n\
                    help: call Builder::dump_directory, which takes any path\n";
    assert_eq!(text, expected);
}

/// Native stacks are taken on Linux on these processors only.
#[cfg(has_native_stacks)]
#[test]
fn thread_that_the_signal_interrupts_is_shown_where_it_was() {
    let mut asked = Asked::start(PROGRAM, "slow_handler", "signal=USR1,threads=stacks");
    assert_eq!(asked.ask("hold 1"), "1 held");
    asked.signal(libc::SIGUSR1);
    let dump = asked.stderr_until("coverage: ");
    let main = dump
        .split("\nthread ")
        .find(|thread| thread.contains("asks::main"));
    let main = main.unwrap_or_else(|| panic!("no stack of main in:\n{dump}"));
    assert!(!main.contains("linger_in_usr1"), "{main}");
    assert_eq!(asked.end(), "");
}
