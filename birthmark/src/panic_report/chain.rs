//! The panic hook that reports: behind whatever other hook there is, whichever was set first.
//!
//! A program may replace the hook. std drops the replaced one at the end of `set_hook`, when it holds no lock any more,
//! and that is noticed: the hook is put behind the new one before `set_hook` returns. A program that keeps our hook, to
//! call it from its own or to put it back later, does not drop it. So at most one hook of ours is there at any time.

use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

/// A hook of ours is alive: it is the present one, or the program keeps it.
static LINKED: AtomicBool = AtomicBool::new(false);

/// Alive for as long as the hook of which it is a part.
struct Link;

impl Drop for Link {
    fn drop(&mut self) {
        LINKED.store(false, Ordering::Relaxed);
        if !super::is_on() {
            return;
        }
        if std::thread::panicking() {
            // Here no hook can be set. The other thread waits until hooks that run have returned.
            let _thread =
                birthmark_core::__reader::own_thread::spawn("birthmark-hook", 64 * 1024, link);
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
        super::report();
    }));
}
