//! The guard's promises, kept to this test binary as a child of itself.
#![cfg(unix)]

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Output};

use birthmark_test_support::guard::BOUND_VARIABLE;

/// Signals that shells and `nohup` have their children ignore, and one whose blocking would hide a child's end.
const INHERITED: [i32; 5] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGUSR1,
    libc::SIGCHLD,
];

/// Runs one of the ignored tests below in a child that ignores and blocks [`INHERITED`], and protects no file.
fn run(test: &str, bound: &str) -> Output {
    let mut command = Command::new(std::env::current_exe().expect("this binary has a path"));
    command
        .args(["--ignored", "--exact", test])
        .env(BOUND_VARIABLE, bound);
    let ignore = || {
        // SAFETY: `signal`, `sigaddset`, `sigprocmask` and `umask` are async-signal-safe, and the set is initialised.
        unsafe {
            libc::umask(0);
            let mut blocked = core::mem::zeroed();
            libc::sigemptyset(&raw mut blocked);
            for signal in INHERITED {
                libc::signal(signal, libc::SIG_IGN);
                libc::sigaddset(&raw mut blocked, signal);
            }
            libc::sigprocmask(libc::SIG_BLOCK, &raw const blocked, core::ptr::null_mut());
        }
        Ok(())
    };
    // SAFETY: between `fork` and `exec` the closure calls async-signal-safe functions only.
    unsafe { command.pre_exec(ignore) };
    command.output().expect("the child starts")
}

#[test]
fn inherited_signals_and_umask_are_back_to_their_defaults() {
    let output = run("child_checks_what_it_inherits", "60");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn hanging_test_binary_is_ended_and_says_so() {
    let output = run("child_hangs", "1");
    assert_eq!(output.status.signal(), Some(libc::SIGALRM), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("one of its tests hangs"), "{stderr}");
}

#[test]
#[ignore = "run by the test of what is inherited, in a child"]
fn child_checks_what_it_inherits() {
    // SAFETY: `umask` has no preconditions.
    assert_eq!(unsafe { libc::umask(0o022) }, 0o022);
    for signal in INHERITED {
        // SAFETY: `sigaction` and `sigprocmask` write only to the values that they are given.
        let (action, mask) = unsafe {
            let mut action: libc::sigaction = core::mem::zeroed();
            assert_eq!(
                libc::sigaction(signal, core::ptr::null(), &raw mut action),
                0
            );
            let mut mask = core::mem::zeroed();
            libc::pthread_sigmask(libc::SIG_BLOCK, core::ptr::null(), &raw mut mask);
            (
                action.sa_sigaction,
                libc::sigismember(&raw const mask, signal),
            )
        };
        assert_eq!((action, mask), (libc::SIG_DFL, 0), "signal {signal}");
    }
}

#[test]
#[ignore = "run by the test of hangs, in a child"]
fn child_hangs() {
    loop {
        std::thread::park();
    }
}
