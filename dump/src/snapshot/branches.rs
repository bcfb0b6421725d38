//! Branches in the order of the source. In records they are in the order in which they were polled first, and where
//! `select!` starts is drawn by lot: tasks that wait at the same place would seem to stand in several.

use crate::values::stack::Frame;

/// The frames with those side by side in the order of the source, each followed by those inside of it as before.
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

/// The address tells apart what stands at the same place, as code from macros does.
fn place(frame: &Frame) -> (&'static str, u32, u32, usize, bool, usize) {
    let site = frame.site();
    let (depth, held) = (frame.depth(), frame.is_idle());
    (
        site.file(),
        site.line(),
        site.column(),
        depth,
        held,
        site.address(),
    )
}
