//! Where a task stands, in the rest of a line: its innermost frame.

use super::pieces::push;
use crate::frame::stack::{Frame, Stack};

/// Appends `, in Cache::get at src/cache.rs:22:29, awaiting .lock`; nothing where there is no frame.
pub(super) fn push_innermost(out: &mut String, stack: &Stack) {
    let (mut awaited, mut held) = (Leaves::default(), Leaves::default());
    for (frame, is_held) in leaves(stack.frames()) {
        if is_held {
            held.add(frame);
        } else {
            awaited.add(frame);
        }
    }
    // What is held is waited for by nobody now, so it counts only where there is nothing else.
    let leaves = if awaited.count > 0 { awaited } else { held };
    let Some(frame) = leaves.last else { return };
    push(out, format_args!(", in {}", frame.site()));
    match leaves.count - 1 {
        0 => {}
        1 => out.push_str(", and on another branch"),
        more => push(out, format_args!(", and on {more} other branches")),
    }
    if stack.beyond() > 0 {
        push(out, format_args!(", {} frames deeper", stack.beyond()));
    }
    if stack.is_moving() {
        out.push_str(" (it runs, and may have moved on)");
    }
}

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
}

/// The frames without one inside of them, each with whether it is held, or inside of one that is.
fn leaves(frames: &[Frame]) -> impl Iterator<Item = (&Frame, bool)> {
    let mut held_at = None;
    frames.iter().enumerate().filter_map(move |(place, frame)| {
        held_at = held_at.filter(|&depth| frame.depth() > depth);
        if frame.is_held() && held_at.is_none() {
            held_at = Some(frame.depth());
        }
        let inner = frames.get(place + 1);
        let is_leaf = inner.is_none_or(|inner| inner.depth() <= frame.depth());
        is_leaf.then_some((frame, held_at.is_some()))
    })
}
