//! Functions that a lower layer calls, and that a higher layer sets.

use std::mem::transmute;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A function that may be set at any time.
///
/// Setting and calling neither lock nor allocate, so both work in a signal handler and in the child of a fork.
pub(crate) struct Callback(AtomicPtr<()>);

impl Callback {
    /// Calls nothing until a function is set.
    pub(crate) const fn new() -> Self {
        Callback(AtomicPtr::new(ptr::null_mut()))
    }

    pub(crate) fn set(&self, function: fn()) {
        self.0.store(function as *mut (), Ordering::Release);
    }

    pub(crate) fn call(&self) {
        let function = self.0.load(Ordering::Acquire);
        if !function.is_null() {
            // SAFETY: only `set` stores anything but null: a `fn()` as a pointer of the same size.
            unsafe { transmute::<*mut (), fn()>(function)() };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::Callback;

    #[test]
    fn callback_calls_the_function_set_last() {
        static CALLS: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
        let callback = Callback::new();
        callback.call();
        callback.set(|| {
            CALLS[0].fetch_add(1, Ordering::Relaxed);
        });
        callback.set(|| {
            CALLS[1].fetch_add(1, Ordering::Relaxed);
        });
        callback.call();
        let calls = CALLS.each_ref().map(|calls| calls.load(Ordering::Relaxed));
        assert_eq!(calls, [0, 1]);
    }
}
