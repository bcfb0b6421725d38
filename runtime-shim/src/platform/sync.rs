//! The atomics of the registry, and how it waits. The loom tests (`runtime-shim/loom`) put loom's in their
//! place.

pub(crate) use std::thread::yield_now;

pub(crate) mod atomic {
    pub(crate) use core::sync::atomic::{fence, AtomicPtr, AtomicU32, AtomicU64, Ordering};
}
