//! Options of a stack.

use std::fmt;
use std::sync::Arc;

use crate::limits::Limits;

/// Content and limits of a stack.
///
/// ```
/// use birthmark_stacks::{Locals, Options};
///
/// let hides_secrets = Locals::new().redact(|variable| variable.name.contains("password"));
/// let options = Options::new().locals(hides_secrets);
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(crate) limits: Limits,
    pub(crate) locals: Option<Locals>,
    pub(crate) uses: bool,
}

impl Options {
    /// Returns the default: no local variables, and the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Adds the [uses](crate::Use) of shared things: locks, channels and tasks.
    #[must_use]
    pub fn uses(self) -> Self {
        Self { uses: true, ..self }
    }

    /// Adds the local variables that are alive across each `await`.
    #[must_use]
    pub fn locals(self, locals: Locals) -> Self {
        Self {
            locals: Some(locals),
            ..self
        }
    }
}

/// Which local variables are shown, and how much of them.
#[derive(Clone)]
pub struct Locals {
    pub(crate) depth: usize,
    pub(crate) length: usize,
    pub(crate) redact: Option<Redact>,
}

type Redact = Arc<dyn Fn(&Variable<'_>) -> bool + Send + Sync>;

/// A variable or a field, as a redaction sees it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Variable<'a> {
    /// Path of the function.
    pub function: &'a str,
    /// Name of the variable or field.
    pub name: &'a str,
    /// Path of its type with all type arguments.
    pub type_name: &'a str,
}

impl Default for Locals {
    fn default() -> Self {
        Self {
            depth: 3,
            length: 64,
            redact: None,
        }
    }
}

impl Locals {
    /// Returns the default: values three levels deep, and 64 bytes of a text.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of levels of nested values.
    #[must_use]
    pub fn depth(self, depth: usize) -> Self {
        Self {
            depth: depth.min(16),
            ..self
        }
    }

    /// Sets the number of bytes of a text, and of elements of a list.
    #[must_use]
    pub fn length(self, length: usize) -> Self {
        Self {
            length: length.min(4096),
            ..self
        }
    }

    /// Hides variables and fields for which the function returns `true`. Nothing of their memory is read.
    #[must_use]
    pub fn redact(self, redact: impl Fn(&Variable<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self {
            redact: Some(Arc::new(redact)),
            ..self
        }
    }
}

impl fmt::Debug for Locals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locals")
            .field("depth", &self.depth)
            .field("length", &self.length)
            .field("has_redaction", &self.redact.is_some())
            .finish()
    }
}
