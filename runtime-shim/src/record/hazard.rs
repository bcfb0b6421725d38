//! Hazard pointers: what a thread uses without a reference to it, and which therefore must not be freed.

use core::ptr;

use crate::platform::sync::atomic::{fence, AtomicPtr, Ordering};

/// What one thread uses just now.
pub(crate) struct Hazard<T>(AtomicPtr<T>);

impl<T> Hazard<T> {
    pub(crate) fn new() -> Self {
        Hazard(AtomicPtr::new(ptr::null_mut()))
    }

    /// Shows what `load` finds in a place. It is not freed before [`clear`](Hazard::clear), if those who
    /// free what they have replaced there ask [`is_shown`] first.
    pub(crate) fn protect(&self, load: impl Fn() -> *mut T) -> *mut T {
        let mut seen = load();
        loop {
            self.0.store(seen, Ordering::Release);
            // Either it is seen here that it was replaced, or it is seen there that it is shown.
            fence(Ordering::SeqCst);
            let now = load();
            if now == seen {
                return seen;
            }
            seen = now;
        }
    }

    pub(crate) fn clear(&self) {
        self.0.store(ptr::null_mut(), Ordering::Release);
    }
}

/// Whether a thread uses what the caller has replaced before.
pub(crate) fn is_shown<'a, T: 'a>(
    replaced: *const T,
    mut hazards: impl Iterator<Item = &'a Hazard<T>>,
) -> bool {
    fence(Ordering::SeqCst);
    hazards.any(|hazard| ptr::eq(hazard.0.load(Ordering::Acquire), replaced))
}
