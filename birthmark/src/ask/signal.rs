//! Signals on which there may be a dump.

use std::fmt;
use std::str::FromStr;

use birthmark_core::__reader::escape::Quoted;
use birthmark_core::__reader::named_enum;
use birthmark_dump::__private::OneOf;

named_enum! {
    /// A signal that can request a dump, because it has no other meaning to most programs.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum DumpSignal {
        /// Ctrl-\\ on a terminal. Without a dump, the signal ends the program.
        Quit = "QUIT",
        /// the first signal that programs may use as they like.
        Usr1 = "USR1",
        /// the second such signal.
        Usr2 = "USR2",
        /// the system also sends this signal when the terminal is closed.
        Hup = "HUP",
    }
}

/// Parses a name with or without `SIG`.
impl FromStr for DumpSignal {
    type Err = ParseSignalError;

    fn from_str(name: &str) -> Result<Self, ParseSignalError> {
        let short = name.strip_prefix("SIG").unwrap_or(name);
        DumpSignal::named(short).ok_or_else(|| ParseSignalError(name.to_owned()))
    }
}

/// The error for a name that no [`DumpSignal`] has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseSignalError(String);

impl fmt::Display for ParseSignalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Quoted::whole(&self.0);
        let signals = OneOf(DumpSignal::ALL.iter());
        write!(f, "there is no dump on {name}; use {signals}")
    }
}

impl std::error::Error for ParseSignalError {}
