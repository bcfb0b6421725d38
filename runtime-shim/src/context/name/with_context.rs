//! Names and labels for a while: for the time of a closure, or of a future.

use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::future::Future;

use super::node::{make_for_current, Change};
use crate::platform::runtime_flags;
use crate::platform::unwind::OnDrop;
use crate::record::call_names::Shown;
use crate::record::frames::Cursor;
use crate::record::slot::{NameSlot, NodeSlot, TaskSlot};
use crate::record::thread_states::ThreadState;
use crate::record::words::flag;
use crate::thread::local::{self, BorrowedParent, Local};

/// Changes what is said of the current task, for good. Returns `false` if there is no memory for it, or if the thread
/// exits.
pub(crate) fn set(change: &Change) -> bool {
    local::with(|local| {
        let Some(node) = make_for_current(local, change) else {
            return false;
        };
        if let Some(old) = local.set_name_for_good(node) {
            // SAFETY: the task, or the borrowed parent, was the owner of the reference and has another node now.
            unsafe { local.release_name(old) };
        }
        true
    })
}

/// Does `f` after a change, which ends with it.
pub(crate) fn with_change<R>(change: &Change, f: impl FnOnce() -> R) -> R {
    match node_with(change) {
        Some(node) => node.with(f),
        None => f(),
    }
}

/// Returns a node of the current task after a change. Returns `None` if there is no memory for it, or if the thread
/// exits.
pub(crate) fn node_with(change: &Change) -> Option<NodeRef> {
    local::with(|local| make_for_current(local, change)).map(NodeRef)
}

/// The future that [`with_name_async`](crate::with_name_async), [`with_label_async`](crate::with_label_async) and
/// [`TaskLocal::scope_async`](crate::TaskLocal::scope_async) return. The future runs another one with a name, a label or
/// a local.
///
/// The other names and labels inside are those that the task had at its first poll of the future.
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
pub struct WithContext<F> {
    change: Option<Box<Change>>,
    node: Option<NodeRef>,
    /// Structurally pinned.
    future: ManuallyDrop<F>,
}

impl<F> WithContext<F> {
    /// Makes the change while birthmark is on; it is asked for only then.
    pub(crate) fn new(change: impl FnOnce() -> Change, future: F) -> Self {
        let is_on = !runtime_flags::has(runtime_flags::OFF);
        Self::maybe(is_on.then(change), future)
    }

    /// Makes the change also while birthmark is off.
    pub(crate) fn always(change: Change, future: F) -> Self {
        Self::maybe(Some(change), future)
    }

    /// Makes no change until [`WithContext::set_change`].
    pub(crate) fn unchanged(future: F) -> Self {
        Self::maybe(None, future)
    }

    /// Sets the change that the future makes, before its first poll.
    pub(crate) fn set_change(self: Pin<&mut Self>, change: Change) {
        // SAFETY: `future`, which alone is structurally pinned, is not touched.
        unsafe { self.get_unchecked_mut() }.change = Some(Box::new(change));
    }

    /// Ends the change of a future that is ready. Values of locals are dropped, although the future may be kept.
    pub(crate) fn end_change(self: Pin<&mut Self>) {
        // SAFETY: `future`, which alone is structurally pinned, is not touched.
        let this = unsafe { self.get_unchecked_mut() };
        let ended = (this.change.take(), this.node.take());
        drop(ended);
    }

    fn maybe(change: Option<Change>, future: F) -> Self {
        WithContext {
            change: change.map(Box::new),
            node: None,
            future: ManuallyDrop::new(future),
        }
    }
}

impl<F: Unpin> Unpin for WithContext<F> {}

impl<F: Future> Future for WithContext<F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is structurally pinned: never moved, dropped in place.
        let (change, node, future) = unsafe {
            let this = self.get_unchecked_mut();
            (
                &this.change,
                &mut this.node,
                Pin::new_unchecked(&mut *this.future),
            )
        };
        match change.as_ref().and_then(|change| enter(node, change)) {
            Some(mut changed) => {
                let _leave = OnDrop(|| *node = changed.leave().map(NodeRef));
                future.poll(cx)
            }
            None => {
                if let Some(change @ Change::Local(_)) = change.as_deref() {
                    change.cannot_be_made();
                }
                future.poll(cx)
            }
        }
    }
}

impl<F> Drop for WithContext<F> {
    fn drop(&mut self) {
        let entered = self
            .change
            .as_ref()
            .and_then(|change| enter(&mut self.node, change));
        let node = &mut self.node;
        let _leave =
            entered.map(|mut changed| OnDrop(move || *node = changed.leave().map(NodeRef)));
        // SAFETY: dropped once, in place, and not used afterwards.
        unsafe { ManuallyDrop::drop(&mut self.future) };
    }
}

/// Enters the name node in `node`, or a new one if another task polls the future now.
fn enter(node: &mut Option<NodeRef>, change: &Change) -> Option<ScopedChange> {
    local::with(|local| {
        let current = local.current();
        let of_current = node.take_if(|node| current.is_some() && node.0.task() == current);
        match of_current {
            Some(node) => Some(ScopedChange::enter(ManuallyDrop::new(node).0)),
            None => Some(ScopedChange::enter(make_for_current(local, change)?)),
        }
    })
}

/// The owner of a name node that is not in force.
#[derive(Debug)]
pub(crate) struct NodeRef(NameSlot);

impl NodeRef {
    /// Does `f` while the node is in force.
    pub(crate) fn with<R>(self, f: impl FnOnce() -> R) -> R {
        let mut changed = ScopedChange::enter(ManuallyDrop::new(self).0);
        let _leave = OnDrop(|| drop(changed.leave().map(NodeRef)));
        f()
    }
}

impl Drop for NodeRef {
    fn drop(&mut self) {
        // SAFETY: this owns the reference.
        local::with(|local| unsafe { local.release_name(self.0) });
    }
}

/// The current task under another name node for a while.
struct ScopedChange(Before);

/// The parent of further children before the change.
enum Before {
    /// Another node in the task's slot.
    Own(TaskSlot, Option<NodeSlot>),
    /// Another node that the thread has borrowed.
    Borrowed(Option<NodeSlot>),
    /// No name of the present call of a closure.
    Call(Cursor, BorrowedParent),
    /// No task.
    Nothing,
}

impl ScopedChange {
    /// Takes over the caller's reference to `node`.
    fn enter(node: NameSlot) -> Self {
        let before = local::with(|local| {
            if local.is_parent_borrowed() {
                return Before::Borrowed(local.replace_borrowed(Some(node.into())));
            }
            match local.current() {
                // Other threads may run other calls of it.
                Some(task) if task.flags() & flag::CALLED != 0 => {
                    task.look_for_call_names();
                    local.name_call(node)
                }
                Some(task) => Before::Own(task, task.swap_spawn_parent(Some(node.into()))),
                None => Before::Nothing,
            }
        });
        ScopedChange(before)
    }

    /// Goes back. Returns the name node that the task had at last, with the reference to it.
    fn leave(&mut self) -> Option<NameSlot> {
        let last = match self.0 {
            Before::Own(task, outer) => task.swap_spawn_parent(outer),
            Before::Borrowed(outer) => local::with(|local| local.replace_borrowed(outer)),
            Before::Call(cursor, borrowed_parent) => {
                local::with(|local| local.leave_call(cursor, borrowed_parent))
            }
            Before::Nothing => None,
        };
        last.and_then(NodeSlot::as_name)
    }
}

impl Local {
    /// Changes the parent that this thread has borrowed.
    fn replace_borrowed(&self, parent: Option<NodeSlot>) -> Option<NodeSlot> {
        let borrowed_parent = self.borrowed_parent.get();
        self.borrowed_parent.set(BorrowedParent {
            parent,
            ..borrowed_parent
        });
        self.show_call_name(borrowed_parent.shown, parent);
        borrowed_parent.parent
    }

    /// Puts a name into force for the present call of the current task.
    fn name_call(&self, node: NameSlot) -> Before {
        let node = NodeSlot::from(node);
        let shown = |state: &'static ThreadState| state.call_names.push(node);
        let borrowed_parent = BorrowedParent {
            borrowed: None,
            parent: Some(node),
            shown: self.state().map_or(Shown::NOWHERE, shown),
        };
        let cursor = self.position.get();
        self.position.set(cursor.named());
        Before::Call(cursor, self.borrowed_parent.replace(borrowed_parent))
    }

    /// Ends what [`Local::name_call`] has begun. Returns the last name of the call.
    fn leave_call(&self, cursor: Cursor, borrowed_parent: BorrowedParent) -> Option<NodeSlot> {
        self.position.set(cursor);
        let ended = self.borrowed_parent.replace(borrowed_parent);
        self.show_call_name(ended.shown, None);
        ended.parent
    }

    fn show_call_name(&self, shown: Shown, name: Option<NodeSlot>) {
        if let Some(state) = self.state() {
            state.call_names.replace(shown, name);
        }
    }

    /// Makes a name the parent of all further children of the current task. Returns the name node that it replaces.
    fn set_name_for_good(&self, node: NameSlot) -> Option<NameSlot> {
        if !self.is_parent_borrowed() {
            return self.current()?.replace_spawn_parent(node.into())?.as_name();
        }
        let outer = self.replace_borrowed(Some(node.into()));
        outer
            .filter(|_| outer != self.borrowed_parent.get().borrowed)
            .and_then(NodeSlot::as_name)
    }
}
