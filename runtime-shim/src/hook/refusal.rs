//! How a refused spawn comes out.
//!
//! The verdict falls before the callee is called, but only the callee's result shows how it can be
//! passed on. So the verdict waits, on the spawner's thread, until the call has returned; what was
//! spawned in the meantime is inert: a future that never becomes ready, or a closure that unwinds
//! without a message before its first statement.

use std::any::TypeId;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Weak;

use super::list::Entry;
use super::run::tell;
use super::verdicts;
use crate::birth::Birth;
use crate::kind::Kind;
use crate::registry::slot::Slot;
use crate::site::Site;
use crate::task::{Outcome, TaskRef};

/// A spawn that a hook has refused: the source of the [`io::Error`] of a refused thread.
///
/// # Examples
///
/// ```
/// fn was_refused(error: &std::io::Error) -> bool {
///     error.get_ref().is_some_and(|source| source.is::<birthmark::Refusal>())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Refusal {
    pub(super) site: &'static Site,
    pub(super) reason: String,
    /// Tells those apart that wait on one thread.
    pub(super) number: usize,
}

impl Refusal {
    /// Where the spawn is.
    pub fn site(&self) -> &'static Site {
        self.site
    }

    /// What the hook gave as the reason.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refusal { site, reason, .. } = self;
        write!(
            f,
            "a spawn hook refused {} ({}) at {site}: {reason}",
            site.callee(),
            site.role()
        )
    }
}

impl std::error::Error for Refusal {}

/// Ends the record of a refused task, and keeps the verdict for the spawner.
pub(super) fn refuse(
    birth: Birth,
    slot: &'static Slot,
    kind: Kind,
    reason: String,
    watchers: &[Weak<Entry>],
) -> Birth {
    let site = crate::birth::site_of(slot);
    site.counts.refused.fetch_add(1, Ordering::Relaxed);
    tell(watchers, |hook| {
        hook.on_end(&TaskRef::new(slot), Outcome::Refused)
    });
    birth.discard();
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let refusal = Refusal {
        site,
        reason,
        number,
    };
    if !can_wait(site, kind) {
        panic_with(&refusal);
    }
    verdicts::wait(refusal);
    Birth::refused(number)
}

/// Whether what is spawned can be inert until the verdict is passed on: a future can; a closure
/// must unwind, which is right for a thread whose spawner gets an error instead of its handle.
fn can_wait(site: &'static Site, kind: Kind) -> bool {
    matches!(kind, Kind::Future | Kind::Unknown) || site.is_fallible() && cfg!(panic = "unwind")
}

#[track_caller]
fn panic_with(refusal: &Refusal) -> ! {
    panic!("{refusal}")
}

/// What generated code needs to pass a verdict on.
pub(crate) mod private {
    use std::thread::ScopedJoinHandle;

    use super::*;
    use crate::adapt::Probe;

    /// What [`Abort::abort`] returns where the handle has no `abort` of its own.
    #[doc(hidden)]
    #[derive(Debug)]
    pub struct NoAbort;

    /// A method that a handle's own `abort` hides.
    #[doc(hidden)]
    pub trait Abort {
        fn abort(&self) -> NoAbort {
            NoAbort
        }
    }

    impl<T: ?Sized> Abort for T {}

    /// Passes the verdict on by a handle. `_abort` is what its `abort` has returned: [`NoAbort`] if it
    /// has none of its own.
    ///
    /// # Panics
    ///
    /// If the handle has no `abort`: then this is the only way to tell the spawner.
    #[doc(hidden)]
    #[track_caller]
    pub fn settle<A: 'static>(_abort: A) {
        let aborted = TypeId::of::<A>() != TypeId::of::<NoAbort>();
        match verdicts::taken() {
            Some(refusal) if !aborted => panic_with(&refusal),
            _ => {}
        }
    }

    #[doc(hidden)]
    #[derive(Debug)]
    pub struct ScopedVerdict;

    #[doc(hidden)]
    pub trait ViaScoped {
        fn verdict(&self) -> ScopedVerdict {
            ScopedVerdict
        }
    }

    impl<T> ViaScoped for &&Probe<io::Result<ScopedJoinHandle<'_, T>>> {}

    impl ScopedVerdict {
        /// Waits for the inert thread, which ends at once: its scope would take one that was not
        /// joined for a thread that has panicked, and panic itself.
        pub fn settle<'scope, T>(
            self,
            handle: io::Result<ScopedJoinHandle<'scope, T>>,
        ) -> io::Result<ScopedJoinHandle<'scope, T>> {
            let _ended = handle.map(ScopedJoinHandle::join);
            ResultVerdict.settle(Err(io::ErrorKind::Other.into()))
        }
    }

    #[doc(hidden)]
    #[derive(Debug)]
    pub struct ResultVerdict;

    #[doc(hidden)]
    pub trait ViaResult {
        fn verdict(&self) -> ResultVerdict {
            ResultVerdict
        }
    }

    impl<T> ViaResult for &Probe<io::Result<T>> {}

    impl ResultVerdict {
        /// Drops the handle of the inert thread, and says why there is none.
        pub fn settle<T>(self, _handle: io::Result<T>) -> io::Result<T> {
            match verdicts::taken() {
                Some(refusal) => Err(io::Error::other(refusal)),
                None => Err(io::Error::other("a spawn hook refused this task")),
            }
        }
    }

    #[doc(hidden)]
    #[derive(Debug)]
    pub struct HandleVerdict;

    #[doc(hidden)]
    pub trait ViaHandle {
        fn verdict(&self) -> HandleVerdict {
            HandleVerdict
        }
    }

    impl<T> ViaHandle for Probe<T> {}

    impl HandleVerdict {
        #[track_caller]
        pub fn settle<T>(self, handle: T) -> T {
            settle(NoAbort);
            handle
        }
    }
}
