//! Work that is done elsewhere *for* a task that waits for it: the operation of `rayon::scope`.

use core::ptr;

use crate::frame::Cursor;
use crate::local::{self, Loan};
use crate::mode;
use crate::registry::root::ARENA;
use crate::registry::slot::Slot;
use crate::registry::store::Store;

/// The spawner's scope, on its way to the thread that does the work.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Inherited(Option<Lent>);

#[derive(Debug)]
struct Lent(&'static Slot);

impl Drop for Lent {
    fn drop(&mut self) {
        local::with(|local| local.release(self.0));
    }
}

/// Lends the scope of the current task.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub fn inherit() -> Inherited {
    if mode::has(mode::OFF) {
        return Inherited(None);
    }
    Inherited(local::with(|local| {
        let retain = |store: &Store, scope: Option<&'static Slot>| {
            store.retain(&ARENA, scope?);
            scope.map(Lent)
        };
        local.with_scope(retain).flatten()
    }))
}

impl Inherited {
    /// Works as the lender until the guard is dropped.
    pub fn enter_owned(self) -> Working {
        let outer = self.0.as_ref().map(|lent| {
            let loan = Loan {
                lent: lent.0,
                scope: lent.0,
            };
            local::with(|local| (local.cursor.replace(Cursor::LENT), local.loan.replace(loan)))
        });
        Working {
            outer,
            lent: self.0,
        }
    }
}

/// The time in which a thread works as a task that waits elsewhere.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Working {
    outer: Option<(Cursor, Loan)>,
    lent: Option<Lent>,
}

impl Drop for Working {
    fn drop(&mut self) {
        let (Some((cursor, loan)), Some(lent)) = (self.outer, &self.lent) else {
            return;
        };
        local::with(|local| {
            local.cursor.set(cursor);
            let last = local.loan.replace(loan).scope;
            if !ptr::eq(last, lent.0) {
                // SAFETY: a name that was set meanwhile, and whose one reference the scope was.
                let name = unsafe { &*last };
                local.release(name);
            }
        });
    }
}
