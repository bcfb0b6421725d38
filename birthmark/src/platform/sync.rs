//! Atomics of what is tested under loom, which has others in place of these.

pub(crate) mod atomic {
    pub(crate) use core::sync::atomic::{AtomicU32, Ordering};
}
