//! The panic hook that reports: behind whatever other hook there is, whichever was set first.
//!
//! A program may replace the hook. std drops the replaced hook at the end of `set_hook`, when std holds no lock any
//! more. The drop of our hook puts it behind the new one before `set_hook` returns. A program that keeps our hook does
//! not drop it: it may call ours from its own, or put it back later. So at most one hook of ours exists at any time.

use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

/// `true` while a hook of ours exists: as the present hook, or kept by the program.
static LINKED: AtomicBool = AtomicBool::new(false);

/// A part of the hook, by whose drop the end of the hook is noticed.
struct Link;

impl Drop for Link {
    fn drop(&mut self) {
        LINKED.store(false, Ordering::Relaxed);
        if !super::is_needed() {
            return;
        }
        if std::thread::panicking() {
            // Here no hook can be set. The other thread waits until hooks that run have returned.
            let _thread =
                birthmark_core::__reader::internal_thread::spawn("birthmark-hook", 64 * 1024, link);
        } else {
            link();
        }
    }
}

/// Has panics reported, after the present hook has been called.
pub(super) fn link() {
    if LINKED.swap(true, Ordering::Relaxed) {
        return;
    }
    let link = Link;
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        let _part_of_this_hook = &link;
        previous(info);
        super::report(info);
    }));
}
