//! Whether births may take the short way: one word, which every spawn reads.

use std::sync::atomic::{AtomicU32, Ordering};

/// Birthmark is switched off.
pub(crate) const OFF: u32 = 1;
/// There are hooks.
pub(crate) const HOOKED: u32 = 2;

/// 0 in the common case: on, without a hook.
static MODE: AtomicU32 = AtomicU32::new(0);

/// All modes that are on.
#[cfg_attr(not(debug_assertions), inline)]
pub(crate) fn get() -> u32 {
    MODE.load(Ordering::Relaxed)
}

/// Whether a mode is on.
#[cfg_attr(not(debug_assertions), inline)]
pub(crate) fn has(mode: u32) -> bool {
    get() & mode != 0
}

/// Switches a mode on or off.
pub(crate) fn set(mode: u32, on: bool) {
    if on {
        MODE.fetch_or(mode, Ordering::SeqCst);
    } else {
        MODE.fetch_and(!mode, Ordering::SeqCst);
    }
}
