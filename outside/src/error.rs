//! Errors of opening a target, with what to do about each.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use birthmark_stacks::{AddFileError, CoreFileError};

/// Error of opening a process or a core file.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no process with this id.
    NoProcess {
        /// The id.
        id: u32,
    },
    /// The system refuses to show the memory of the process.
    Refused {
        /// Id of the process.
        id: u32,
        /// Cause.
        source: io::Error,
        /// Advice for a person.
        help: String,
    },
    /// The process has ended.
    Ended {
        /// Id of the process.
        id: u32,
    },
    /// The process runs another program than before.
    Replaced {
        /// Id of the process.
        id: u32,
    },
    /// The core file cannot be used.
    CoreFile(CoreFileError),
    /// The executable that belongs to a core file cannot be used.
    Executable {
        /// Path of the executable.
        path: PathBuf,
    },
    /// The executable is of another build than the one of the core file.
    OtherBuild {
        /// Path of the executable.
        path: PathBuf,
    },
    /// The target has no records of birthmark.
    NoRecords {
        /// Advice for a person.
        help: String,
    },
    /// A separate file with debug information cannot be used.
    DebugFile(AddFileError),
    /// The records have a layout that this version does not know.
    Version {
        /// Version of the layout.
        version: u32,
        /// Version of birthmark in the target, if it is known.
        package: String,
    },
    /// The description of the records makes no sense.
    Damaged {
        /// Address of the description.
        address: u64,
    },
    /// There are more records than a reader may copy.
    TooLarge {
        /// Maximum number of bytes.
        limit: u64,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProcess { id } => write!(
                f,
                "cannot find process {id}\nhelp: run `birthmark list` for the processes that have birthmark; ids in a \
                 container differ from those outside"
            ),
            Self::Refused { id, source, help } => {
                write!(
                    f,
                    "cannot read the memory of process {id}: {source}\nhelp: {help}"
                )
            }
            Self::Ended { id } => write!(
                f,
                "cannot read process {id}: it has ended\nhelp: run `birthmark list` for the processes that have birthmark"
            ),
            Self::Replaced { id } => write!(
                f,
                "cannot read process {id}: it runs another program now\nhelp: run the command again"
            ),
            Self::CoreFile(error) => error.fmt(f),
            Self::DebugFile(error) => error.fmt(f),
            Self::Executable { path } => write!(
                f,
                "cannot use {}: it is no executable, or the core file has no mapping that it can replace\nhelp: pass the \
                 executable that has run, with --exe",
                path.display()
            ),
            Self::OtherBuild { path } => write!(
                f,
                "cannot use {}: its build id is not that of the file in the core file\nhelp: pass the executable of the same \
                 build; `readelf -n` shows build ids",
                path.display()
            ),
            Self::NoRecords { help } => {
                write!(f, "cannot find records of birthmark\nhelp: {help}")
            }
            Self::Version { version, package } => {
                let own = birthmark_core::__reader::record::export::VERSION;
                write!(
                    f,
                    "cannot read records of layout {version}: this is birthmark {}, which reads layout {own}\nhelp: ",
                    env!("CARGO_PKG_VERSION")
                )?;
                match package.as_str() {
                    "" => {
                        f.write_str("use the version of birthmark that the program was built with")
                    }
                    package => write!(f, "run `cargo install birthmark-cli --version {package}`"),
                }
            }
            Self::Damaged { address } => write!(
                f,
                "cannot read records: their description at {address:#x} makes no sense\nhelp: the memory may be \
                 overwritten, or the core file truncated (`ulimit -c unlimited`)"
            ),
            Self::TooLarge { limit } => write!(
                f,
                "cannot copy the records: they have more than {limit} bytes\nhelp: raise the limit"
            ),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused { source, .. } => Some(source),
            Self::CoreFile(error) => Some(error),
            Self::DebugFile(error) => Some(error),
            _ => None,
        }
    }
}
