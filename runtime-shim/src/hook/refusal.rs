//! How a refused spawn comes out.
//!
//! The verdict falls before the callee is called, but only the callee's result shows how it can be
//! passed on. So the verdict waits, on the spawner's thread, until the call has returned. The callee gets a future
//! that is empty already ([`RefusedTask`]), or a closure that unwinds without a message before its first statement.

use std::any::TypeId;
use std::fmt;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::Weak;

use super::catch;
use super::list::Entry;
use super::refused::RefusedTask;
use super::run::tell;
use super::verdicts;
use crate::birth::Birth;
use crate::kind::Kind;
use crate::registry::slot::Slot;
use crate::site::Site;
use crate::task::{Outcome, TaskRef};

/// A spawn that a hook has refused.
///
/// A refusal is the source of the [`io::Error`] of a refused thread. It is the payload of a refused future that
/// unwinds, and the error of [`catch_refusal`](crate::catch_refusal).
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
}

impl Refusal {
    pub(super) fn new(site: &'static Site, reason: String) -> Self {
        Refusal { site, reason }
    }

    /// Returns the spawn site.
    pub fn site(&self) -> &'static Site {
        self.site
    }

    /// Returns the reason that the hook gave.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refusal { site, reason } = self;
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
    let refusal = Refusal::new(site, reason);
    if !can_wait(site, kind) {
        panic_with(&refusal);
    }
    let task = RefusedTask::new(refusal);
    verdicts::wait(task.clone());
    Birth::refused(task)
}

/// Refuses a task that has turned out to be a closure, when the verdict could not know that yet.
///
/// # Panics
///
/// Unless the callee's result can carry the refusal.
pub(crate) fn refuse_closure(task: &RefusedTask) {
    let refusal = task.refusal();
    if !can_wait(refusal.site, Kind::Job) && verdicts::withdraw(task) {
        panic_with(refusal);
    }
}

/// Whether what is spawned can be empty until the verdict is passed on: a future can; a closure
/// must unwind, which is right for a thread whose spawner gets an error instead of its handle.
fn can_wait(site: &'static Site, kind: Kind) -> bool {
    matches!(kind, Kind::Future | Kind::Unknown) || site.is_fallible() && cfg!(panic = "unwind")
}

/// Tells the spawner by a panic, without a message if the spawner waits for the refusal.
#[track_caller]
pub(super) fn panic_with(refusal: &Refusal) -> ! {
    catch::note(refusal);
    if catch::is_catching() && cfg!(panic = "unwind") {
        std::panic::resume_unwind(Box::new(refusal.clone()));
    }
    panic!("{refusal}")
}

/// What generated code needs to pass a verdict on.
pub(crate) mod private {
    use std::thread::ScopedJoinHandle;

    use super::*;
    use crate::adapt::Probe;

    /// The result of [`Abort::abort`] for a handle without an `abort` of its own.
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
        let Some(task) = verdicts::taken() else {
            return;
        };
        task.decide(aborted);
        match aborted {
            true => catch::note(task.refusal()),
            false => panic_with(task.refusal()),
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
        /// Waits for the thread, which ends at once: its scope would take one that was not
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
        /// Drops the handle, and says why there is none.
        pub fn settle<T>(self, _handle: io::Result<T>) -> io::Result<T> {
            let Some(task) = verdicts::taken() else {
                return Err(io::Error::other("a spawn hook refused this task"));
            };
            task.decide(false);
            catch::note(task.refusal());
            Err(io::Error::other(task.refusal().clone()))
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
