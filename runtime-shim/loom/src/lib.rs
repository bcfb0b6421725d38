//! The registry's own algorithms under loom, which tries every interleaving of its atomics.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test -p birthmark-loom --release`.

#![cfg(loom)]
#![allow(dead_code, unused_imports, reason = "the registry is included in part")]

#[cfg(test)]
use birthmark_test_support as _;

/// loom's atomics in place of `core`'s.
mod platform {
    pub(crate) mod sync {
        pub(crate) use loom::thread::yield_now;

        pub(crate) mod atomic {
            pub(crate) use loom::sync::atomic::{fence, AtomicPtr, AtomicU32, AtomicU64, Ordering};
        }
    }
}

/// The sites that the registry needs.
mod types {
    pub(crate) mod site {
        /// Nothing but an address.
        pub(crate) struct Site(u8);

        impl Site {
            pub(crate) fn address(&'static self) -> u64 {
                core::ptr::from_ref(self).expose_provenance() as u64
            }
        }

        /// Sites by their number.
        pub(crate) static SITES: [Site; 10] = [const { Site(0) }; 10];
    }

    pub(crate) mod frame_site {
        /// Nothing but an address.
        #[repr(align(64))]
        pub(crate) struct FrameSite;

        impl FrameSite {
            pub(crate) fn address(&'static self) -> usize {
                core::ptr::from_ref(self).expose_provenance()
            }
        }
    }
}

mod record {
    #[path = "../../../src/record/arena.rs"]
    pub(crate) mod arena;
    #[path = "../../../src/record/exposed.rs"]
    pub(crate) mod exposed;
    #[path = "../../../src/record/frames/mod.rs"]
    pub(crate) mod frames;
    #[path = "../../../src/record/hazard.rs"]
    pub(crate) mod hazard;
    #[path = "../../../src/record/lineage.rs"]
    pub(crate) mod lineage;
    #[path = "../../../src/record/shared.rs"]
    pub(crate) mod shared;
    #[path = "../../../src/record/slot.rs"]
    pub(crate) mod slot;
    #[path = "../../../src/record/stack.rs"]
    mod stack;
    #[path = "../../../src/record/thread_cache/mod.rs"]
    pub(crate) mod thread_cache;
    #[path = "../../../src/record/wakes/mod.rs"]
    pub(crate) mod wakes;
    #[path = "../../../src/record/words.rs"]
    pub(crate) mod words;

    #[cfg(test)]
    mod exposed_tests;
    #[cfg(test)]
    mod frames_tests;
    #[cfg(test)]
    mod shared_tests;
    #[cfg(test)]
    mod tests;
    #[cfg(test)]
    mod wakes_tests;
}

mod threads {
    #[path = "../../../../birthmark/src/threads/native/slot_state.rs"]
    pub(crate) mod slot_state;

    #[cfg(test)]
    mod tests;
}
