//! The tracing span that a task is in.

use std::fmt;

use birthmark_core::__reader::escape::escape;
use birthmark_core::__reader::label::Labels;

/// The tracing span that a task has entered last and that is still open; see [`Task::span`](crate::Task::span).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskSpan {
    pub(crate) name: &'static str,
    pub(crate) fields: Labels,
}

impl TaskSpan {
    /// Returns the name of the span.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the fields of the span, as [`Labels`]. Their number and the length of their values are limited like
    /// those of labels.
    pub fn fields(&self) -> &Labels {
        &self.fields
    }
}

/// Writes the span as a dump shows it: `request{id=7 method=GET}`.
impl fmt::Display for TaskSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(self.name, f)?;
        match self.fields.as_slice() {
            [] => Ok(()),
            _ => write!(f, "{{{}}}", self.fields),
        }
    }
}
