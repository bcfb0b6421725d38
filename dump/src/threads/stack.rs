//! Native stacks, as a program sees them. The crate `birthmark` takes them, with the feature `native-stacks`.

use std::fmt;
use std::sync::Arc;

use birthmark_core::__reader::escape::escape;

/// The native stack of an OS thread: the functions that it was in, innermost first.
///
/// Frames of birthmark itself are left out. Displayed, each frame is a line. The lines end where std calls the code
/// of the program, as in std's own backtraces.
#[derive(Clone, Debug, Default)]
pub struct NativeStack {
    #[doc(hidden)]
    pub frames: Vec<NativeFrame>,
    #[doc(hidden)]
    pub complete: bool,
    /// Number of frames within the innermost task of the thread, if the wrapper around it has a frame.
    #[doc(hidden)]
    pub within_task: Option<usize>,
}

impl NativeStack {
    /// Returns the functions, innermost first. Inlined functions are included if debug information shows them.
    pub fn frames(&self) -> &[NativeFrame] {
        &self.frames
    }

    /// Returns `true` if the stack reaches the start of the thread. The stack is truncated if it is deeper than the
    /// copied 128 KiB, or if a function has no unwind information.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Returns the functions of the innermost task that the thread runs, innermost first. Without debug information, they may
    /// be all functions of the thread.
    pub fn frames_of_task(&self) -> &[NativeFrame] {
        let within = self.within_task.unwrap_or(self.frames.len());
        self.frames.get(..within).unwrap_or(&self.frames)
    }

    /// Writes a line for each frame of the innermost task, each with an indent before it.
    pub(crate) fn write_task(&self, out: &mut impl fmt::Write, indent: &str) -> fmt::Result {
        if self.within_task.is_none() {
            return self.write(out, indent);
        }
        let mut frames = self.frames_of_task().iter();
        frames.try_for_each(|frame| writeln!(out, "{indent}{frame}"))
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

/// A function on the stack of an OS thread.
#[derive(Clone, Debug)]
pub struct NativeFrame {
    #[doc(hidden)]
    pub address: u64,
    #[doc(hidden)]
    pub function: Option<Arc<str>>,
    #[doc(hidden)]
    pub file: Option<Arc<str>>,
    #[doc(hidden)]
    pub line: Option<u32>,
    #[doc(hidden)]
    pub column: Option<u32>,
    #[doc(hidden)]
    pub inlined: bool,
}

impl NativeFrame {
    /// Returns an address in the function: of the current instruction, or within the call that has not returned.
    pub fn address(&self) -> u64 {
        self.address
    }

    /// Returns the name of the function, if it has a symbol.
    pub fn function(&self) -> Option<&str> {
        self.function.as_deref()
    }

    /// Returns the source file, if debug information exists.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// Returns the line, counted from 1.
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// Returns the column, counted from 1.
    pub fn column(&self) -> Option<u32> {
        self.column
    }

    /// Returns `true` if all frames outside of this one belong to std's start of a thread.
    fn is_start(&self) -> bool {
        self.function()
            .is_some_and(|it| it.contains("__rust_begin_short_backtrace"))
    }

    /// Returns `true` if the function is inlined into the next one.
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

/// The reason for which a thread has no stack in a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StackError {
    /// The feature `native-stacks` is off.
    Feature,
    /// The platform is not supported.
    Platform,
    /// The thread blocks the signal.
    Blocked,
    /// The thread did not answer in time.
    NoAnswer,
    /// The thread ended before it answered.
    Ended,
    /// The program handles the signal itself.
    SignalTaken,
    /// Another dump reads stacks at the moment.
    Busy,
    /// The thread waits in a system call that an interruption would end with an error, such as a read with a timeout.
    Interruptible,
    /// The thread has too little stack left for a signal handler.
    LittleStack,
    /// The system does not disclose the system call in which the thread waits.
    CallUnknown,
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StackError::Feature => "birthmark was built without its feature `native-stacks`",
            StackError::Platform => "stacks are not taken on this platform",
            StackError::Blocked => "the thread blocks SIGURG, by which it would be asked",
            StackError::NoAnswer => "the thread did not answer in time",
            StackError::Ended => "the thread has ended",
            StackError::SignalTaken => {
                "the program handles SIGURG itself, by which threads would be asked"
            }
            StackError::Busy => "another dump is taking stacks",
            StackError::Interruptible => {
                "the thread waits in a system call that would fail if it were interrupted"
            }
            StackError::LittleStack => "too little of the thread's stack is left for a signal",
            StackError::CallUnknown => "the system does not say in which call the thread waits",
        })
    }
}
