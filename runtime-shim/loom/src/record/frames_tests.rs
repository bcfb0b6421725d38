//! A reader copies the frames of a task while it runs, ends, and makes room for the next one.

use loom::sync::Arc;
use loom::thread;

use crate::platform::sync::atomic::{fence, Ordering};
use crate::record::frames::{FrameSnapshot, Frames};
use crate::record::slot::Slot;
use crate::record::words::{state, Status};
use crate::types::frame_site::FrameSite;

static OUTER: FrameSite = FrameSite;
static INNER: FrameSite = FrameSite;

/// A task, which one thread runs, and its frames.
struct Task {
    slot: &'static Slot,
    frames: Frames,
}

impl Task {
    /// loom does not mind the leak: it is short.
    fn new(id: u64) -> Arc<Self> {
        let slot: &'static Slot = Box::leak(Box::new(Slot::new(0)));
        slot.id.store(id, Ordering::Relaxed);
        Arc::new(Task {
            slot,
            frames: Frames::new(),
        })
    }

    /// As `Running` does it.
    fn poll(&self, poll: impl FnOnce(&Frames)) {
        let store = |state| {
            self.slot
                .status
                .store(Status::of(state).to_word(), Ordering::Relaxed)
        };
        store(state::RUNNING);
        let polls = self.slot.polls.load(Ordering::Relaxed);
        self.slot.polls.store(polls + 1, Ordering::Release);
        poll(&self.frames);
        store(state::SUSPENDED);
    }

    fn id(&self) -> u64 {
        self.slot.id.load(Ordering::Relaxed)
    }

    fn enter(&self, site: &'static FrameSite, outer: usize) {
        assert!(self.frames.push(self.id(), site, outer));
    }

    /// Returns the content of a dump, as `Record` and `FrameSnapshot` read it: the polls, `true` if the task is suspended,
    /// and its frames.
    fn read(&self, id: u64) -> Option<(u64, bool, Vec<&'static FrameSite>)> {
        let (polls, settled, snapshot) = self.read_by(id, FrameSnapshot::copy)?;
        let line = (0..2).filter_map(|outer| snapshot.inside(outer).next()?.1);
        Some((polls, settled, line.collect()))
    }

    /// Returns the same with what `read` returns of the frames.
    fn read_by<T>(&self, id: u64, read: impl FnOnce(&Frames, u64) -> T) -> Option<(u64, bool, T)> {
        let (status, polls) = (&self.slot.status, &self.slot.polls);
        if self.slot.id.load(Ordering::Acquire) != id {
            return None;
        }
        let before = (
            polls.load(Ordering::Acquire),
            status.load(Ordering::Relaxed),
        );
        fence(Ordering::Acquire);
        let frames = read(&self.frames, id);
        if self.slot.id.load(Ordering::Relaxed) != id {
            return None;
        }
        let after = (
            polls.load(Ordering::Relaxed),
            status.load(Ordering::Relaxed),
        );
        let settled = before == after && before.1 == state::SUSPENDED;
        Some((before.0, settled, frames))
    }
}

fn same(found: &[&'static FrameSite], expected: &[&'static FrameSite]) -> bool {
    found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|(a, b)| core::ptr::eq(*a, *b))
}

#[test]
fn a_task_that_stands_still_stands_where_its_frames_say() {
    loom::model(|| {
        let task = Task::new(1);
        let other = Arc::clone(&task);
        let runs = thread::spawn(move || {
            other.poll(|_| other.enter(&OUTER, 0));
            other.poll(|_| other.enter(&INNER, 1));
            other.poll(|frames| assert!(frames.pop(2)));
        });
        if let Some((polls, true, line)) = task.read(1) {
            let expected: &[&FrameSite] = match polls {
                0 => &[],
                2 => &[&OUTER, &INNER],
                _ => &[&OUTER],
            };
            assert!(same(&line, expected), "after {polls} polls: {}", line.len());
        }
        runs.join().unwrap();
    });
}

#[test]
fn frames_of_a_suspended_task_are_compared_without_a_copy() {
    loom::model(|| {
        let task = Task::new(1);
        task.poll(|_| task.enter(&OUTER, 0));
        let outer = FrameSnapshot::copy(&task.frames, 1);
        let other = Arc::clone(&task);
        let runs = thread::spawn(move || {
            other.poll(|_| other.enter(&INNER, 1));
            other.poll(|frames| assert!(frames.pop(2)));
        });
        let compare = |frames: &Frames, id| outer.is_same(frames, id);
        if let Some((polls, true, same)) = task.read_by(1, compare) {
            assert_eq!(same, polls != 2, "after {polls} polls");
        }
        runs.join().unwrap();
    });
}

#[test]
fn the_frames_of_the_next_task_in_a_slot_are_not_those_of_the_last() {
    loom::model(|| {
        let task = Task::new(1);
        task.enter(&OUTER, 0);
        let other = Arc::clone(&task);
        let runs = thread::spawn(move || {
            assert!(other.frames.pop(1));
            // As a slot is freed, and given to another task.
            other.slot.id.store(0, Ordering::Relaxed);
            fence(Ordering::Release);
            other.slot.id.store(2, Ordering::Relaxed);
            other.enter(&INNER, 0);
        });
        if let Some((_, _, line)) = task.read(1) {
            assert!(line.is_empty() || same(&line, &[&OUTER]));
        }
        if let Some((_, _, line)) = task.read(2) {
            assert!(line.is_empty() || same(&line, &[&INNER]));
        }
        runs.join().unwrap();
    });
}

#[test]
fn what_is_left_elsewhere_is_gone_whatever_the_task_does_meanwhile() {
    loom::model(|| {
        let task = Task::new(1);
        task.enter(&OUTER, 0);
        let other = Arc::clone(&task);
        let elsewhere = thread::spawn(move || {
            other.frames.leave_elsewhere(other.slot, 1, &OUTER);
        });
        // Beside it, as it is no frame of the task's any more.
        let index = task.frames.enter(task.slot, &INNER, 0);
        assert!(task.read(1).is_some());
        elsewhere.join().unwrap();
        let snapshot = FrameSnapshot::copy(&task.frames, 1);
        let line: Vec<_> = snapshot.inside(0).filter_map(|(_, site)| site).collect();
        assert!(same(&line, &[&INNER]));
        task.frames.leave(task.slot, index, &INNER);
        assert!(FrameSnapshot::copy(&task.frames, 1)
            .inside(0)
            .all(|(_, site)| site.is_none()));
    });
}
