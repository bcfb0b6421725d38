//! Memory of a thread that other threads may read while the thread is there.

use core::ptr;

use crate::platform::sync::atomic::{fence, AtomicPtr, AtomicU32, Ordering};
use crate::platform::sync::yield_now;

/// A place where a thread exposes a value in its own memory to other threads.
///
/// The value must be made of atomics, because its thread writes while others read.
#[derive(Debug)]
pub struct Exposed<T> {
    value: AtomicPtr<T>,
    /// Number of threads that read the value.
    readers: AtomicU32,
}

impl<T: Sync> Exposed<T> {
    /// Where the address of the value is, in bytes from the start.
    #[cfg(not(loom))]
    pub(crate) const VALUE: usize = core::mem::offset_of!(Self, value);

    pub(crate) fn new() -> Self {
        Exposed {
            value: AtomicPtr::new(ptr::null_mut()),
            readers: AtomicU32::new(0),
        }
    }

    /// Exposes a value.
    ///
    /// # Safety
    ///
    /// The value lives until [`Exposed::clear`] has returned, or until its thread is gone with the process that it was
    /// in, after a fork.
    pub(crate) unsafe fn set(&self, value: &T) {
        self.value
            .store(ptr::from_ref(value).cast_mut(), Ordering::Release);
    }

    /// Exposes nothing any more. Returns when no thread reads the value.
    pub(crate) fn clear(&self) {
        self.value.store(ptr::null_mut(), Ordering::Relaxed);
        fence(Ordering::SeqCst);
        while self.readers.load(Ordering::Acquire) != 0 {
            yield_now();
        }
    }

    /// Forgets the readers of another process, in the child of a fork.
    pub(crate) fn forget_readers(&self) {
        self.readers.store(0, Ordering::Relaxed);
    }

    /// Forgets the value of a thread that is not in this process, in the child of a fork.
    pub(crate) fn forget(&self) {
        self.value.store(ptr::null_mut(), Ordering::Relaxed);
    }

    /// Calls `f` with the value, if one is exposed. The thread that exposes it cannot exit before `f` returns, so `f` only
    /// copies.
    pub(crate) fn read<R>(&self, f: impl FnOnce(&T) -> R) -> Option<R> {
        self.readers.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        // SAFETY: `set` was called with a value that lives until `clear` has returned. One of the two fences comes first.
        // If it is this one, `clear` sees this reader and waits for it. If it is the other, this load sees null.
        let result = unsafe { self.value.load(Ordering::Acquire).as_ref() }.map(f);
        self.readers.fetch_sub(1, Ordering::Release);
        result
    }
}
