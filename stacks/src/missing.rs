//! Reasons why a stack or a part of it is not known.

use std::fmt;

/// Reason why a stack or a part of it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// The address that leads to the type is in no file of the process.
    UnknownAddress {
        /// The address.
        address: u64,
    },
    /// A file has no debug information.
    NoDebugInfo {
        /// Path of the file.
        file: String,
    },
    /// The file at the path is of another build than the one that the process had mapped.
    OtherBuild {
        /// Path of the file.
        file: String,
    },
    /// The file has debug information, but none of this type.
    TypeNotFound {
        /// Address of the function or vtable that leads to the type.
        address: u64,
    },
    /// The type has another size than the future.
    SizeDiffers {
        /// Size of the future.
        expected: u64,
        /// Size of the type in the debug information.
        found: u64,
    },
    /// The type has another name than the future's type.
    NameDiffers {
        /// Name of the future's type.
        expected: String,
        /// Name of the type in the debug information.
        found: String,
    },
    /// The task runs, so its stack is that of its thread.
    Running,
    /// Memory of the future is not readable.
    Unreadable {
        /// Address that was read.
        address: u64,
    },
    /// The state machine is in a state that its type does not have.
    UnknownState {
        /// Number of the state.
        state: u64,
    },
    /// A limit was reached.
    Limit,
}

impl Missing {
    /// Returns what a person can do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoDebugInfo { .. } => {
                "set `debug = 2` in the profile, for the workspace at least; keep a separate file with debug information \
                 beside the executable, or pass it to the command `birthmark` by `--debug-file`"
            }
            Self::OtherBuild { .. } => {
                "pass the executable with which the program ran, or its separate file with debug information"
            }
            Self::TypeNotFound { .. } => {
                "set `debug = 2` in the profile of the crate that makes this future; `debug = 1` has no types. Split debug \
                 information is in a package `.dwp`: keep it beside the executable, or pass it to the command `birthmark` by \
                 `--debug-file`"
            }
            Self::SizeDiffers { .. } | Self::NameDiffers { .. } => {
                "use the debug information of this build; a linker that folds identical functions needs `--icf=safe`"
            }
            Self::Running => "look at the stack of the thread that runs the task, or try again",
            Self::Unreadable { .. } => {
                "run the reader as the same user, with the right to trace the process"
            }
            Self::UnknownState { .. } => "use the debug information of this build",
            Self::Limit => "raise the limit",
            Self::UnknownAddress { .. } => return None,
        })
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAddress { address } => {
                write!(f, "{address:#x} is in no file of the process")
            }
            Self::NoDebugInfo { file } => write!(f, "{file} has no debug information"),
            Self::OtherBuild { file } => write!(f, "{file} is of another build"),
            Self::TypeNotFound { address } => {
                write!(f, "no type is found by the address {address:#x}")
            }
            Self::SizeDiffers { expected, found } => {
                write!(
                    f,
                    "the future has {expected} bytes, and the type that was found has {found}"
                )
            }
            Self::NameDiffers { expected, found } => {
                write!(
                    f,
                    "the future is a `{expected}`, and the type that was found is `{found}`"
                )
            }
            Self::Running => f.write_str("the task runs"),
            Self::Unreadable { address } => write!(f, "memory at {address:#x} is not readable"),
            Self::UnknownState { state } => write!(f, "the state {state} is not known"),
            Self::Limit => f.write_str("a limit was reached"),
        }
    }
}
