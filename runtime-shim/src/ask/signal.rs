//! Signals on which there may be a dump.

use std::fmt;
use std::str::FromStr;

use crate::types::escape::Quoted;

/// A signal that can request a dump. It has no other meaning to most programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DumpSignal {
    /// `QUIT`: Ctrl-\ on a terminal. Without a dump, the signal ends the program.
    Quit,
    /// `USR1`.
    Usr1,
    /// `USR2`.
    Usr2,
    /// `HUP`. The system also sends it when the terminal is closed.
    Hup,
}

impl DumpSignal {
    const ALL: [DumpSignal; 4] = [
        DumpSignal::Quit,
        DumpSignal::Usr1,
        DumpSignal::Usr2,
        DumpSignal::Hup,
    ];

    fn as_str(self) -> &'static str {
        match self {
            DumpSignal::Quit => "QUIT",
            DumpSignal::Usr1 => "USR1",
            DumpSignal::Usr2 => "USR2",
            DumpSignal::Hup => "HUP",
        }
    }
}

/// `QUIT`
impl fmt::Display for DumpSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Parses a name with or without `SIG`.
impl FromStr for DumpSignal {
    type Err = UnknownSignal;

    fn from_str(name: &str) -> Result<Self, UnknownSignal> {
        let short = name.strip_prefix("SIG").unwrap_or(name);
        let mut all = DumpSignal::ALL.into_iter();
        all.find(|signal| signal.as_str() == short)
            .ok_or_else(|| UnknownSignal(name.to_owned()))
    }
}

/// The error for a name that no [`DumpSignal`] has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSignal(String);

impl fmt::Display for UnknownSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Quoted {
            text: &self.0,
            cut: false,
        };
        write!(f, "there is no dump on {name}; use QUIT, USR1, USR2 or HUP")
    }
}

impl std::error::Error for UnknownSignal {}
