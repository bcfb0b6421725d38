//! Values that every layer uses.

#[cfg(not(feature = "off"))]
#[doc(hidden)]
pub mod bounded;
#[doc(hidden)]
pub mod escape;
#[cfg(not(feature = "off"))]
pub(crate) mod found_site;
#[cfg(not(feature = "off"))]
pub(crate) mod frame_site;
pub(crate) mod kind;
#[doc(hidden)]
pub mod named;
#[cfg(not(feature = "off"))]
pub mod pools;
#[cfg(not(feature = "off"))]
pub(crate) mod site;
#[cfg(not(feature = "off"))]
#[doc(hidden)]
pub mod source_path;
#[cfg(not(feature = "off"))]
mod type_role;

use std::error::Error;
use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

/// A number that identifies one task within the process. The number is never reused.
///
/// Each thread that spawns reserves several numbers at a time. Some numbers stay unused, and a lower number does not
/// always belong to an earlier task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub(crate) u64);

impl TaskId {
    /// Returns the number.
    #[inline]
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Takes the number that [`TaskId::as_u64`] has returned.
impl From<u64> for TaskId {
    fn from(number: u64) -> Self {
        TaskId(number)
    }
}

/// Parses the number that a dump shows.
///
/// # Examples
///
/// ```
/// use birthmark::TaskId;
///
/// let id: TaskId = "17".parse()?;
/// assert_eq!(id, TaskId::from(17));
/// assert_eq!(id.to_string(), "17");
/// assert!("main".parse::<TaskId>().is_err());
/// # Ok::<_, birthmark::ParseTaskIdError>(())
/// ```
impl FromStr for TaskId {
    type Err = ParseTaskIdError;

    fn from_str(text: &str) -> Result<Self, ParseTaskIdError> {
        text.parse().map(TaskId).map_err(ParseTaskIdError)
    }
}

/// The error of a text that is not a [`TaskId`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTaskIdError(ParseIntError);

impl fmt::Display for ParseTaskIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot parse a task id\nhelp: use the decimal number that a dump shows")
    }
}

impl Error for ParseTaskIdError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// The way in which a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The task returned.
    Completed,
    /// The task panicked.
    Panicked,
    /// The task was dropped before it returned: it was aborted, or its executor or spawner dropped it.
    Cancelled,
    /// A hook refused the task.
    Refused,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Outcome::Completed => "completed",
            Outcome::Panicked => "panicked",
            Outcome::Cancelled => "cancelled",
            Outcome::Refused => "refused",
        })
    }
}
