//! The list of the works that a thread does for tasks that wait elsewhere.

use crate::record::frames::Cursor;
use crate::record::slot::NodeSlot;
use crate::thread::local::{BorrowedParent, Local};

/// Work of a thread for a task that waits elsewhere, until the closure that does it is gone.
pub(crate) struct BorrowedParentEntry {
    /// The scope that was borrowed.
    borrowed: NodeSlot,
    /// Where the thread stood before, if the closure was called.
    before: Option<(Cursor, BorrowedParent)>,
    /// The work around this one.
    below: *mut BorrowedParentEntry,
}

impl Local {
    pub(crate) fn push_borrowed_parent(
        &self,
        borrowed: NodeSlot,
        before: Option<(Cursor, BorrowedParent)>,
    ) {
        let below = self.borrowed_parents.get();
        let work = BorrowedParentEntry {
            borrowed,
            before,
            below,
        };
        self.borrowed_parents.set(Box::into_raw(Box::new(work)));
    }

    /// Puts the thread back to where it stood before it worked for the lender of `borrowed`.
    pub(crate) fn pop_borrowed_parent(&self, borrowed: NodeSlot) {
        let work = self.borrowed_parents.get();
        // SAFETY: null or a box that `start_work` has made, and that is on the list.
        let is_innermost = unsafe { work.as_ref() }.is_some_and(|work| work.borrowed == borrowed);
        if !is_innermost {
            return;
        }
        // SAFETY: as above. It is taken off the list once, here.
        let work = unsafe { Box::from_raw(work) };
        self.borrowed_parents.set(work.below);
        let Some((cursor, borrowed_parent)) = work.before else {
            return;
        };
        self.cursor.set(cursor);
        let last = self.borrowed_parent.replace(borrowed_parent).parent;
        if let Some(name) = last.filter(|last| *last != borrowed) {
            // SAFETY: the name was set meanwhile. The borrowed parent had the one reference to it, and has ended.
            unsafe { self.release(name) };
        }
    }
}
