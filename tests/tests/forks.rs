//! Programs that fork, and programs that have one thread and want to keep it so.

use std::process::{Command, Stdio};

use birthmark_integration_tests::Ran;
use birthmark_integration_tests::asked::{empty_directory, files};
use birthmark_test_support as _;

fn forks(arguments: &[&str], words: &str) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_forks"))
        .args(arguments)
        .env("BIRTHMARK", words)
        .stdin(Stdio::null())
        .output();
    output.expect("the program starts").into()
}

#[test]
fn program_with_one_thread_keeps_it_so() {
    for scenario in ["alone", "alone_without_clock"] {
        let ran = forks(&[scenario], "");
        assert_eq!(ran.stdout, "1 2\n", "{scenario}: {ran:?}");
    }
}

#[test]
fn install_starts_the_clock_of_a_program_with_one_thread() {
    let ran = forks(&["installed"], "");
    assert_eq!(ran.stdout, "2\n", "{ran:?}");
}

#[test]
fn child_of_a_fork_writes_dumps_on_a_signal_once_it_has_spawned() {
    let directory = empty_directory(env!("CARGO_TARGET_TMPDIR"), "forks_daemon");
    let path = directory.to_str().unwrap();
    let ran = forks(&["daemon", path], &format!("signal=USR1,dir={path}"));
    assert_eq!(ran.stdout, "exit 0\n", "{ran:?}");
    assert_eq!(files(&directory).len(), 1);
}

#[test]
fn signal_does_its_default_in_a_child_that_has_spawned_nothing() {
    let ran = forks(&["unused"], "signal=USR1");
    assert_eq!(ran.stdout, format!("signal {}\n", libc::SIGUSR1), "{ran:?}");
}

#[test]
fn hooks_are_added_in_the_child_of_a_fork_whatever_other_threads_did() {
    let ran = forks(&["hooks"], "");
    assert_eq!(ran.stdout, "[\"exit 0\"]\n", "{ran:?}");
}
