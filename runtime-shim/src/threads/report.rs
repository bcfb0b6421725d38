//! How much is looked at.

use std::fmt;
use std::str::FromStr;

use crate::escape::Quoted;

/// How much a dump says of OS threads: chosen by [`Dump::with_threads`](crate::Dump::with_threads), by
/// [`Builder::dump_threads`](crate::Builder::dump_threads) or by `BIRTHMARK=threads=…` in the environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ThreadReport {
    /// `off`: nothing. The default.
    #[default]
    Off,
    /// `states`: what the kernel says that each thread does, and which task runs on it. No thread notices
    /// that it was looked at.
    States,
    /// `stacks`: also where in its code each thread stands. With the feature `native-stacks`, on Linux, on
    /// x86-64 and AArch64.
    ///
    /// Each thread is sent the signal SIGURG and copies its stack; nobody waits for it longer than a second,
    /// and for all that do not answer, 4. The first such dump sets a handler up, unless the program has one
    /// of its own. A thread that waits in `epoll_wait` or `nanosleep`, or for a lock with a timeout, sees this
    /// system call interrupted (`EINTR`), as signal(7) describes. std, mio and tokio wait again; C code may not.
    /// A thread is left alone, and says so in place of its stack, if it waits in another call that is never started
    /// again, `poll` or a read from a socket with a timeout for one, or if little of its stack is left. A sandbox must let threads call `process_vm_readv`; where it is
    /// refused, stacks have one frame.
    Stacks,
}

impl ThreadReport {
    const ALL: &'static [ThreadReport] = &[
        ThreadReport::Off,
        ThreadReport::States,
        ThreadReport::Stacks,
    ];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            ThreadReport::Off => "off",
            ThreadReport::States => "states",
            ThreadReport::Stacks => "stacks",
        }
    }
}

impl fmt::Display for ThreadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// By name.
impl FromStr for ThreadReport {
    type Err = UnknownThreadReport;

    fn from_str(name: &str) -> Result<Self, UnknownThreadReport> {
        let mut all = ThreadReport::ALL.iter().copied();
        all.find(|report| report.as_str() == name)
            .ok_or_else(|| UnknownThreadReport(name.to_owned()))
    }
}

/// A name that is no [`ThreadReport`]'s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownThreadReport(String);

impl fmt::Display for UnknownThreadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Quoted {
            text: &self.0,
            cut: false,
        };
        write!(
            f,
            "{name} is not how much a dump says of threads; use off, states or stacks"
        )
    }
}

impl std::error::Error for UnknownThreadReport {}
