//! The frames of tasks, as profiles and flame graphs show them: from the inside out, the stack of a task, the task
//! itself and its lineage.
//!
//! In these forms a stack is a line, but the frames of a task that waits on several branches are a tree. The branches
//! follow one another with a mark in between. So the task is counted once, and appears in each branch.

use std::borrow::Cow;

use crate::snapshot::row::Row;
use crate::values::await_stack::{AwaitFrame, AwaitStack};
use crate::values::role::qualified;
use crate::values::stack::{self, Stack};
use crate::Dump;
use birthmark_core::FrameSite;
use birthmark_core::Site;

/// A frame of a profile.
pub(super) enum ProfileFrame<'a> {
    /// An await.
    Await(&'static FrameSite),
    /// A future that debug information describes alone.
    DebugInfo(&'a AwaitFrame),
    /// The innermost awaited expression, if the source shows it.
    Awaited(&'static str),
    /// Marks the frames inside of it as kept and not polled.
    Idle,
    /// Separates a branch from the next one.
    ParallelBranch,
    /// A number of frames that had no room in the record.
    Omitted(u32),
    /// Marks frames of futures without a record, which the task, a thread, polls.
    Unrecorded,
    /// Marks the frames of a task that runs and may have left them.
    MayBeStale,
    /// A task or an ancestor, by its role and its site.
    Role(&'a str, &'static Site),
    /// A number of ancestors that are left out.
    Elided(u64),
    /// The rest of the lineage is not known.
    Lost,
}

/// Calls `f` with the frames of a task, innermost first.
pub(super) fn for_each_frame(dump: &Dump, row: &Row, mut f: impl FnMut(ProfileFrame<'_>)) {
    let snapshot = &dump.snapshot;
    match dump.awaits_of(row) {
        Some(awaits) => for_each_future(awaits, &mut f),
        None => for_each_await(&snapshot.stacks.get(snapshot.stack(row)), &mut f),
    }
    f(ProfileFrame::Role(&snapshot.role(row), snapshot.site(row)));
    for (node, elided) in snapshot.shown_line(row) {
        if elided > 0 {
            f(ProfileFrame::Elided(elided));
        }
        f(ProfileFrame::Role(snapshot.role_of_node(&node), node.site));
    }
    if !snapshot.is_complete(row) {
        f(ProfileFrame::Lost);
    }
}

/// Calls `f` with the frames of a stack, innermost first.
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

/// Calls `f` with the frames of an await stack, innermost first.
fn for_each_future(awaits: &AwaitStack, f: &mut impl FnMut(ProfileFrame<'_>)) {
    let mut inner = None;
    let mut frames = awaits.frames().iter().rev().peekable();
    while let Some(frame) = frames.next() {
        let is_leaf = inner.is_none_or(|inner: &AwaitFrame| inner.depth() <= frame.depth());
        match frame.site() {
            Some(site) if is_leaf && !site.awaited().is_empty() => {
                f(ProfileFrame::Awaited(site.awaited()));
                f(ProfileFrame::Await(site));
            }
            Some(site) => f(ProfileFrame::Await(site)),
            None => f(ProfileFrame::DebugInfo(frame)),
        }
        if frame.is_idle() {
            f(ProfileFrame::Idle);
        } else if frames
            .peek()
            .is_some_and(|outer| outer.depth() >= frame.depth())
        {
            f(ProfileFrame::ParallelBranch);
        }
        inner = Some(frame);
    }
}

/// Returns `true` if a frame is around the next one of the list.
fn is_around(frame: &stack::Frame, next: Option<&stack::Frame>) -> bool {
    next.is_some_and(|next| next.depth() > frame.depth())
}

impl ProfileFrame<'_> {
    /// Returns the text without escapes.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            ProfileFrame::Await(site) => site.function().into(),
            ProfileFrame::DebugInfo(frame) => frame.name().into(),
            ProfileFrame::Awaited(what) => (*what).into(),
            ProfileFrame::Idle => "[kept, not polled]".into(),
            ProfileFrame::ParallelBranch => "[beside]".into(),
            ProfileFrame::Unrecorded => "[futures without a record]".into(),
            ProfileFrame::Omitted(count) => format!("[{count} more]").into(),
            ProfileFrame::MayBeStale => "[may have moved on]".into(),
            ProfileFrame::Role(role, site) => qualified(site, role),
            ProfileFrame::Elided(count) => format!("[{count} cut]").into(),
            ProfileFrame::Lost => "[lost]".into(),
        }
    }
}
