//! The atomics of the registry. The loom tests (`runtime-shim/loom`) put loom's in their place.

pub(crate) mod atomic {
    pub(crate) use core::sync::atomic::{fence, AtomicPtr, AtomicU32, AtomicU64, Ordering};
}
