//! A fork has the handle of its parent's server, but not the thread.

#![cfg(unix)]

use birthmark_test_support as _;

mod support;

use std::panic::AssertUnwindSafe;

use support::{get, send, serve};

/// How long the child may take, on any machine, before it is killed: in seconds.
const ALARM: u32 = 120;

#[test]
fn child_of_a_fork_has_a_server_when_it_starts_one() {
    let server = serve();
    // SAFETY: the child has this thread only. Of what the others may have held at this moment, allocation
    // is made ready for a child by the C library, and nothing else is needed here: it ends without unwinding.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: it changes when the process ends, which nothing relies on.
        unsafe { libc::alarm(ALARM) };
        let done = std::panic::catch_unwind(AssertUnwindSafe(|| go_on_without(server)));
        // SAFETY: it ends the process, without what the parent has left to do at its exit.
        unsafe { libc::_exit(i32::from(done.is_err())) };
    }
    assert!(child > 0, "{}", std::io::Error::last_os_error());
    assert_eq!(get(&server, "text").status(), 200, "the parent goes on");
    let mut status = 0;
    // SAFETY: the status is there to be written to.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "the child hangs or has failed");
    assert_eq!(get(&server, "text").status(), 200, "and still does");
}

/// The parent's handle does not wait for a thread that is not there, and the child may have a server of its own.
fn go_on_without(parents: birthmark_http::Server) {
    drop(parents);
    let own = serve();
    let request =
        "GET /debug/birthmark/text HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = send(own.local_addr(), request.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\ncoverage: "), "{answer}");
}
