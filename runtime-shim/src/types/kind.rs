//! Kinds of task.

use crate::types::named::named_enum;
#[cfg(not(feature = "off"))]
use crate::types::site::Site;

named_enum! {
    /// The sort of a task, as the system that runs it sees it. The names are the words that dumps use.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[non_exhaustive]
    #[repr(u8)]
    pub enum Kind {
        // The order is that of the numbers in a record.
        /// the kind is not known from the source alone.
        Unknown = "task",
        /// a future given to an executor.
        Future = "future",
        /// an OS thread.
        Thread = "thread",
        /// a scoped OS thread, which may borrow from its spawner. The spawner waits for the thread.
        ScopedThread = "scoped thread",
        /// a closure on a pool for blocking work.
        Blocking = "blocking",
        /// a closure on any other pool, for example a rayon job.
        Job = "job",
        /// the main thread.
        Main = "main thread",
        /// a thread that instrumented code did not spawn, but that spawns from instrumented code.
        External = "external thread",
    }
}

impl Kind {
    /// Returns `true` if the task is an OS thread as a whole.
    #[inline]
    pub fn is_thread(self) -> bool {
        matches!(
            self,
            Kind::Thread | Kind::ScopedThread | Kind::Main | Kind::External
        )
    }
}

#[cfg(not(feature = "off"))]
impl Kind {
    /// The bits that hold a kind, the lowest ones of a task's flags.
    pub(crate) const MASK: u64 = 0xf;

    /// The kind of a task at a site of this kind that was found to be a future or a closure: of
    /// closures, the site may know more.
    #[doc(hidden)]
    #[inline]
    pub fn refined(self, found: Kind) -> Kind {
        match (self, found) {
            (Kind::Unknown, found) | (_, found @ Kind::Future) => found,
            (known, _) => known,
        }
    }

    /// The kind that a task's flags show.
    #[doc(hidden)]
    #[inline]
    pub fn of(site: &Site, flags: u64) -> Kind {
        let found = Kind::from_flags(flags);
        match (site.kind().refined(found), site.seen()) {
            (Kind::Unknown | Kind::Job, seen) if seen.is_closure() => seen,
            (kind, _) => kind,
        }
    }

    /// The kind in the lowest bits.
    #[doc(hidden)]
    #[inline]
    pub fn from_flags(flags: u64) -> Kind {
        let found = (flags & Kind::MASK) as usize;
        Kind::ALL.get(found).copied().unwrap_or(Kind::Unknown)
    }

    /// Returns `true` for a kind of closure that is more specific than [`Kind::Job`].
    #[inline]
    fn is_closure(self) -> bool {
        matches!(self, Kind::Thread | Kind::ScopedThread | Kind::Blocking)
    }
}

/// The kind of a task whose callee returns a value of this type.
#[cfg(not(feature = "off"))]
pub(crate) fn kind_of_result(mut name: &str) -> Option<Kind> {
    for wrapper in ["core::result::Result<", "core::option::Option<"] {
        name = name.strip_prefix(wrapper).unwrap_or(name);
    }
    let path = name.split('<').next()?;
    let handle = path.rsplit("::").next()?;
    match (path.split("::").next()?, handle) {
        ("std", "JoinHandle") => Some(Kind::Thread),
        ("std" | "crossbeam_utils", "ScopedJoinHandle") => Some(Kind::ScopedThread),
        ("tokio", "JoinHandle") => Some(Kind::Blocking),
        _ => None,
    }
}

#[cfg(all(test, not(feature = "off")))]
mod tests {
    use std::any::type_name;
    use std::io;
    use std::thread::{JoinHandle, ScopedJoinHandle};

    use super::{kind_of_result, Kind};

    #[test]
    fn kind_of_result_names_handles_of_threads() {
        let table = [
            (type_name::<JoinHandle<()>>(), Some(Kind::Thread)),
            (
                type_name::<io::Result<JoinHandle<Vec<u8>>>>(),
                Some(Kind::Thread),
            ),
            (
                type_name::<ScopedJoinHandle<'static, u8>>(),
                Some(Kind::ScopedThread),
            ),
            (type_name::<()>(), None),
            (type_name::<Vec<JoinHandle<()>>>(), None),
        ];
        for (name, kind) in table {
            assert_eq!(kind_of_result(name), kind, "{name}");
        }
    }
}
