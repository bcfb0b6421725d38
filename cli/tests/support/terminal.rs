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

/// The content of a terminal. The page writes what has changed, and moves the cursor in between.
struct Screen {
    lines: [[char; 80]; 24],
    /// Line and column of the cursor.
    at: (usize, usize),
    /// Bytes that are not interpreted yet.
    rest: Vec<u8>,
    /// `true` while the page has a screen of its own.
    is_alternate: bool,
}

impl Screen {
    fn new() -> Self {
        Screen {
            lines: [[' '; 80]; 24],
            at: (0, 0),
            rest: Vec::new(),
            is_alternate: false,
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let text = match std::str::from_utf8(&self.rest) {
            Ok(text) => text.to_owned(),
            // A character is cut.
            Err(error) => String::from_utf8_lossy(&self.rest[..error.valid_up_to()]).into_owned(),
        };
        let mut left = text.as_str();
        while let Some(character) = left.chars().next() {
            if character != '\u{1b}' {
                self.put(character);
                left = &left[character.len_utf8()..];
                continue;
            }
            let Some(end) = left[1..].find(|it: char| it.is_ascii_alphabetic()) else {
                break;
            };
            self.control(&left[1..end + 2]);
            left = &left[end + 2..];
        }
        let done = text.len() - left.len();
        self.rest.drain(..done);
    }

    fn put(&mut self, character: char) {
        let (line, column) = self.at;
        if let Some(cell) = self.lines.get_mut(line).and_then(|it| it.get_mut(column)) {
            *cell = character;
        }
        self.at.1 += 1;
    }

    fn control(&mut self, sequence: &str) {
        match sequence {
            "[?1049h" => self.is_alternate = true,
            "[?1049l" => self.is_alternate = false,
            "[2J" => self.lines = [[' '; 80]; 24],
            _ => {}
        }
        let place = sequence
            .strip_prefix('[')
            .and_then(|it| it.strip_suffix('H'));
        if let Some((line, column)) = place.and_then(|it| it.split_once(';')) {
            let number = |text: &str| text.parse::<usize>().unwrap_or(1).saturating_sub(1);
            self.at = (number(line), number(column));
        }
    }

    fn text(&self) -> String {
        let lines = self
            .lines
            .iter()
            .map(|line| line.iter().collect::<String>());
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// The page in a terminal.
pub struct Page {
    terminal: File,
    screen: Screen,
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
        Page {
            terminal,
            screen: Screen::new(),
            command,
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).expect("a key");
    }

    /// Reads what the page writes until the screen has a text.
    pub fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |screen| screen.text().contains(text));
    }

    fn wait_until(&mut self, what: &str, is_so: impl Fn(&Screen) -> bool) {
        while !is_so(&self.screen) {
            let shown = || format!("{what:?} is not on the page:\n{}", self.screen.text());
            let mut bytes = [0; 4096];
            let count = self.terminal.read(&mut bytes).unwrap_or(0);
            assert!(count > 0, "{}", shown());
            self.screen.write(&bytes[..count]);
        }
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
            match self.terminal.read(&mut bytes) {
                Ok(count) if count > 0 => self.screen.write(&bytes[..count]),
                _ => return,
            }
        }
    }

    /// Leaves the page, which leaves the alternate screen.
    pub fn quit(mut self) {
        self.press("q");
        self.wait_until("the shell", |screen| !screen.is_alternate);
        assert!(self.command.wait().expect("it ends").success());
    }
}
