//! Work that is done elsewhere *for* a task that waits for it: the operation of `rayon::scope`.

use core::ptr;

use crate::local;
use crate::mode;
use crate::registry::root::ARENA;
use crate::registry::slot::Slot;

/// The spawner's scope, on its way to the thread that does the work.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Inherited(Option<Loan>);

#[derive(Debug)]
struct Loan(&'static Slot);

impl Drop for Loan {
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
        let scope = local.scope_or_adopt()?;
        local.with_block(|store, _| store.retain(&ARENA, scope))?;
        Some(Loan(scope))
    }))
}

impl Inherited {
    /// Works as the lender until the guard is dropped.
    pub fn enter_owned(self) -> Working {
        let outer = self.0.as_ref().map(|loan| {
            local::with(|local| (local.scope.replace(loan.0), local.lent.replace(loan.0)))
        });
        Working {
            outer,
            loan: self.0,
        }
    }
}

/// The time in which a thread works as a task that waits elsewhere.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Working {
    outer: Option<(*const Slot, *const Slot)>,
    loan: Option<Loan>,
}

impl Drop for Working {
    fn drop(&mut self) {
        let (Some((scope, lent)), Some(loan)) = (self.outer, &self.loan) else {
            return;
        };
        local::with(|local| {
            local.lent.set(lent);
            let last = local.scope.replace(scope);
            if !ptr::eq(last, loan.0) {
                // SAFETY: a name that was set meanwhile, and whose one reference the scope was.
                let name = unsafe { &*last };
                local.release(name);
            }
        });
    }
}
