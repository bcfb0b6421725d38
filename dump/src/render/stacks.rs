//! Where tasks stand, as profiles and flame graphs show it.
//!
//! The frames of a task are, from the inside out, its logical stack, itself and its lineage.
//!
//! Such forms know stacks that are lines, and a task that waits on several branches has a tree. Its branches
//! follow one another, with a mark in between: so the task is counted once, and in all of them.

use std::borrow::Cow;

use crate::snapshot::nodes::Snapshot;
use crate::snapshot::row::Row;
use crate::values::stack::{self, Stack};
use birthmark_core::FrameSite;
use birthmark_core::Site;

/// A frame.
pub(super) enum ProfileFrame<'a> {
    /// An await.
    Await(&'static FrameSite),
    /// What is awaited innermost, as far as the source tells.
    Awaited(&'static str),
    /// Nobody awaits the frames inside of this now.
    Idle,
    /// The frames inside of this are a branch beside those around it.
    ParallelBranch,
    /// So many frames had no room.
    Omitted(u32),
    /// The frames around this are not those of the task inside of it, which is a thread that polls them.
    Unrecorded,
    /// The task runs, and may have left the frames around this.
    MayBeStale,
    /// A task or an ancestor, by its role and its site.
    Role(
        &'a str,
        #[cfg_attr(not(feature = "pprof"), expect(dead_code, reason = "for profiles"))]
        &'static Site,
    ),
    /// So many ancestors left out.
    Elided(u64),
    /// The rest is not known.
    Lost,
}

/// Shows `f` the frames of a task, innermost first.
pub(super) fn for_each_frame(snapshot: &Snapshot, row: &Row, mut f: impl FnMut(ProfileFrame<'_>)) {
    for_each_await(&snapshot.stacks.get(snapshot.stack(row)), &mut f);
    f(ProfileFrame::Role(&snapshot.role(row), snapshot.site(row)));
    for (node, cut) in snapshot.shown_line(row) {
        if cut > 0 {
            f(ProfileFrame::Elided(cut));
        }
        f(ProfileFrame::Role(snapshot.role_of_node(&node), node.site));
    }
    if !snapshot.is_complete(row) {
        f(ProfileFrame::Lost);
    }
}

/// Shows `f` the frames of a logical stack, innermost first.
fn for_each_await(stack: &Stack, f: &mut impl FnMut(ProfileFrame<'_>)) {
    if stack.may_be_stale() {
        f(ProfileFrame::MayBeStale);
    }
    if stack.omitted_frames() > 0 {
        f(ProfileFrame::Omitted(stack.omitted_frames()));
    }
    let mut inner = None;
    let mut frames = stack.frames().iter().rev().peekable();
    while let Some(frame) = frames.next() {
        let is_deepest_omitted = inner.is_none() && stack.omitted_frames() > 0;
        if !is_deepest_omitted && !is_around(frame, inner) && !frame.site().awaited().is_empty() {
            f(ProfileFrame::Awaited(frame.site().awaited()));
        }
        f(ProfileFrame::Await(frame.site()));
        let outer = frames.peek();
        if frame.is_idle() {
            f(ProfileFrame::Idle);
        } else if outer.is_some_and(|outer| !is_around(outer, Some(frame))) {
            f(ProfileFrame::ParallelBranch);
        }
        inner = Some(frame);
    }
    if stack.is_unrecorded() && !stack.is_empty() {
        f(ProfileFrame::Unrecorded);
    }
}

/// Whether a frame is around the one that is listed after it.
fn is_around(frame: &stack::Frame, next: Option<&stack::Frame>) -> bool {
    next.is_some_and(|next| next.depth() > frame.depth())
}

impl ProfileFrame<'_> {
    /// What it is called. Not escaped.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            ProfileFrame::Await(site) => site.function().into(),
            ProfileFrame::Awaited(what) => (*what).into(),
            ProfileFrame::Idle => "[kept, not polled]".into(),
            ProfileFrame::ParallelBranch => "[beside]".into(),
            ProfileFrame::Unrecorded => "[futures without a record]".into(),
            ProfileFrame::Omitted(count) => format!("[{count} more]").into(),
            ProfileFrame::MayBeStale => "[may have moved on]".into(),
            ProfileFrame::Role(role, _) => (*role).into(),
            ProfileFrame::Elided(count) => format!("[{count} cut]").into(),
            ProfileFrame::Lost => "[lost]".into(),
        }
    }
}
