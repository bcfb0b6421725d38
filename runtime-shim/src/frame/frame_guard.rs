//! A frame around code that is no future of its own, such as a `select!`.

use super::entry::FrameEntry;
use super::FrameSite;

/// The task stands here until this is dropped.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct FrameGuard {
    entry: FrameEntry,
    site: &'static FrameSite,
}

/// Enters a frame that is left when the value is dropped. The frame stays with the task that enters it.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub fn frame_guard(site: &'static FrameSite) -> FrameGuard {
    let mut entry = FrameEntry::NEW;
    // The cursor stays outside: nothing is polled in it.
    entry.stand(site);
    FrameGuard { entry, site }
}

impl Drop for FrameGuard {
    fn drop(&mut self) {
        self.entry.leave(self.site);
    }
}
