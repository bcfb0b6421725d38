//! Exit codes, and the errors that lead to them.

use std::fmt;
use std::io;
use std::process::ExitCode;

use birthmark_outside::OpenError;

/// The target cannot be read, or the output cannot be written.
pub(crate) const FAILED: u8 = 1;
/// The command line is wrong. clap uses the same code.
pub(crate) const USAGE: u8 = 2;
/// The filter selects no task.
pub(crate) const NO_TASK: u8 = 3;

/// The reason why a command ends with another code than 0.
#[derive(Debug)]
pub(crate) enum Failure {
    Open(OpenError),
    /// An error that is complete, with its help.
    Message(String),
    Usage(String),
    Output(io::Error),
    /// The output is complete, and has no task.
    NoTask,
}

impl Failure {
    /// Writes the error to standard error, and returns the exit code.
    pub(crate) fn report(self) -> ExitCode {
        let code = self.code();
        let is_silent = code == 0 || matches!(self, Failure::NoTask);
        if !is_silent {
            anstream::eprintln!("error: {self}");
        }
        ExitCode::from(code)
    }

    fn code(&self) -> u8 {
        match self {
            // The reader has seen enough.
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Failure::Open(_) | Failure::Message(_) | Failure::Output(_) => FAILED,
            Failure::Usage(_) => USAGE,
            Failure::NoTask => NO_TASK,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Open(error) => error.fmt(f),
            Failure::Message(message) | Failure::Usage(message) => f.write_str(message),
            Failure::Output(error) => write!(f, "cannot write the output: {error}"),
            Failure::NoTask => f.write_str("no task is selected"),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Failure::Open(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}
