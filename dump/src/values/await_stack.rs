//! Await stacks out of debug information, as a program sees them. The crate `birthmark` reads them, with the feature
//! `debug-stacks`.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use birthmark_core::__reader::escape::escape;
use birthmark_core::FrameSite;

use super::leaf;
use super::stack::NOT_POLLED;

/// The await stack of a suspended task: the futures that it is inside of, down to the one that it waits for.
///
/// Debug information describes futures of instrumented code and of dependencies alike. Frames of instrumented code are
/// joined with it; [`AwaitFrame::source`] tells where a frame comes from.
///
/// Displayed, a frame is a line, indented by its depth:
///
/// ```text
/// in app::load at src/main.rs:31:14, awaiting client.fetch [instrumented, debug info]
///   in client::fetch at client/src/lib.rs:40 [debug info]
///     tokio::sync::oneshot::Receiver [debug info]
/// ```
#[derive(Clone, Debug, Default)]
pub struct AwaitStack {
    #[doc(hidden)]
    pub frames: Vec<AwaitFrame>,
    #[doc(hidden)]
    pub missing: Option<MissingFrames>,
    #[doc(hidden)]
    pub stale: bool,
}

/// A future that a task is inside of.
#[derive(Clone, Debug)]
pub struct AwaitFrame {
    #[doc(hidden)]
    pub depth: usize,
    #[doc(hidden)]
    pub name: Arc<str>,
    #[doc(hidden)]
    pub site: Option<&'static FrameSite>,
    #[doc(hidden)]
    pub idle: bool,
    #[doc(hidden)]
    pub debug_info: Option<Box<DebugInfoFrame>>,
}

/// The parts of a frame that debug information has.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct DebugInfoFrame {
    /// Path of the type with all type arguments.
    pub type_name: String,
    pub location: Option<AwaitLocation>,
    /// State of a state machine that is not suspended.
    pub state: Option<&'static str>,
    /// Names of the combinators around the future, the outermost first.
    pub via: Vec<String>,
    pub receiver: Option<AwaitReceiver>,
    pub locals: Vec<LocalVariable>,
    /// Id that the runtime gave to the task whose frames follow.
    pub runtime_task: Option<u64>,
    pub missing: Option<MissingFrames>,
}

/// Where a frame comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameSource {
    /// From an `.await` in instrumented code.
    Instrumented,
    /// From debug information.
    DebugInfo,
    /// From both.
    Both,
}

/// The position of an `await` by debug information, which has no columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwaitLocation {
    #[doc(hidden)]
    pub file: Arc<str>,
    #[doc(hidden)]
    pub line: u32,
    #[doc(hidden)]
    pub last_line: u32,
}

/// The value that the method of a frame was called on, or what a future waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwaitReceiver {
    #[doc(hidden)]
    pub name: String,
    #[doc(hidden)]
    pub type_name: String,
    #[doc(hidden)]
    pub address: u64,
}

/// A local variable that is alive across an `await`.
///
/// A variable that was moved may still be listed. Its value is then what it was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalVariable {
    #[doc(hidden)]
    pub name: String,
    #[doc(hidden)]
    pub type_name: String,
    #[doc(hidden)]
    pub value: Option<String>,
    #[doc(hidden)]
    pub redacted: bool,
}

/// The reason for which a stack, or a part of it, is not known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MissingFrames {
    #[doc(hidden)]
    pub cause: Cow<'static, str>,
    #[doc(hidden)]
    pub remedy: Option<&'static str>,
    /// The reason is the same for all tasks of the program.
    #[doc(hidden)]
    pub of_program: bool,
}

impl AwaitStack {
    /// Returns the frames, outermost first, each followed by the frames inside of it.
    pub fn frames(&self) -> &[AwaitFrame] {
        &self.frames
    }

    /// Returns what the innermost future waits for: a thing that people know, such as `a socket` or `a timer`, or the path of
    /// the future's type. Returns `None` if the innermost frame is that of instrumented code.
    pub fn waits_for(&self) -> Option<&str> {
        let leaf = self.frames.last().filter(|leaf| leaf.site.is_none())?;
        Some(leaf::thing(&self.frames).unwrap_or(&leaf.name))
    }

    /// Returns the reason for which debug information has no stack, or only a part.
    pub fn missing(&self) -> Option<&MissingFrames> {
        self.missing.as_ref()
    }

    /// Returns `true` if the task has run between the dump and the reading of this stack. The stack is then newer than
    /// all else that the dump has about the task.
    pub fn is_newer(&self) -> bool {
        self.stale
    }
}

impl AwaitStack {
    /// Returns a number that tasks at the same places have in common, whatever the addresses of their values are.
    pub(crate) fn place(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for frame in &self.frames {
            let site = frame.site.map(FrameSite::address);
            (frame.depth, &frame.name, site, frame.idle).hash(&mut hasher);
            let location = frame.location();
            let lines = location.map(|location| (&location.file, location.line));
            (lines, frame.via()).hash(&mut hasher);
        }
        self.missing.hash(&mut hasher);
        // 0 is that of no stack.
        hasher.finish().max(1)
    }
}

impl AwaitFrame {
    /// Returns where the frame comes from.
    pub fn source(&self) -> FrameSource {
        match (self.site, &self.debug_info) {
            (Some(_), Some(_)) => FrameSource::Both,
            (Some(_), None) => FrameSource::Instrumented,
            (None, _) => FrameSource::DebugInfo,
        }
    }

    /// Returns the number of frames around this one.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Returns the path of the function, or of the type of a future that is written by hand. Type arguments are left out.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the `.await` in instrumented code.
    pub fn site(&self) -> Option<&'static FrameSite> {
        self.site
    }

    /// Returns `true` if an instrumented future still exists, but nothing awaits it now.
    pub fn is_idle(&self) -> bool {
        self.idle
    }

    /// Returns the position by debug information.
    pub fn location(&self) -> Option<&AwaitLocation> {
        self.debug_info.as_ref()?.location.as_ref()
    }

    /// Returns the path of the future's type with all type arguments.
    pub fn type_name(&self) -> Option<&str> {
        Some(&self.debug_info.as_ref()?.type_name)
    }

    /// Returns the names of the combinators between the frame around this one and this one, the outermost first.
    pub fn via(&self) -> &[String] {
        self.debug_info.as_ref().map_or(&[], |it| &it.via)
    }

    /// Returns the value that the method was called on, or what the future waits for.
    pub fn receiver(&self) -> Option<&AwaitReceiver> {
        self.debug_info.as_ref()?.receiver.as_ref()
    }

    /// Returns the local variables that are alive across the `await`, if they were requested.
    pub fn locals(&self) -> &[LocalVariable] {
        self.debug_info.as_ref().map_or(&[], |it| &it.locals)
    }

    /// Returns the reason for which the futures inside of this one are not known.
    pub fn missing(&self) -> Option<&MissingFrames> {
        self.debug_info.as_ref()?.missing.as_ref()
    }
}

impl FrameSource {
    /// Returns the name, as it is in dumps.
    pub const fn as_str(self) -> &'static str {
        match self {
            FrameSource::Instrumented => "instrumented",
            FrameSource::DebugInfo => "debug info",
            FrameSource::Both => "instrumented, debug info",
        }
    }
}

impl AwaitLocation {
    /// Returns the path of the file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Returns the line, counted from 1. If a macro contains the `await`, it is the first line on which the `await` may
    /// be.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Returns the last line on which the `await` may be.
    pub fn last_line(&self) -> u32 {
        self.last_line
    }
}

impl AwaitReceiver {
    /// Returns the name of the variable or field, for example `self`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the path of its type.
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// Returns the address of the value.
    pub fn address(&self) -> u64 {
        self.address
    }
}

impl LocalVariable {
    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the path of the type.
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// Returns the value, much like `Debug` writes it, or `None` if it was redacted or cannot be read.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// Returns `true` if a redaction hides the value.
    pub fn is_redacted(&self) -> bool {
        self.redacted
    }
}

impl MissingFrames {
    /// Returns a reason of one task.
    #[doc(hidden)]
    pub fn new(cause: impl Into<Cow<'static, str>>, remedy: Option<&'static str>) -> Self {
        MissingFrames {
            cause: cause.into(),
            remedy,
            of_program: false,
        }
    }

    /// Returns the cause.
    pub fn cause(&self) -> &str {
        &self.cause
    }

    /// Returns what a person can do about it.
    pub fn remedy(&self) -> Option<&'static str> {
        self.remedy
    }
}

/// `the task runs; help: look at its thread`
impl fmt::Display for MissingFrames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(&self.cause, f)?;
        match self.remedy {
            Some(remedy) => write!(f, "; help: {remedy}"),
            None => Ok(()),
        }
    }
}

/// Returns the path of a file from the folder of its crate on, if a registry or the compiler has it.
pub(crate) fn short_path(path: &str) -> &str {
    for folder in ["/registry/src/", "/rustc/"] {
        // The next folder is named after the registry, or after the compiler's commit.
        let rest = path
            .split_once(folder)
            .and_then(|(_, rest)| rest.split_once('/'));
        if let Some((_, rest)) = rest {
            return rest;
        }
    }
    path
}

/// Displays the path in short if it is in a registry.
impl fmt::Display for AwaitLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(short_path(&self.file), f)?;
        write!(f, ":{}", self.lines())
    }
}

impl AwaitLocation {
    /// Returns `31`, or `31..35` if the `await` is somewhere between these lines.
    pub(crate) fn lines(&self) -> String {
        match self.last_line == self.line {
            true => self.line.to_string(),
            false => format!("{}..{}", self.line, self.last_line),
        }
    }
}

/// Writes a value with control characters escaped. Its quotes are those that `Debug` writes.
fn write_value(value: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for character in value.chars() {
        match character {
            '"' | '\'' | '\\' => f.write_char(character)?,
            other => write!(f, "{}", other.escape_debug())?,
        }
    }
    Ok(())
}

impl fmt::Display for LocalVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(&self.name, f)?;
        f.write_str(" = ")?;
        match &self.value {
            Some(value) => write_value(value, f),
            None if self.redacted => f.write_str("(redacted)"),
            None => f.write_str("(unreadable)"),
        }
    }
}

/// Displays a line without its locals.
impl fmt::Display for AwaitFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.site, self.location()) {
            (Some(site), _) => write!(f, "in {site}")?,
            (None, Some(location)) => {
                f.write_str("in ")?;
                escape(&self.name, f)?;
                write!(f, " at {location}")?;
            }
            (None, None) => escape(&self.name, f)?,
        }
        if let Some(debug_info) = &self.debug_info {
            write!(f, "{debug_info}")?;
        }
        f.write_str(if self.idle { NOT_POLLED } else { "" })?;
        write!(f, " [{}]", self.source().as_str())
    }
}

/// Displays what follows the name and the position.
impl fmt::Display for DebugInfoFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(state) = self.state {
            write!(f, " ({state})")?;
        }
        for (place, name) in self.via.iter().enumerate() {
            f.write_str(if place == 0 { ", via " } else { " > " })?;
            escape(name, f)?;
        }
        if let Some(receiver) = &self.receiver {
            f.write_str(", ")?;
            escape(&receiver.name, f)?;
            write!(f, "={:#x}", receiver.address)?;
        }
        if let Some(task) = self.runtime_task {
            write!(f, ", task {task} of the runtime")?;
        }
        Ok(())
    }
}

impl fmt::Display for AwaitStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "")
    }
}

impl AwaitStack {
    /// Writes a line for each frame, and others for variables and missing frames, each with an indent before it.
    pub(crate) fn write(&self, out: &mut impl fmt::Write, indent: &str) -> fmt::Result {
        for frame in &self.frames {
            let depth = 2 * frame.depth;
            writeln!(out, "{indent}{:depth$}{frame}", "")?;
            for local in frame.locals() {
                writeln!(out, "{indent}{:depth$}  | {local}", "")?;
            }
            if let Some(missing) = frame.missing() {
                writeln!(out, "{indent}{:depth$}  ({missing})", "")?;
            }
        }
        if let Some(missing) = &self.missing {
            writeln!(out, "{indent}(debug information has no stack: {missing})")?;
        }
        if self.stale {
            writeln!(
                out,
                "{indent}(it has run since, and this is its stack after that)"
            )?;
        }
        Ok(())
    }
}
