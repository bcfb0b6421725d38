//! The model of what was found: a [`Site`] for each rewritten spawn, an [`Uncovered`] for each spawn left alone.

use proc_macro2::Span;

/// A position in the source, in the form of `std::panic::Location`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The file as the compiler prints it.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted in characters from 1.
    pub column: usize,
}

/// Returns the [`Position`] of a span. The engine has no I/O and leaves this to its front end.
pub type Locate<'a> = &'a dyn Fn(Span) -> Position;

/// The kind of a task, as far as the syntax shows it. The runtime's adaptor refines [`Kind::Unknown`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Not visible in the syntax.
    Unknown,
    /// A future that an executor polls.
    Future,
    /// An OS thread.
    Thread,
    /// An OS thread that ends within a scope.
    ScopedThread,
    /// A closure on a pool for blocking work.
    Blocking,
    /// A closure on another pool, such as rayon's.
    Job,
}

impl Kind {
    /// The name of the variant, the same as in the runtime's enum.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Unknown => "Unknown",
            Kind::Future => "Future",
            Kind::Thread => "Thread",
            Kind::ScopedThread => "ScopedThread",
            Kind::Blocking => "Blocking",
            Kind::Job => "Job",
        }
    }
}

/// One spawn call that the engine rewrote.
#[derive(Clone, Debug)]
pub struct Site {
    /// Where `std::panic::Location::caller()` sees the call.
    pub position: Position,
    /// The enclosing function without its module path, such as `Server::accept`.
    pub function: String,
    /// The callee as written, without arguments, such as `tokio::spawn` or `self.pool.spawn`.
    pub callee: String,
    /// The role of the task, such as `send_email`, `Server::run` or `Server::accept::{closure}`.
    pub role: String,
    /// The kind of the task.
    pub kind: Kind,
    /// `true` if the callee returns an `io::Error` when it cannot spawn.
    pub fallible: bool,
    /// `true` if the callee or the argument shows that the call is a spawn. Otherwise it counts as one once a task came
    /// of it.
    pub certain: bool,
}

/// One place in the source at which a task waits: an `.await`, or a branch of a `join!` or `select!`.
#[derive(Clone, Debug)]
pub(crate) struct FrameSite {
    /// The position of the `await`, or of the branch.
    pub position: Position,
    /// The enclosing function without its module path.
    pub function: String,
    /// The awaited expression, such as `Server::run` or `self.jobs.recv`. It is empty if the expression has no name.
    pub awaited: String,
    /// The variables that have their guards, with a blank between them.
    pub guards: String,
}

/// One spawn call that the engine saw and left alone.
#[derive(Clone, Debug)]
pub struct Uncovered {
    /// The position of the callee.
    pub position: Position,
    /// The enclosing function without its module path.
    pub function: String,
    /// The callee as written, or the name of a module.
    pub callee: String,
    /// Why it was left alone.
    pub reason: Reason,
}

/// Why a spawn was left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// An attribute around the spawn says `skip`.
    Skipped,
    /// The front end left the function or the file as it is.
    Left,
    /// The spawn is in the arguments of a macro that is not known to pass them through. The text is its name.
    Macro(String),
    /// The argument has a shape that cannot be adapted. The text describes the shape.
    Shape(&'static str),
    /// The function forwards a task within a runtime. The task is recorded at the public interface of the runtime.
    Forwarder,
    /// The spawn may be in an item that the parser refuses.
    Syntax {
        /// The line of the error.
        line: usize,
        /// The error.
        error: String,
    },
    /// The spawn may be in the file of a `mod name;`, which no attribute can see.
    Module,
}
