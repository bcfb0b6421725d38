//! The list of the works that a thread does for tasks that wait elsewhere.

use crate::record::frames::Cursor;
use crate::record::slot::NodeSlot;
use crate::thread::local::{Loan, Local};

/// Work of a thread for a task that waits elsewhere, until the closure that does it is gone.
pub(crate) struct Work {
    /// The scope that was lent.
    lent: NodeSlot,
    /// Where the thread stood before, if the closure was called.
    before: Option<(Cursor, Loan)>,
    /// The work around this one.
    below: *mut Work,
}

impl Local {
    pub(crate) fn start_work(&self, lent: NodeSlot, before: Option<(Cursor, Loan)>) {
        let below = self.work.get();
        let work = Work {
            lent,
            before,
            below,
        };
        self.work.set(Box::into_raw(Box::new(work)));
    }

    /// Puts the thread back to where it stood before it worked for the lender of `lent`.
    pub(crate) fn stop_work(&self, lent: NodeSlot) {
        let work = self.work.get();
        // SAFETY: null or a box that `start_work` has made, and that is on the list.
        let is_innermost = unsafe { work.as_ref() }.is_some_and(|work| work.lent == lent);
        if !is_innermost {
            return;
        }
        // SAFETY: as above. It is taken off the list once, here.
        let work = unsafe { Box::from_raw(work) };
        self.work.set(work.below);
        let Some((cursor, loan)) = work.before else {
            return;
        };
        self.cursor.set(cursor);
        let last = self.loan.replace(loan).parent;
        if let Some(name) = last.filter(|last| *last != lent) {
            // SAFETY: the name was set meanwhile. The loan had the one reference to it, and has ended.
            unsafe { self.release(name) };
        }
    }
}
