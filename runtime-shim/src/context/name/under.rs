//! Names and labels for a while: for the time of a closure, or of a future.

use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll};
use std::future::Future;

use super::node::{make_for_current, Change};
use crate::platform::mode;
use crate::platform::unwind::OnDrop;
use crate::record::slot::Slot;
use crate::thread::local::{self, Loan, Local};

/// Changes what is said of the current task, for good.
pub(crate) fn set(change: &Change) {
    local::with(|local| {
        if let Some(node) = make_for_current(local, change) {
            if let Some(old) = local.set_scope_for_good(node) {
                local.release_name(old);
            }
        }
    });
}

/// Does `f` after a change, which ends with it.
pub(crate) fn during<R>(change: &Change, f: impl FnOnce() -> R) -> R {
    let Some(node) = local::with(|local| make_for_current(local, change)) else {
        return f();
    };
    let mut changed = Changed::enter(node);
    let _leave = OnDrop(|| drop(changed.leave().map(NodeRef)));
    f()
}

/// The future that [`with_name_async`](crate::with_name_async) and [`with_label_async`](crate::with_label_async)
/// return. The future runs another one with a name or a label.
///
/// The other names and labels inside are those that the task had at its first poll of the future.
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
pub struct Under<F> {
    change: Option<Box<Change>>,
    node: Option<NodeRef>,
    /// Structurally pinned.
    future: ManuallyDrop<F>,
}

impl<F> Under<F> {
    /// Makes the change while birthmark is on; it is asked for only then.
    pub(crate) fn new(change: impl FnOnce() -> Change, future: F) -> Self {
        Under {
            change: (!mode::has(mode::OFF)).then(|| Box::new(change())),
            node: None,
            future: ManuallyDrop::new(future),
        }
    }
}

impl<F: Unpin> Unpin for Under<F> {}

impl<F: Future> Future for Under<F> {
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
            None => future.poll(cx),
        }
    }
}

impl<F> Drop for Under<F> {
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
fn enter(node: &mut Option<NodeRef>, change: &Change) -> Option<Changed> {
    local::with(|local| {
        let current = local.current();
        let of_current = node.take_if(|node| match (node.0.parent.get(), current) {
            (Some(owner), Some(current)) => ptr::eq(owner, current),
            _ => false,
        });
        match of_current {
            Some(node) => Some(Changed::enter(ManuallyDrop::new(node).0)),
            None => Some(Changed::enter(make_for_current(local, change)?)),
        }
    })
}

/// A reference to a name node.
#[derive(Debug)]
struct NodeRef(&'static Slot);

impl Drop for NodeRef {
    fn drop(&mut self) {
        local::with(|local| local.release_name(self.0));
    }
}

/// The current task under another name node for a while.
struct Changed {
    /// The task, and what its own scope was; `None` where the scope is lent.
    task: Option<(&'static Slot, Option<&'static Slot>)>,
    /// What the lent scope was.
    outer: *const Slot,
}

impl Changed {
    /// Takes over the caller's reference to `node`.
    fn enter(node: &'static Slot) -> Self {
        local::with(|local| {
            if local.is_lent() {
                let outer = local.replace_lent(node);
                return Changed { task: None, outer };
            }
            let task = local.current();
            Changed {
                task: task.map(|task| (task, task.scope.swap(Some(node)))),
                outer: ptr::null(),
            }
        })
    }

    /// Goes back. Returns the name node that the task had at last, with the reference to it.
    fn leave(&mut self) -> Option<&'static Slot> {
        let last = match self.task {
            Some((task, outer)) => task.scope.swap(outer),
            // SAFETY: null or a live node, as every scope.
            None => unsafe { local::with(|local| local.replace_lent(self.outer)).as_ref() },
        };
        last.filter(|last| last.is_name())
    }
}

impl Local {
    /// Changes the scope that is lent to this thread.
    fn replace_lent(&self, scope: *const Slot) -> *const Slot {
        let loan = self.loan.get();
        self.loan.set(Loan { scope, ..loan });
        loan.scope
    }

    /// Makes `node` the scope of the current task. Returns the name node that it replaces, if any.
    fn set_scope_for_good(&self, node: &'static Slot) -> Option<&'static Slot> {
        if !self.is_lent() {
            return self
                .current()?
                .scope
                .swap(Some(node))
                .filter(|old| old.is_name());
        }
        let outer = self.replace_lent(node);
        // SAFETY: null or a live node, as every scope.
        unsafe { outer.as_ref() }.filter(|outer| !ptr::eq(*outer, self.loan.get().lent))
    }
}
