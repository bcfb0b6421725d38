//! Frame sites: what is known of an `.await` at compile time.

use std::fmt;

use crate::types::source_path::from_package;

/// One `.await` in the source, or one branch of a `join!` or `select!`.
///
/// The alignment leaves room in the address. A task records the address and an index in one word.
// Generated code writes its fields down, as those of a `Site`.
#[derive(Debug)]
#[repr(align(64))]
pub struct FrameSite {
    #[doc(hidden)]
    pub file: &'static str,
    #[doc(hidden)]
    pub line: u32,
    #[doc(hidden)]
    pub column: u32,
    #[doc(hidden)]
    pub function: &'static str,
    #[doc(hidden)]
    pub awaited: &'static str,
    /// Names of variables with a blank between them: those that have their guards, and behind a minus those that were
    /// dropped. The text is behind a pointer, because there is room for one word.
    #[doc(hidden)]
    pub guards: &'static &'static str,
}

/// The frame sites of a module or a function body, as a type. An `.await` refers to its site through the type and
/// needs no word at run time.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub trait FrameSites {
    /// All of them.
    const SITES: &'static [FrameSite];
}

impl FrameSite {
    /// Returns the file, as the compiler names it in panics.
    pub fn file(&self) -> &'static str {
        self.file
    }

    /// Returns the line of the `await`, counted from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Returns the column of the `await` in characters, counted from 1.
    pub fn column(&self) -> u32 {
        self.column
    }

    /// Returns the enclosing function, with its type if it has one: `Server::accept`.
    pub fn function(&self) -> &'static str {
        self.function
    }

    /// Returns the awaited expression without arguments: `send_email`, `Server::run`, `self.requests.recv`.
    ///
    /// A receiver is written as in the source. A long one loses its middle. The text is empty if the expression has no
    /// name.
    pub fn awaited(&self) -> &'static str {
        self.awaited
    }

    /// Returns whether a variable has its guard while the function waits here, if the source shows it.
    ///
    /// A variable has its guard if a `let` has bound it to the value of a method such as `lock`, and no expression before
    /// the `await` may have moved it.
    ///
    /// Not public API. Used by readers of the memory of a suspended function, where moved variables are, too.
    #[doc(hidden)]
    pub fn has_guard(&self, variable: &str) -> Option<bool> {
        let mut names = self.guards.split(' ');
        names.find_map(|name| match name.strip_prefix('-') {
            Some(name) => (name == variable).then_some(false),
            None => (name == variable).then_some(true),
        })
    }

    /// The address, as tasks record it.
    #[doc(hidden)]
    pub fn address(&'static self) -> usize {
        std::ptr::from_ref(self).expose_provenance()
    }
}

/// `Server::accept at src/server.rs:31:5, awaiting self.requests.recv`
impl fmt::Display for FrameSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::types::escape::escape(self.function, f)?;
        let file = from_package(self.file);
        write!(f, " at {file}:{}:{}", self.line, self.column)?;
        if self.awaited.is_empty() {
            return Ok(());
        }
        f.write_str(", awaiting ")?;
        crate::types::escape::escape(self.awaited, f)
    }
}
