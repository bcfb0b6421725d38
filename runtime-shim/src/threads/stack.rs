//! Native stacks, as a program sees them. `native` takes them, if that feature is on.

use std::fmt;
use std::sync::Arc;

use crate::escape::escape;

/// Where in its code an OS thread stood: the functions that it was in, innermost first.
///
/// Frames of birthmark's own are left out. Displayed, each frame is a line, down to where std calls what the
/// program has given it, as in std's own backtraces.
#[derive(Clone, Debug, Default)]
pub struct NativeStack {
    pub(super) frames: Vec<NativeFrame>,
    pub(super) complete: bool,
}

impl NativeStack {
    /// The functions, innermost first; inlined ones, too, as far as debug information tells.
    pub fn frames(&self) -> &[NativeFrame] {
        &self.frames
    }

    /// Whether it goes back to where the thread began. It does not where it is deeper than what is copied
    /// of it, 128 KiB, or goes through code that says nothing of its frames.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Writes a line for each frame, each with an indent before it.
    pub(crate) fn write(&self, out: &mut impl fmt::Write, indent: &str) -> fmt::Result {
        for frame in &self.frames {
            if frame.is_start() {
                return Ok(());
            }
            writeln!(out, "{indent}{frame}")?;
        }
        if self.complete {
            return Ok(());
        }
        writeln!(out, "{indent}and more, which could not be followed")
    }
}

impl fmt::Display for NativeStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "")
    }
}

/// A function that an OS thread was in.
#[derive(Clone, Debug)]
pub struct NativeFrame {
    pub(super) address: u64,
    pub(super) function: Option<Arc<str>>,
    pub(super) file: Option<Arc<str>>,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
    pub(super) inlined: bool,
}

impl NativeFrame {
    /// An address in it: of the instruction where the thread stood, or in the call that it waits for.
    pub fn address(&self) -> u64 {
        self.address
    }

    /// The function, if there is a symbol for it.
    pub fn function(&self) -> Option<&str> {
        self.function.as_deref()
    }

    /// The source file, if there is debug information.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The line, counted from 1.
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// The column, counted from 1.
    pub fn column(&self) -> Option<u32> {
        self.column
    }

    /// Whether all outside of it is how std starts a thread.
    fn is_start(&self) -> bool {
        self.function()
            .is_some_and(|it| it.contains("__rust_begin_short_backtrace"))
    }

    /// Whether it is a part of the next function rather than a call from it.
    pub fn is_inlined(&self) -> bool {
        self.inlined
    }
}

/// `read at /usr/src/io.rs:31:5`
impl fmt::Display for NativeFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.function {
            Some(function) => escape(function, f)?,
            None => write!(f, "{:#x}", self.address)?,
        }
        let Some(file) = &self.file else {
            return Ok(());
        };
        f.write_str(" at ")?;
        escape(file, f)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        Ok(())
    }
}

/// Why there is no stack of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoStack {
    /// birthmark was built without its feature `native-stacks`.
    Feature,
    /// Stacks are not taken on this platform.
    Platform,
    /// The thread blocks the signal by which it would be asked.
    Blocked,
    /// It was asked and did not answer in time. Nothing is left to be waited for.
    NoAnswer,
    /// It ended before it answered.
    Ended,
    /// The program itself handles the signal.
    SignalTaken,
    /// Another dump is taking stacks.
    Busy,
    /// It waits in a system call that would fail if it were interrupted, such as a read with a timeout.
    Interruptible,
    /// Too little is left of its stack for a signal.
    LittleStack,
    /// The system does not say in which system call it waits.
    CallUnknown,
}

impl fmt::Display for NoStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoStack::Feature => "birthmark was built without its feature `native-stacks`",
            NoStack::Platform => "stacks are not taken on this platform",
            NoStack::Blocked => "the thread blocks SIGURG, by which it would be asked",
            NoStack::NoAnswer => "the thread did not answer in time",
            NoStack::Ended => "the thread has ended",
            NoStack::SignalTaken => {
                "the program handles SIGURG itself, by which threads would be asked"
            }
            NoStack::Busy => "another dump is taking stacks",
            NoStack::Interruptible => {
                "the thread waits in a system call that would fail if it were interrupted"
            }
            NoStack::LittleStack => "too little of the thread's stack is left for a signal",
            NoStack::CallUnknown => "the system does not say in which call the thread waits",
        })
    }
}
