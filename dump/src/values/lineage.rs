//! The ancestors of a task, as a program sees them.

use std::fmt;
use std::ops::Deref;
use std::slice;
use std::sync::Arc;

use super::role::qualified;
use birthmark_core::__reader::escape::escape;
use birthmark_core::__reader::name::Name;
use birthmark_core::Site;
use birthmark_core::TaskId;

/// The ancestors of a task, nearest first.
///
/// A lineage is a slice of ancestors. Displayed, it is a line: `9 "req-7" serve_connection < 1 main`.
///
/// # Examples
///
/// ```
/// for task in birthmark::dump().tasks() {
///     println!("{}: {}", task.role(), task.lineage());
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Lineage {
    pub(crate) ancestors: Vec<Ancestor>,
    pub(crate) is_complete: bool,
}

impl Lineage {
    /// Returns `true` if the lineage reaches the root, and `false` if the task ended while it was read.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }
}

impl Deref for Lineage {
    type Target = [Ancestor];

    fn deref(&self) -> &[Ancestor] {
        &self.ancestors
    }
}

impl<'a> IntoIterator for &'a Lineage {
    type Item = &'a Ancestor;
    type IntoIter = slice::Iter<'a, Ancestor>;

    fn into_iter(self) -> Self::IntoIter {
        self.ancestors.iter()
    }
}

/// Replaces the rest of a lineage that was not read to its end.
pub const LOST: &str = "? (ended while it was read)";

impl fmt::Display for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for ancestor in self {
            if ancestor.elided_before > 0 {
                write!(f, "{separator}… {} cut …", ancestor.elided_before)?;
                separator = " < ";
            }
            write!(f, "{separator}{ancestor}")?;
            separator = " < ";
        }
        match self.is_complete {
            true => Ok(()),
            false => write!(f, "{separator}{LOST}"),
        }
    }
}

/// `9 "req-7" serve_connection`
impl fmt::Display for Ancestor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.id)?;
        if let Some(name) = &self.name {
            write!(f, "{name} ")?;
        }
        escape(&qualified(self.site, &self.role), f)
    }
}

/// An ancestor of a task, as it was at the spawn that led to the task.
#[derive(Clone, Debug)]
pub struct Ancestor {
    pub(crate) id: TaskId,
    pub(crate) site: &'static Site,
    pub(crate) role: Arc<str>,
    pub(crate) name: Option<Name>,
    pub(crate) elided_before: u64,
}

impl Ancestor {
    /// Returns the id.
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Returns the role of the ancestor.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// Returns the name that the ancestor had at that spawn, if its own name was set.
    pub fn name(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    /// Returns the spawn site, or `None` for the main thread and for external threads.
    pub fn site(&self) -> Option<&'static Site> {
        Some(self.site).filter(|site| site.is_real())
    }

    /// Returns the number of omitted ancestors between this one and the previous one of the lineage. A long lineage
    /// is shortened in the middle, and ancestors that have ended may be missing.
    pub fn elided_before(&self) -> u64 {
        self.elided_before
    }
}
