//! Stacks of suspended tasks, as they are handed to the caller.

use std::fmt;

use crate::location::Location;
use crate::missing::Missing;
use crate::uses::Use;

/// Await stack of one task.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Stack {
    /// Frames of the root future. There is more than one if the root is a combinator.
    pub frames: Vec<Frame>,
    /// Reason why there are no frames, or not all of them.
    pub missing: Option<Missing>,
    /// Uses of shared things, if [`Options::uses`] asks for them.
    ///
    /// [`Options::uses`]: crate::Options::uses
    pub uses: Vec<Use>,
    /// Number of futures at which the stack ends: those that the task waits for.
    pub leaves: usize,
}

/// One future of a stack: a state machine, or what one awaits.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Frame {
    /// Kind of the future.
    pub kind: FrameKind,
    /// Path of the function, as in `app::Server::accept`, or of the type. Type arguments are left out.
    pub name: String,
    /// Path of the type with all type arguments.
    pub type_name: String,
    /// Address of the future.
    pub address: u64,
    /// Size of the future in bytes.
    pub size: u64,
    /// State of a state machine.
    pub state: State,
    /// Position of the `await` at which a state machine is suspended, or of its function.
    pub location: Option<Location>,
    /// Names of the combinators between the frame above and this one, the outermost first.
    pub via: Vec<String>,
    /// The value that the method was called on, or what a leaf waits for.
    pub receiver: Option<Receiver>,
    /// Local variables that are alive across the `await`, if [`Options::locals`] asks for them.
    ///
    /// [`Options::locals`]: crate::Options::locals
    pub locals: Vec<Local>,
    /// Id of the tokio task that a `JoinHandle` waits for. The frames of that task are the children.
    pub task: Option<u64>,
    /// Reason why nothing is known of what the future awaits.
    pub missing: Option<Missing>,
    /// Futures that this one awaits. There is more than one below a combinator, and none below a leaf.
    pub children: Vec<Frame>,
}

/// Kind of a future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameKind {
    /// An `async fn`.
    AsyncFn,
    /// An `async` block.
    AsyncBlock,
    /// The body of an `async` closure.
    AsyncClosure,
    /// A type that implements `Future` by hand. A frame of this kind is a leaf.
    Future,
    /// A trait object whose type is not known. The frame has the name of its `poll` function if there is a symbol.
    Object,
}

/// State of a state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// The future was never polled.
    NotStarted,
    /// The future is suspended at an `await`.
    Suspended,
    /// The future has returned.
    Returned,
    /// A poll has panicked.
    Panicked,
    /// The future is no state machine.
    Unknown,
}

/// A value that tells tasks of one function apart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receiver {
    /// Name of the variable or field, as in `self`.
    pub name: String,
    /// Path of its type without references and type arguments.
    pub type_name: String,
    /// Address of the value.
    pub address: u64,
}

/// A local variable of a state machine.
///
/// A variable that was moved may still be listed. Its value is then what it was before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Local {
    /// Name of the variable.
    pub name: String,
    /// Path of its type with all type arguments.
    pub type_name: String,
    /// Address of the variable.
    pub address: u64,
    /// Its value.
    pub value: LocalValue,
}

/// Value of a local variable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LocalValue {
    /// The value, much like `Debug` writes it. An ellipsis replaces omitted parts.
    Shown(String),
    /// A redaction hides the value.
    Redacted,
    /// The memory is not readable.
    Unreadable,
}

impl Frame {
    /// Returns the number of frames of this tree.
    #[must_use]
    pub fn count(&self) -> usize {
        1 + self.children.iter().map(Self::count).sum::<usize>()
    }
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for frame in &self.frames {
            frame.write(f, 0)?;
        }
        match &self.missing {
            Some(missing) => write_missing(f, missing, 0),
            None => Ok(()),
        }
    }
}

impl Frame {
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        write!(f, "{:depth$}", "")?;
        for name in &self.via {
            write!(f, "{name} > ")?;
        }
        f.write_str(&self.name)?;
        match self.state {
            State::NotStarted => f.write_str(" (not started)")?,
            State::Returned => f.write_str(" (returned)")?,
            State::Panicked => f.write_str(" (panicked)")?,
            State::Suspended | State::Unknown => {}
        }
        if let Some(location) = &self.location {
            write!(f, " at {location}")?;
        }
        if let Some(receiver) = &self.receiver {
            write!(f, " {}={:#x}", receiver.name, receiver.address)?;
        }
        if let Some(task) = self.task {
            write!(f, " task={task}")?;
        }
        f.write_str("\n")?;
        for local in &self.locals {
            writeln!(f, "{:1$}{local}", "", depth + 1)?;
        }
        if let Some(missing) = &self.missing {
            write_missing(f, missing, depth + 1)?;
        }
        for child in &self.children {
            child.write(f, depth + 1)?;
        }
        Ok(())
    }
}

fn write_missing(f: &mut fmt::Formatter<'_>, missing: &Missing, depth: usize) -> fmt::Result {
    write!(f, "{:depth$}({missing}", "")?;
    if let Some(remedy) = missing.remedy() {
        write!(f, "; help: {remedy}")?;
    }
    f.write_str(")\n")
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = match &self.value {
            LocalValue::Shown(value) => value,
            LocalValue::Redacted => "(redacted)",
            LocalValue::Unreadable => "(unreadable)",
        };
        write!(f, "| {} = {value}", self.name)
    }
}
