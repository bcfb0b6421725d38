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
}

impl ThreadReport {
    const ALL: &'static [ThreadReport] = &[ThreadReport::Off, ThreadReport::States];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            ThreadReport::Off => "off",
            ThreadReport::States => "states",
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
            "{name} is not how much a dump says of threads; use off or states"
        )
    }
}

impl std::error::Error for UnknownThreadReport {}
