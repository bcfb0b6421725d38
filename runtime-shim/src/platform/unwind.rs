//! Unwinding: where it ends, and what it does on its way.

use std::panic::{catch_unwind, AssertUnwindSafe};

/// Does `f`, which may be the program's code. A panic in it ends here: the panic hook has reported it.
pub fn catch_user_panic<R>(f: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => Some(result),
        Err(payload) => {
            // Its destructor is the program's, too. What that panics with is left alone.
            let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
            dropped.unwrap_or_else(core::mem::forget);
            None
        }
    }
}

/// Does something when it goes out of scope, also by a panic.
pub struct OnDrop<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
