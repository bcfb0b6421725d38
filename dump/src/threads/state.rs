//! The state of an OS thread.

use std::fmt;

use birthmark_core::__reader::escape::escape;

use super::SystemCall;

/// The state of an OS thread, as the kernel reports it.
///
/// Displayed as in dumps: `running`, `futex`, `read of 7`, `stopped`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ThreadState {
    /// The thread runs, or waits for a CPU.
    Running,
    /// The thread waits in a system call.
    InCall(SystemCall),
    /// The thread waits outside of a system call, usually for a page of memory.
    OutsideCall,
    /// The thread waits, and the kernel does not disclose the system call. The kernel may disclose the kernel
    /// function.
    Waiting {
        /// Name of the kernel function.
        function: Option<String>,
    },
    /// The thread is stopped by a signal or a debugger.
    Stopped,
    /// The thread received the signal that ended the process. Only dumps of core files have this state.
    Signalled {
        /// Number of the signal.
        signal: u16,
    },
    /// The thread has ended.
    Ended,
    /// The kernel reports a state that birthmark does not know.
    Other,
}

impl fmt::Display for ThreadState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ThreadState::Running => f.write_str("running"),
            ThreadState::InCall(call) => call.fmt(f),
            ThreadState::OutsideCall => f.write_str("waiting outside of system calls"),
            ThreadState::Waiting { function: None } => {
                f.write_str("waiting, system call not permitted to know")
            }
            ThreadState::Waiting {
                function: Some(function),
            } => {
                f.write_str("waiting in the kernel's ")?;
                escape(function, f)
            }
            ThreadState::Stopped => f.write_str("stopped"),
            ThreadState::Signalled { signal } => match signal_name(*signal) {
                Some(name) => write!(f, "received {name}"),
                None => write!(f, "received signal {signal}"),
            },
            ThreadState::Ended => f.write_str("ended"),
            ThreadState::Other => f.write_str("in a state that is not known here"),
        }
    }
}

/// Returns the name of a signal by which Linux writes a core file.
fn signal_name(number: u16) -> Option<&'static str> {
    Some(match number {
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        11 => "SIGSEGV",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => return None,
    })
}
