//! The innermost frame of a task, as the end of a line.

use super::output::push;
use crate::values::plural::plural;
use crate::values::stack::{Frame, Stack, NOT_POLLED, UNRECORDED};

/// Appends `, in Cache::get at src/cache.rs:22:29, awaiting self.entries.lock`, and the same for a future that is kept
/// and not polled. If there is no frame, it appends nothing.
pub(super) fn push_innermost(out: &mut String, stack: &Stack) {
    let (mut awaited, mut idle) = (Leaves::default(), Leaves::default());
    for (frame, is_idle) in leaves(stack.frames()) {
        if is_idle {
            idle.add(frame);
        } else {
            awaited.add(frame);
        }
    }
    awaited.push(out, "");
    if stack.omitted_frames() > 0 {
        let omitted = stack.omitted_frames();
        let frames = plural(omitted as usize);
        push(out, format_args!(", {omitted} frame{frames} deeper"));
    }
    idle.push(out, NOT_POLLED);
    if stack.is_unrecorded() && awaited.count + idle.count > 0 {
        push(out, format_args!(", {UNRECORDED}"));
    }
    if stack.may_be_stale() {
        out.push_str(" (it runs, and may have moved on)");
    }
}

/// Frames without one inside of them.
#[derive(Default)]
struct Leaves<'a> {
    last: Option<&'a Frame>,
    count: usize,
}

impl<'a> Leaves<'a> {
    fn add(&mut self, frame: &'a Frame) {
        self.last = Some(frame);
        self.count += 1;
    }

    /// Appends the last one with `mark`, and the number of others.
    fn push(&self, out: &mut String, mark: &str) {
        let Some(frame) = self.last else { return };
        push(out, format_args!(", in {}", frame.site()));
        match self.count - 1 {
            0 => {}
            1 => out.push_str(", and on another branch"),
            more => push(out, format_args!(", and on {more} other branches")),
        }
        out.push_str(mark);
    }
}

/// Returns the frames without one inside of them. The flag is `true` if the frame is idle, or inside of an idle one.
fn leaves(frames: &[Frame]) -> impl Iterator<Item = (&Frame, bool)> {
    let mut idle_at = None;
    frames.iter().enumerate().filter_map(move |(place, frame)| {
        idle_at = idle_at.filter(|&depth| frame.depth() > depth);
        if frame.is_idle() && idle_at.is_none() {
            idle_at = Some(frame.depth());
        }
        let inner = frames.get(place + 1);
        let is_leaf = inner.is_none_or(|inner| inner.depth() <= frame.depth());
        is_leaf.then_some((frame, idle_at.is_some()))
    })
}
