//! Native stacks, as a program sees them. The crate `birthmark` takes them, with the feature `native-stacks`.

use std::fmt;
use std::sync::Arc;

use crate::values::await_stack::short_path;
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
    fn write(&self, out: &mut impl fmt::Write, indent: &str) -> fmt::Result {
        for frame in self.inside_start() {
            writeln!(out, "{indent}{frame}")?;
        }
        match self.complete {
            true => Ok(()),
            false => writeln!(out, "{indent}{NOT_FOLLOWED}"),
        }
    }

    /// Returns the frames inside of std's start of the thread.
    fn inside_start(&self) -> &[NativeFrame] {
        let start = self.frames.iter().position(NativeFrame::is_start);
        &self.frames[..start.unwrap_or(self.frames.len())]
    }

    /// Returns the functions through which the innermost task has made a call, without those of std and of combinators, and
    /// whether there are more that are not known. The innermost function is there in any case.
    pub(crate) fn called(&self) -> (Vec<&NativeFrame>, bool) {
        let (frames, is_cut) = match self.within_task {
            Some(_) => (self.frames_of_task(), false),
            None => (self.without_executor().0, !self.complete),
        };
        let says_something = |(place, frame): &(usize, &NativeFrame)| {
            *place == 0 || !frame.is_of_std() && !frame.is_of(&COMBINATORS)
        };
        let frames = frames.iter().enumerate().filter(says_something);
        (frames.map(|(_, frame)| frame).collect(), is_cut)
    }

    /// Returns the frames without those of the executor that are around the task, and the number of the latter.
    pub(crate) fn without_executor(&self) -> (&[NativeFrame], usize) {
        let frames = self.inside_start();
        let is_of_program = |frame: &NativeFrame| !frame.is_of_executor() && !frame.is_of_std();
        let outermost = frames.iter().rposition(is_of_program);
        let around = outermost.map_or(0, |place| place + 1);
        // Functions of std that the program has called stay.
        let executor = frames[around..]
            .iter()
            .position(NativeFrame::is_of_executor);
        match executor {
            Some(place) => (&frames[..around + place], frames.len() - around - place),
            None => (frames, 0),
        }
    }
}

impl fmt::Display for NativeStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "")
    }
}

/// The last line of a stack that is not complete.
pub(crate) const NOT_FOLLOWED: &str = "and more, which could not be followed";

/// The crates with which executors poll and call tasks.
const EXECUTORS: [&str; 12] = [
    "tokio",
    "rayon_core",
    "rayon",
    "async_executor",
    "async_global_executor",
    "async_io",
    "async_std",
    "blocking",
    "futures_executor",
    "futures_lite",
    "smol",
    "threadpool",
];

/// The crates whose functions only poll what they contain.
const COMBINATORS: [&str; 5] = [
    "futures_core",
    "futures_util",
    "pin_project_lite",
    "tower",
    "tower_service",
];

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

    /// Returns `true` if the function belongs to an executor.
    fn is_of_executor(&self) -> bool {
        self.is_of(&EXECUTORS)
    }

    pub(super) fn is_of_std(&self) -> bool {
        self.is_of(&["std", "core", "alloc"])
            || self.function().is_some_and(|it| it.starts_with("__rust"))
    }

    /// Returns `true` if the function is in one of these crates, or a method that is implemented for a type of one.
    fn is_of(&self, crates: &[&str]) -> bool {
        let name = self.function().unwrap_or_default().trim_start_matches('<');
        // An inlined function may have no path.
        let package = self.file().and_then(package_of).unwrap_or_default();
        let is_in = |it: &&str| {
            let has_path = name
                .strip_prefix(*it)
                .is_some_and(|rest| rest.starts_with("::"));
            has_path || package.replace('-', "_") == **it
        };
        crates.iter().any(is_in)
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
        escape(short_path(file), f)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        Ok(())
    }
}

/// Returns the name of the package that has a file: `tokio` for `…/tokio-1.54.1/src/runtime/mod.rs`, or `std` for a file of the
/// standard library.
pub(super) fn package_of(file: &str) -> Option<&str> {
    let path = short_path(file);
    if let Some(library) = path.strip_prefix("library/") {
        return library.split('/').next();
    }
    let (folder, _) = path.split_once('/').filter(|_| path.len() < file.len())?;
    let (name, version) = folder.rsplit_once('-')?;
    let is_version = version.starts_with(|it: char| it.is_ascii_digit());
    is_version.then_some(name)
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
    /// The system does not permit another process to stop the thread.
    Refused,
    /// A debugger traces the thread, so no other process may stop it.
    Traced,
    /// The core file has no registers of the thread for this architecture.
    NoRegisters,
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
            StackError::Refused => "the system does not permit to stop the thread",
            StackError::Traced => "a debugger traces the thread",
            StackError::NoRegisters => "the core file has no registers of it",
        })
    }
}
