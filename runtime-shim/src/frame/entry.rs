//! How a frame is entered, recorded and left.

use core::marker::PhantomData;

use super::FrameSite;
use crate::platform::runtime_flags;
use crate::record::frames::{drops, Cursor, Frames, Level, Registered};
use crate::thread::local::{self, Local};

/// A frame, as its future knows it. All else is in the record or known of the `.await`. A future with a frame is moved
/// as often as one without, so each word costs.
#[derive(Debug)]
pub(super) struct FrameEntry {
    registered: Registered,
}

/// A poll of a frame's future. Dropping it puts the cursor back, also if the future panics.
pub(super) struct PollGuard {
    outer: Cursor,
    /// The cursor must be put back on the thread that it was taken from.
    _not_send: PhantomData<*const ()>,
}

impl Drop for PollGuard {
    #[inline(always)]
    fn drop(&mut self) {
        local::with(|local| local.position.set(self.outer));
    }
}

impl FrameEntry {
    pub(super) const NEW: FrameEntry = FrameEntry {
        registered: Registered::NOWHERE,
    };

    #[inline(always)]
    fn is_recorded(&self) -> bool {
        self.registered != Registered::NOWHERE
    }
}

/// Polls. These functions are in every `.await`, so each instruction counts.
///
/// The slow paths are `extern "C"`, which marks the calls as non-unwinding. Without it, each `.await` has code for an
/// unwinding.
impl FrameEntry {
    /// Moves the thread's cursor into the frame.
    #[inline(always)]
    pub(super) fn enter(&mut self, site: &'static FrameSite) -> PollGuard {
        local::with(|local| {
            let outer = local.position.get();
            if !self.is_recorded() {
                local.position.enter(outer, site);
            } else if self.registered.is_at(outer.next()) {
                local.position.set(outer.next());
            } else {
                self.enter_slow(site, local);
            }
            PollGuard {
                outer,
                _not_send: PhantomData,
            }
        })
    }

    /// Moves the cursor into a frame that is recorded, but not where its future is polled now.
    #[cold]
    #[inline(never)]
    extern "C" fn enter_slow(&mut self, site: &'static FrameSite, local: &Local) {
        let outer = local.position.get();
        if !outer.records() || !self.registered.cursor().is_same_task(outer) {
            self.leave(site);
            local.position.enter(outer, site);
            return;
        }
        let Some(around) = local.record_around(outer) else {
            return;
        };
        let index = self.registered.cursor().index();
        around.frames.relink(around.slot, index, site, around.outer);
        let level = Level::recorded(site, index, around.outer, around.base);
        self.registered = level.registered(outer);
        if outer.level() == around.base {
            local.position.set(self.registered.cursor());
        } else {
            local.position.set_level(outer.level(), level);
            local.position.set(outer.deeper());
        }
    }

    /// Moves the cursor back after a poll. The frame is recorded if the future waits, and left if it is ready.
    #[inline(always)]
    pub(super) fn exit(&mut self, guard: PollGuard, site: &'static FrameSite, is_ready: bool) {
        let outer = guard.outer;
        drop(guard);
        if is_ready {
            if self.is_recorded() || local::with(|local| local.position.has_recorded()) {
                self.exit_ready(site, outer);
            }
        } else if !self.is_recorded() && may_record(outer) {
            self.record(outer, site);
        }
    }

    /// Leaves the frame, whose future is ready, if it is recorded. A frame inside of it may have recorded it in this poll.
    #[inline(never)]
    extern "C" fn exit_ready(&mut self, site: &'static FrameSite, outer: Cursor) {
        if !self.is_recorded() {
            self.registered = local::with(|local| local.take_recorded(outer));
        }
        if self.is_recorded() {
            self.leave_slow(site, outer);
        }
    }

    /// Records the frame, whose future waits, unless a frame inside of it has done so.
    ///
    /// Most frames are alone in their task. The other case is a call at the end of this function, so that this one saves
    /// no registers.
    #[inline(never)]
    extern "C" fn record(&mut self, outer: Cursor, site: &'static FrameSite) {
        if drops::is_counted(site) {
            self.record_counted(outer, site);
        } else {
            self.record_now(outer, site);
        }
    }

    /// As [`FrameEntry::record`], of a frame whose suspension is counted.
    #[cold]
    #[inline(never)]
    extern "C" fn record_counted(&mut self, outer: Cursor, site: &'static FrameSite) {
        drops::note_suspended(site);
        self.record_now(outer, site);
    }

    #[inline(always)]
    fn record_now(&mut self, outer: Cursor, site: &'static FrameSite) {
        if local::with(|local| local.record_alone(outer, site)) {
            self.registered = Registered::next_to(outer);
        } else {
            self.record_slow(outer, site);
        }
    }

    #[cold]
    #[inline(never)]
    extern "C" fn record_slow(&mut self, outer: Cursor, site: &'static FrameSite) {
        local::with(|local| {
            self.registered = local.take_recorded(outer);
            if self.is_recorded() {
                return;
            }
            if outer.is_unknown() {
                // The main thread is a task from its next poll on.
                local.look_for_main();
            } else if let Some(level) = local.record_all(outer, site) {
                self.registered = level.registered(outer);
            }
        });
    }
}

/// Returns `true` if a frame inside of a cursor may have to be recorded.
#[inline(always)]
fn may_record(outer: Cursor) -> bool {
    !outer.is_muted() || outer.is_unknown() && !runtime_flags::has(runtime_flags::OFF)
}

impl FrameEntry {
    /// Records the frame at once. Nothing is polled in it.
    pub(super) fn stand(&mut self, site: &'static FrameSite) {
        local::with(|local| {
            if local.position.get().is_unknown() {
                local.look_for_main();
            }
            let outer = local.position.get();
            if local.position.push(outer, site) {
                self.record_slow(outer, site);
            }
        });
    }

    /// Leaves the frame, if it is recorded.
    #[inline(always)]
    pub(super) fn leave(&mut self, site: &'static FrameSite) {
        if self.is_recorded() {
            self.leave_slow(site, local::with(|local| local.position.get()));
        }
    }

    /// Leaves the frame, if it is recorded, because its future is dropped.
    #[inline(always)]
    pub(super) fn leave_dropped(&mut self, site: &'static FrameSite) {
        if self.is_recorded() {
            self.drop_slow(site);
        }
    }

    /// Counts the drop of a frame whose future has not become ready, and leaves the frame.
    #[inline(never)]
    extern "C" fn drop_slow(&mut self, site: &'static FrameSite) {
        let here = local::with(|local| local.position.get());
        let cursor = self.registered.cursor();
        if cursor.is_same_task(here) && !std::thread::panicking() {
            // A task that is dropped as a whole is on this list.
            let around = local::with(|local| {
                let around = local.position.around(here, here.level_or_full());
                local.dropping.is_empty().then_some(around).flatten()
            });
            if let (Some((around, _)), Some(slot)) = (around, cursor.slot()) {
                Frames::of(slot).note_dropped(cursor.index(), site, around);
            }
        }
        self.leave_slow(site, here);
    }

    /// Leaves the frame, which is recorded, on a thread that is at `here`.
    #[inline(never)]
    extern "C" fn leave_slow(&mut self, site: &'static FrameSite, here: Cursor) {
        let cursor = self.registered.cursor();
        self.registered = Registered::NOWHERE;
        let Some(slot) = cursor.slot() else { return };
        let frames = Frames::of(slot);
        if cursor.is_same_task(here) {
            if !frames.pop(cursor.index()) {
                frames.leave(slot, cursor.index(), site);
            }
        } else if cursor.is_in(slot) {
            frames.leave_elsewhere(slot, cursor.index(), site);
        }
    }
}
