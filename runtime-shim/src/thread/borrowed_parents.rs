//! The list of the parents that a thread has borrowed from tasks on other threads.

use crate::record::frames::Cursor;
use crate::record::slot::NodeSlot;
use crate::thread::local::{BorrowedParent, Local};

/// A parent that a thread has borrowed, until the closure that works for it is gone.
pub(crate) struct BorrowedParentEntry {
    /// The borrowed node.
    borrowed: NodeSlot,
    /// Where the thread stood before, if the closure was called.
    before: Option<(Cursor, BorrowedParent)>,
    /// The entry around this one.
    below: *mut BorrowedParentEntry,
}

impl Local {
    pub(crate) fn push_borrowed_parent(
        &self,
        borrowed: NodeSlot,
        before: Option<(Cursor, BorrowedParent)>,
    ) {
        let below = self.borrowed_parents.get();
        let entry = BorrowedParentEntry {
            borrowed,
            before,
            below,
        };
        self.borrowed_parents.set(Box::into_raw(Box::new(entry)));
    }

    /// Restores the cursor from before the thread borrowed this parent.
    pub(crate) fn pop_borrowed_parent(&self, borrowed: NodeSlot) {
        let entry = self.borrowed_parents.get();
        // SAFETY: null or a box that `push_borrowed_parent` has made, and it is on the list.
        let is_innermost =
            unsafe { entry.as_ref() }.is_some_and(|entry| entry.borrowed == borrowed);
        if !is_innermost {
            return;
        }
        // SAFETY: as above. It is taken off the list once, here.
        let entry = unsafe { Box::from_raw(entry) };
        self.borrowed_parents.set(entry.below);
        let Some((cursor, borrowed_parent)) = entry.before else {
            return;
        };
        self.position.set(cursor);
        let last = self.borrowed_parent.replace(borrowed_parent).parent;
        if let Some(name) = last.filter(|last| *last != borrowed) {
            // SAFETY: the name was set meanwhile. The borrowed parent had the one reference to it, and has ended.
            unsafe {
                let values = name.as_name().and_then(|name| name.take_locals());
                self.release(name);
                drop(values);
            }
        }
    }
}
