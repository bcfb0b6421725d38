//! Tasks counted by where they stand: what profiles and flame graphs show.
//!
//! The frames of a task are, from the inside out, its logical stack, itself and its lineage.
//!
//! Such forms know stacks that are lines, and a task that waits on several branches has a tree. Its branches
//! follow one another, with a mark in between: so the task is counted once, and in all of them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::mem::{discriminant, Discriminant};

use crate::dump::nodes::{IdHash, Nodes};
use crate::dump::row::Row;
use crate::dump::sites::SiteRef;
use crate::dump::stacks::StackRef;
use crate::dump::Dump;
use crate::frame::stack::{self, Stack};
use crate::frame::FrameSite;
use crate::kind::Kind;
use crate::site::Site;
use crate::task::State;

/// A frame.
pub(super) enum Frame<'a> {
    /// An await.
    Await(&'static FrameSite),
    /// What is awaited innermost, as far as the source tells.
    Awaited(&'static str),
    /// Nobody awaits the frames inside of this now.
    Held,
    /// The frames inside of this are a branch beside those around it.
    Beside,
    /// So many frames had no room.
    Beyond(u32),
    /// The task runs, and may have left the frames around this.
    Moving,
    /// A task or an ancestor, by its role and its site.
    Role(
        &'a str,
        #[cfg_attr(not(feature = "pprof"), expect(dead_code, reason = "for profiles"))]
        &'static Site,
    ),
    /// So many ancestors left out.
    Cut(u64),
    /// The rest is not known.
    Lost,
}

/// Shows `f` the frames of a task, innermost first.
pub(super) fn for_each_frame(nodes: &Nodes, row: &Row, mut f: impl FnMut(Frame<'_>)) {
    for_each_await(&nodes.stacks.get(row.stack), &mut f);
    f(Frame::Role(&nodes.role(row), nodes.site(row)));
    for (node, cut) in nodes.shown_line(row) {
        if cut > 0 {
            f(Frame::Cut(cut));
        }
        f(Frame::Role(
            nodes.role_of_node(node),
            nodes.site_of_node(node),
        ));
    }
    if !nodes.is_complete(row) {
        f(Frame::Lost);
    }
}

/// Shows `f` the frames of a logical stack, innermost first.
fn for_each_await(stack: &Stack, f: &mut impl FnMut(Frame<'_>)) {
    if stack.is_moving() {
        f(Frame::Moving);
    }
    if stack.beyond() > 0 {
        f(Frame::Beyond(stack.beyond()));
    }
    let mut inner = None;
    let mut frames = stack.frames().iter().rev().peekable();
    while let Some(frame) = frames.next() {
        let is_cut = inner.is_none() && stack.beyond() > 0;
        if !is_cut && !is_around(frame, inner) && !frame.site().awaited().is_empty() {
            f(Frame::Awaited(frame.site().awaited()));
        }
        f(Frame::Await(frame.site()));
        let outer = frames.peek();
        if frame.is_held() {
            f(Frame::Held);
        } else if outer.is_some_and(|outer| !is_around(outer, Some(frame))) {
            f(Frame::Beside);
        }
        inner = Some(frame);
    }
}

/// Whether a frame is around the one that is listed after it.
fn is_around(frame: &stack::Frame, next: Option<&stack::Frame>) -> bool {
    next.is_some_and(|next| next.depth() > frame.depth())
}

impl Frame<'_> {
    /// What it is called. Not escaped.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Frame::Await(site) => site.function().into(),
            Frame::Awaited(what) => (*what).into(),
            Frame::Held => "[held]".into(),
            Frame::Beside => "[beside]".into(),
            Frame::Beyond(count) => format!("[{count} more]").into(),
            Frame::Moving => "[may have moved on]".into(),
            Frame::Role(role, _) => (*role).into(),
            Frame::Cut(count) => format!("[{count} cut]").into(),
            Frame::Lost => "[lost]".into(),
        }
    }
}

/// Tasks with the same frames, state and kind, and the same inherited name, of which the first
/// stands for all.
pub(super) struct Counted<'a> {
    pub(super) row: &'a Row,
    pub(super) count: u64,
}

/// Counts the tasks of a dump by their stacks. Those that have a name of their own are left out, and
/// such as have nothing in common with others: [`single`] has them.
pub(super) fn shared(dump: &Dump) -> Vec<Counted<'_>> {
    let mut known: HashMap<Key, u32, IdHash> = HashMap::default();
    let mut stacks: Vec<Counted<'_>> = Vec::new();
    for row in dump.rows.iter().filter(|row| !is_single(dump, row)) {
        let index = *known.entry(Key::of(dump, row)).or_insert_with(|| {
            stacks.push(Counted { row, count: 0 });
            stacks.len() as u32 - 1
        });
        stacks[index as usize].count += 1;
    }
    stacks
}

/// The tasks that each have a stack of their own.
pub(super) fn single(dump: &Dump) -> impl Iterator<Item = Counted<'_>> {
    let rows = dump.rows.iter().filter(|row| is_single(dump, row));
    rows.map(|row| Counted { row, count: 1 })
}

fn is_single(dump: &Dump, row: &Row) -> bool {
    row.has_extra || dump.nodes.is_foreign(row)
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    parent: u32,
    site: SiteRef,
    stack: StackRef,
    state: Discriminant<State>,
    kind: Kind,
}

impl Key {
    fn of(dump: &Dump, row: &Row) -> Self {
        Key {
            parent: row.parent_unless_extra(),
            site: row.site,
            stack: row.stack,
            state: discriminant(&row.bare_state()),
            kind: dump.nodes.kind(row),
        }
    }
}
