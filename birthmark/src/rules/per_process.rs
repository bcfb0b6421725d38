//! Values of which each process has its own.
//!
//! In the child of a fork, threads that the child does not have may hold the locks of the parent's value. Therefore the child
//! makes a value of its own. Values are never freed.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A value of this process.
pub(super) struct PerProcess<T: 'static>(AtomicPtr<Owned<T>>);

struct Owned<T> {
    process: u32,
    value: T,
}

impl<T: Send + Sync> PerProcess<T> {
    pub(super) const fn new() -> Self {
        PerProcess(AtomicPtr::new(ptr::null_mut()))
    }

    /// Returns the value of this process, if it has one.
    pub(super) fn get(&self) -> Option<&'static T> {
        self.own(self.0.load(Ordering::Acquire))
    }

    /// Returns the value of this process. If several threads make one, all get the first.
    pub(super) fn get_or_init(&self, make: impl FnOnce() -> T) -> &'static T {
        let mut present = self.0.load(Ordering::Acquire);
        if let Some(value) = self.own(present) {
            return value;
        }
        let process = std::process::id();
        let value = make();
        let new = Box::into_raw(Box::new(Owned { process, value }));
        loop {
            match (self.0).compare_exchange(present, new, Ordering::AcqRel, Ordering::Acquire) {
                // SAFETY: from `Box::into_raw` above. A value that was stored is never freed.
                Ok(_) => return unsafe { &(*new).value },
                Err(other) => present = other,
            }
            if let Some(first) = self.own(present) {
                // SAFETY: from `Box::into_raw` above. It was not stored, so no other thread has its address.
                drop(unsafe { Box::from_raw(new) });
                return first;
            }
        }
    }

    fn own(&self, present: *mut Owned<T>) -> Option<&'static T> {
        // SAFETY: null, or stored by `get_or_init`, and then never freed or written.
        let owned: &'static Owned<T> = unsafe { present.as_ref() }?;
        (owned.process == std::process::id()).then_some(&owned.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn threads_share_the_first_value() {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        static VALUE: PerProcess<usize> = PerProcess::new();
        assert_eq!(VALUE.get(), None);
        let make = || VALUE.get_or_init(|| MADE.fetch_add(1, Ordering::Relaxed));
        let all: Vec<usize> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| *make())).collect();
            threads.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(all.iter().all(|value| *value == all[0]), "{all:?}");
        assert_eq!(VALUE.get(), Some(&all[0]));
    }
}
