//! Hazard pointers: a thread publishes an object that it uses without a reference, so that the object is not freed.

use core::ptr;

use crate::platform::sync::atomic::{fence, AtomicPtr, Ordering};

/// The object that one thread uses, or null.
pub(crate) struct Hazard<T>(AtomicPtr<T>);

impl<T> Hazard<T> {
    pub(crate) fn new() -> Self {
        Hazard(AtomicPtr::new(ptr::null_mut()))
    }

    /// Publishes the pointer that `load` reads. The object is not freed before [`clear`](Hazard::clear), if each thread
    /// that replaces the pointer calls [`is_shown`] before it frees the old object.
    pub(crate) fn protect(&self, load: impl Fn() -> *mut T) -> *mut T {
        let mut seen = load();
        loop {
            self.0.store(seen, Ordering::Release);
            // Either this thread reads the new pointer, or the thread that has replaced it reads this hazard.
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

/// Returns `true` if a thread uses the object, whose pointer the caller has replaced.
pub(crate) fn is_shown<'a, T: 'a>(
    replaced: *const T,
    mut hazards: impl Iterator<Item = &'a Hazard<T>>,
) -> bool {
    fence(Ordering::SeqCst);
    hazards.any(|hazard| ptr::eq(hazard.0.load(Ordering::Acquire), replaced))
}
