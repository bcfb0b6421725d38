//! The name of a task, as a program sees it.

use std::fmt;
use std::sync::Arc;

use crate::record::content::NameText;
use crate::record::read::Record;
use crate::types::escape::Quoted;
use crate::types::TaskId;

/// The name of a task: on whose behalf it runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    text: Arc<str>,
    cut: bool,
    origin: NameOrigin,
}

impl Name {
    /// Returns the name without escapes. A name may contain any character.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the origin of the name.
    pub fn origin(&self) -> NameOrigin {
        self.origin
    }

    /// Returns `true` if the name was longer than [`MAX_NAME_LEN`](crate::MAX_NAME_LEN) and was cut.
    pub fn is_truncated(&self) -> bool {
        self.cut
    }
}

/// Writes the name in quotes, with escapes.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Quoted {
            text: &self.text,
            cut: self.cut,
        }
        .fmt(f)
    }
}

/// The origin of a task's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameOrigin {
    /// The program set the name of this task.
    Explicit,
    /// A hook set the name of this task.
    Hook,
    /// The task inherited the name from its nearest named ancestor at its spawn.
    Inherited {
        /// Id of the task whose name was set.
        from: TaskId,
    },
}

impl fmt::Display for NameOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameOrigin::Explicit => f.write_str("explicit"),
            NameOrigin::Hook => f.write_str("given by a hook"),
            NameOrigin::Inherited { from } => write!(f, "inherited from task {from}"),
        }
    }
}

impl Name {
    #[doc(hidden)]
    pub fn new(text: Arc<str>, cut: bool, origin: NameOrigin) -> Self {
        Name { text, cut, origin }
    }

    /// Returns the name that a task has under `own`, its name node, or inherits. An empty one is none.
    pub(crate) fn of(task: &Record, own: Option<Record>) -> Option<Self> {
        let (text, origin) = effective_name(task, own)?;
        Some(Name {
            text: text.as_str().into(),
            cut: text.is_truncated(),
            origin,
        })
    }
}

/// Returns the name that a task has under `own`, its name node, or inherits. Allocates nothing.
pub fn effective_name(task: &Record, own: Option<Record>) -> Option<(NameText, NameOrigin)> {
    let own = own.filter(|own| own.has_name());
    let (text, origin) = match own.and_then(|own| own.text()) {
        Some(text) if text.is_by_hook() => (text, NameOrigin::Hook),
        Some(text) => (text, NameOrigin::Explicit),
        None => inherited_name(task)?,
    };
    (!text.as_str().is_empty()).then_some((text, origin))
}

/// Returns `true` if a task inherits a name that is not empty.
pub(crate) fn inherits_name(task: &Record) -> bool {
    inherited_name(task).is_some_and(|(text, _)| !text.as_str().is_empty())
}

fn inherited_name(task: &Record) -> Option<(NameText, NameOrigin)> {
    let (text, from) = task.inherited_text()?;
    let from = TaskId(from.id);
    Some((text, NameOrigin::Inherited { from }))
}
