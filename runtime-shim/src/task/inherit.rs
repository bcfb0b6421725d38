//! Work that is done elsewhere *for* a task that waits for it: the operation of `rayon::scope`.

use crate::platform::mode;
use crate::record::call_names::Shown;
use crate::record::frames::Cursor;
use crate::record::root::ARENA;
use crate::record::slot::NodeSlot;
use crate::record::store::Store;
use crate::thread::local::{self, Loan};

/// The spawner's scope, on its way to the thread that does the work.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Inherited(Option<NodeSlot>);

/// The handle that a closure drops last if it works for its spawner. The handle holds the reference to the scope.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Lender(Option<NodeSlot>);

/// Lends the scope of the current task.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub fn inherit() -> Lender {
    if mode::has(mode::OFF) {
        return Lender(None);
    }
    Lender(local::with(|local| {
        let retain = |store: &Store, parent: Option<NodeSlot>| {
            store.retain(&ARENA, parent?);
            parent
        };
        local.with_spawn_parent(retain).flatten()
    }))
}

impl Lender {
    /// The two handles of a closure, as [`Birth::closure`](crate::task::birth::Birth::closure).
    pub fn closure(self) -> (Inherited, Lender) {
        (Inherited(self.0), self)
    }

    /// Mentions this behind the body of a closure, in code that is never reached.
    pub fn last_owned(self) -> ! {
        unreachable!("a body has one arm")
    }
}

impl Drop for Lender {
    fn drop(&mut self) {
        let Some(lent) = self.0 else { return };
        local::with(|local| {
            local.stop_work(lent);
            // SAFETY: `inherit` has taken the reference for this lender.
            unsafe { local.release(lent) };
        });
    }
}

impl Inherited {
    /// Works as the lender, until the closure that owns this is gone.
    pub fn enter_owned(self) -> Working {
        let lent = core::mem::ManuallyDrop::new(self).0;
        if let Some(lent) = lent {
            let loan = Loan {
                lent: Some(lent),
                parent: Some(lent),
                shown: Shown::NOWHERE,
            };
            local::with(|local| {
                let before = (local.cursor.replace(Cursor::LENT), local.loan.replace(loan));
                local.start_work(lent, Some(before));
            });
        }
        Working(())
    }
}

/// The closure was not called. There is nothing to put back when its [`Lender`] is dropped.
impl Drop for Inherited {
    fn drop(&mut self) {
        if let Some(lent) = self.0 {
            local::with(|local| local.start_work(lent, None));
        }
    }
}

/// The body of a closure that works as a task which waits elsewhere.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Working(());
