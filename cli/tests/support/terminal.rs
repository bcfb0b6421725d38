//! `birthmark top` in a pseudo-terminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::process::{Child, Command, Stdio};

use super::Specimen;

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

/// The page in a terminal.
pub struct Page {
    terminal: File,
    command: Child,
}

impl Page {
    pub fn open(specimen: &Specimen) -> Self {
        let (terminal, program) = terminal();
        let end = || Stdio::from(program.try_clone().expect("a descriptor"));
        let command = Command::new(env!("CARGO_BIN_EXE_birthmark"))
            .args(["top", &specimen.id(), "--delay", "0.1"])
            .env("TERM", "xterm-256color")
            .env("NO_COLOR", "1")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("the command starts");
        Page { terminal, command }
    }

    pub fn press(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).expect("a key");
    }

    pub fn wait_for(&mut self, text: &str) {
        wait_for(&mut self.terminal, text);
    }

    /// Reads what the page has written, so that the page never waits for this program.
    pub fn drain(&mut self) {
        let mut bytes = [0; 65536];
        let mut ready = libc::pollfd {
            fd: self.terminal.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one descriptor is given, which is open.
        while unsafe { libc::poll(&raw mut ready, 1, 0) } > 0 {
            if self.terminal.read(&mut bytes).unwrap_or(0) == 0 {
                return;
            }
        }
    }

    /// Leaves the page, which leaves the alternate screen.
    pub fn quit(mut self) {
        self.press("q");
        self.wait_for("\u{1b}[?1049l");
        assert!(self.command.wait().expect("it ends").success());
    }
}
