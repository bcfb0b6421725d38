//! The terminal page in a pseudo-terminal.

#![cfg(target_os = "linux")]

mod support;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::process::{Command, Stdio};

use birthmark_test_support as _;
use support::{Specimen, birthmark, executable};

/// Returns both ends of a pseudo-terminal of 80 columns and 24 lines.
fn terminal() -> (File, OwnedFd) {
    let size = libc::winsize {
        ws_row: 24,
        ws_col: 80,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let (mut own, mut program) = (0, 0);
    let (none, settings) = (std::ptr::null_mut(), std::ptr::null());
    // SAFETY: the two numbers are written, the size is read, and the other arguments may be null.
    let failed = unsafe {
        libc::openpty(
            &raw mut own,
            &raw mut program,
            none,
            settings,
            &raw const size,
        )
    };
    assert_eq!(failed, 0, "no pseudo-terminal");
    // SAFETY: both were just opened, and nothing else owns them.
    unsafe { (File::from_raw_fd(own), OwnedFd::from_raw_fd(program)) }
}

/// Reads what the page writes until it contains a text.
fn wait_for(terminal: &mut File, text: &str) {
    let mut seen = String::new();
    while !seen.contains(text) {
        let mut bytes = [0; 4096];
        let count = terminal.read(&mut bytes).unwrap_or(0);
        assert!(count > 0, "the page ended without {text:?}: {seen:?}");
        seen += &String::from_utf8_lossy(&bytes[..count]);
    }
}

#[test]
fn page_is_driven_by_keys_and_leaves_the_terminal_as_it_was() {
    let specimen = Specimen::start(&executable(), &["100"]);
    let (mut own, program) = terminal();
    let end = || Stdio::from(program.try_clone().expect("a descriptor"));
    let mut page = Command::new(env!("CARGO_BIN_EXE_birthmark"))
        .args(["top", &specimen.id(), "--delay", "0.1"])
        .env("TERM", "xterm-256color")
        .env("NO_COLOR", "1")
        .stdin(end())
        .stdout(end())
        .stderr(end())
        .spawn()
        .expect("the command starts");
    drop(program);
    wait_for(&mut own, "one_of_many");
    own.write_all(b"2").expect("a key");
    wait_for(&mut own, "POLLS");
    own.write_all(b"q").expect("a key");
    // Leaves the alternate screen.
    wait_for(&mut own, "\u{1b}[?1049l");
    assert!(page.wait().expect("it ends").success());
}

#[test]
fn page_without_a_terminal_is_an_error() {
    let specimen = Specimen::start(&executable(), &[]);
    let output = birthmark(&["top", &specimen.id()]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).expect("text");
    assert!(
        error.starts_with("error: cannot open a page, because the output is no terminal\nhelp: "),
        "{error}"
    );
    let output = birthmark(&["top", &specimen.id(), "--delay", "0"]);
    assert_eq!(output.status.code(), Some(2));
}
