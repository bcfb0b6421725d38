//! The program `asks`, which is asked for dumps from outside.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};

use crate::command;

/// A running `asks`.
#[derive(Debug)]
pub struct Asked {
    child: Child,
    /// Closed when it is to end.
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    /// Standard error, with dumps and messages.
    pub stderr: BufReader<ChildStderr>,
}

impl Asked {
    /// Starts it, and waits until it can be asked.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn start(program: &str, scenario: &str, words: &str) -> Self {
        Self::start_command(command(program, scenario, &[("BIRTHMARK", words)]))
    }

    /// As [`Asked::start`], in an environment.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn start_in(program: &str, environment: &[(&str, &str)]) -> Self {
        Self::start_command(command(program, "", environment))
    }

    /// As [`Asked::start`], for a program that can write so many bytes to a file, and no more: as on
    /// a disk that is full.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn start_with_file_limit(program: &str, words: &str, bytes: u64) -> Self {
        let mut command = command(program, "", &[("BIRTHMARK", words)]);
        limit_files(&mut command, bytes);
        Self::start_command(command)
    }

    /// As [`Asked::start`], of a command that is set up already.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn start_command(mut command: Command) -> Self {
        let piped = || Stdio::piped();
        command.stdin(piped()).stdout(piped()).stderr(piped());
        let mut child = command.spawn().expect("it starts");
        let mut asked = Asked {
            stdin: child.stdin.take(),
            stdout: BufReader::new(child.stdout.take().expect("piped")),
            stderr: BufReader::new(child.stderr.take().expect("piped")),
            child,
        };
        assert_eq!(asked.answer(), "ready");
        asked
    }

    /// Asks, and waits for the answer.
    ///
    /// # Panics
    ///
    /// If it does not listen any more.
    #[track_caller]
    pub fn ask(&mut self, line: &str) -> String {
        let stdin = self.stdin.as_mut().expect("open until the end");
        writeln!(stdin, "{line}").expect("it listens");
        self.answer()
    }

    fn answer(&mut self) -> String {
        line(&mut self.stdout)
    }

    /// Sends a signal.
    ///
    /// # Panics
    ///
    /// If it is not there any more.
    pub fn signal(&self, number: i32) {
        // SAFETY: it is our child, and we have not waited for it.
        let sent = unsafe { libc::kill(self.child.id() as libc::pid_t, number) };
        assert_eq!(sent, 0);
    }

    /// Waits until standard error has a line that starts so, and returns what has come up to its end.
    ///
    /// # Panics
    ///
    /// If it ends before.
    #[track_caller]
    pub fn stderr_until(&mut self, start: &str) -> String {
        let mut text = String::new();
        loop {
            let begin = text.len();
            let count = self.stderr.read_line(&mut text).expect("it is text");
            assert!(count > 0, "no {start:?} in:\n{text}");
            if text[begin..].starts_with(start) {
                return text;
            }
        }
    }

    /// Ends it. Returns what there is still on standard error.
    ///
    /// # Panics
    ///
    /// If it does not end as it should.
    #[track_caller]
    pub fn end(mut self) -> String {
        drop(self.stdin.take());
        assert_eq!(self.answer(), "reached the end");
        let mut rest = String::new();
        self.stderr.read_to_string(&mut rest).expect("it is text");
        assert!(self.child.wait().expect("it ends").success());
        rest
    }

    /// Waits until it has ended by itself. Returns the signal that has killed it, if one has.
    ///
    /// # Panics
    ///
    /// If it cannot be waited for.
    pub fn killed_by(mut self) -> Option<i32> {
        use std::os::unix::process::ExitStatusExt;
        self.child.wait().expect("it ends").signal()
    }
}

fn line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).expect("it is text");
    line.trim_end().to_owned()
}

/// A directory of a test's own, empty.
///
/// # Panics
///
/// If it cannot be made.
#[must_use]
pub fn empty_directory(tmp: &str, name: &str) -> PathBuf {
    let path = Path::new(tmp).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("it can be made");
    path
}

/// The names of the files in a directory, in order.
///
/// # Panics
///
/// If it cannot be read.
#[must_use]
pub fn files(directory: &Path) -> Vec<String> {
    let files = std::fs::read_dir(directory).expect("it can be read");
    let name = |file: std::io::Result<std::fs::DirEntry>| file.ok()?.file_name().into_string().ok();
    let mut names: Vec<String> = files.filter_map(name).collect();
    names.sort();
    names
}

/// Lets a program write so many bytes to a file, and no more: as on a disk that is full.
pub fn limit_files(command: &mut Command, bytes: u64) {
    let limit = move || {
        let limit = libc::rlimit {
            rlim_cur: bytes,
            rlim_max: bytes,
        };
        // SAFETY: both are async-signal-safe, as is required between fork and exec.
        let set = unsafe {
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
            libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit)
        };
        match set {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        }
    };
    // SAFETY: see above.
    unsafe { command.pre_exec(limit) };
}
