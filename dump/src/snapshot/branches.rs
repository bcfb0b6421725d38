//! Branches of a stack, in the order of the source.
//!
//! In records, branches are in the order of their first polls, and `select!` begins with a random branch. Without an
//! order, tasks that wait at the same place would have different stacks.

use crate::values::stack::Frame;

/// Returns the frames with branches in the order of the source. Each frame is followed by those inside of it.
pub(crate) fn in_source_order(frames: Vec<Frame>) -> Vec<Frame> {
    match frames.is_sorted_by(|outer, inner| outer.depth() < inner.depth()) {
        true => frames,
        false => sorted(&frames),
    }
}

fn sorted(frames: &[Frame]) -> Vec<Frame> {
    let Some(depth) = frames.first().map(Frame::depth) else {
        return Vec::new();
    };
    let mut branches: Vec<Vec<Frame>> = frames
        .chunk_by(|_, next| next.depth() > depth)
        .map(|branch| [&branch[..1], &sorted(&branch[1..])].concat())
        .collect();
    branches.sort_by(|one, other| one.iter().map(place).cmp(other.iter().map(place)));
    branches.concat()
}

/// Returns the sort key. The address distinguishes frames at the same position, which macros generate.
fn place(frame: &Frame) -> (&'static str, u32, u32, usize, bool, usize) {
    let site = frame.site();
    let (depth, idle) = (frame.depth(), frame.is_idle());
    (
        site.file(),
        site.line(),
        site.column(),
        depth,
        idle,
        site.address(),
    )
}
