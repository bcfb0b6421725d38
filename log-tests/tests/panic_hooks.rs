//! Panic hooks of other crates: the report is there once, whichever crate writes the message.

use std::process::Command;
use std::thread;

use birthmark_log_tests::panic_hooks::{
    color_eyre_with_task, human_panic_with_task, tracing_panic_with_task,
};
use birthmark_test_support as _;

/// Runs a test of this file in a process of its own, because the panic hook is the process's.
fn stderr_of(scenario: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", scenario, "--ignored", "--nocapture"])
        .env_remove("BIRTHMARK")
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    let text = [output.stderr, output.stdout].concat();
    let text = String::from_utf8(text).unwrap();
    assert!(output.status.success(), "{text}");
    text
}

/// Asserts that a text has the message of the crate and after it, once, the report.
#[track_caller]
fn check(text: &str, message: &str) {
    let reports: Vec<_> = text.matches("in task ").collect();
    assert_eq!(reports.len(), 1, "{text}");
    let (before, after) = text.split_once("in task ").unwrap();
    assert!(before.contains(message), "{text}");
    assert!(after.contains(" fails\n"), "{text}");
    assert!(after.contains("    by       "), "{text}");
}

#[birthmark::instrument]
mod scenarios {
    use super::*;

    fn fails() {
        panic!("the disk is full");
    }

    fn panic_in_a_task() {
        thread::spawn(fails).join().unwrap_err();
    }

    #[test]
    #[ignore = "runs in a process of its own"]
    fn color_eyre_alone() {
        birthmark::install();
        color_eyre::install().unwrap();
        panic_in_a_task();
    }

    #[test]
    #[ignore = "runs in a process of its own"]
    fn color_eyre() {
        birthmark::install();
        color_eyre_with_task().unwrap();
        panic_in_a_task();
    }

    #[test]
    #[ignore = "runs in a process of its own"]
    fn human_panic() {
        birthmark::install();
        human_panic_with_task(human_panic::metadata!());
        panic_in_a_task();
    }

    #[test]
    #[ignore = "runs in a process of its own"]
    fn tracing_panic() {
        birthmark::install();
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(std::io::stderr)
            .init();
        tracing_panic_with_task();
        panic_in_a_task();
    }
}

#[test]
fn color_eyre_has_the_report() {
    check(
        &stderr_of("scenarios::color_eyre_alone"),
        "The application panicked (crashed).",
    );
    check(
        &stderr_of("scenarios::color_eyre"),
        "The application panicked (crashed).",
    );
}

#[test]
fn human_panic_has_the_report() {
    check(
        &stderr_of("scenarios::human_panic"),
        "We have generated a report file at",
    );
}

#[test]
fn tracing_panic_has_the_report() {
    let text = stderr_of("scenarios::tracing_panic");
    check(&text, "A panic occurred");
    assert!(text.contains("the disk is full"), "{text}");
}
