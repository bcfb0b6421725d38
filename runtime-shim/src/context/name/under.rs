//! Names and labels for a while: for the time of a closure, or of a future.

use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll};
use std::future::Future;

use super::node::{make_for_current, Change};
use crate::platform::mode;
use crate::platform::unwind::OnDrop;
use crate::record::call_names::Shown;
use crate::record::frames::Cursor;
use crate::record::pool::Block;
use crate::record::slot::{flag, Slot};
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
pub struct WithContext<F> {
    change: Option<Box<Change>>,
    node: Option<NodeRef>,
    /// Structurally pinned.
    future: ManuallyDrop<F>,
}

impl<F> WithContext<F> {
    /// Makes the change while birthmark is on; it is asked for only then.
    pub(crate) fn new(change: impl FnOnce() -> Change, future: F) -> Self {
        WithContext {
            change: (!mode::has(mode::OFF)).then(|| Box::new(change())),
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
            None => future.poll(cx),
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
struct Changed(Before);

/// The scope before the change.
enum Before {
    /// Another scope in the task's slot.
    Own(&'static Slot, Option<&'static Slot>),
    /// Another scope that is lent to the thread.
    Lent(*const Slot),
    /// No name of the present call of a closure.
    Call(Cursor, Loan),
    /// No task.
    Nothing,
}

impl Changed {
    /// Takes over the caller's reference to `node`.
    fn enter(node: &'static Slot) -> Self {
        let before = local::with(|local| {
            if local.is_lent() {
                return Before::Lent(local.replace_lent(node));
            }
            match local.current() {
                // Other threads may run other calls of it.
                Some(task) if task.flags() & flag::CALLED != 0 => {
                    task.look_for_call_names();
                    local.name_call(node)
                }
                Some(task) => Before::Own(task, task.scope.swap(Some(node))),
                None => Before::Nothing,
            }
        });
        Changed(before)
    }

    /// Goes back. Returns the name node that the task had at last, with the reference to it.
    fn leave(&mut self) -> Option<&'static Slot> {
        let last = match self.0 {
            Before::Own(task, outer) => task.scope.swap(outer),
            // SAFETY: null or a live node, as every scope.
            Before::Lent(outer) => unsafe {
                local::with(|local| local.replace_lent(outer)).as_ref()
            },
            // SAFETY: the loan is that of `name_call`, whose scope is a live node.
            Before::Call(cursor, loan) => unsafe {
                local::with(|local| local.leave_call(cursor, loan)).as_ref()
            },
            Before::Nothing => None,
        };
        last.filter(|last| last.is_name())
    }
}

impl Local {
    /// Changes the scope that is lent to this thread.
    fn replace_lent(&self, scope: *const Slot) -> *const Slot {
        let loan = self.loan.get();
        self.loan.set(Loan { scope, ..loan });
        self.show_call_name(loan.shown, scope);
        loan.scope
    }

    /// Puts a name into force for the present call of the current task.
    fn name_call(&self, node: &'static Slot) -> Before {
        let shown = |block: &'static Block| block.call_names.push(node);
        let loan = Loan {
            lent: ptr::null(),
            scope: node,
            shown: self.block().map_or(Shown::NOWHERE, shown),
        };
        let cursor = self.cursor.get();
        self.cursor.set(cursor.named());
        Before::Call(cursor, self.loan.replace(loan))
    }

    /// Ends what [`Local::name_call`] has begun. Returns the last name of the call.
    fn leave_call(&self, cursor: Cursor, loan: Loan) -> *const Slot {
        self.cursor.set(cursor);
        let ended = self.loan.replace(loan);
        self.show_call_name(ended.shown, ptr::null());
        ended.scope
    }

    fn show_call_name(&self, shown: Shown, name: *const Slot) {
        if let Some(block) = self.block() {
            block.call_names.replace(shown, name);
        }
    }

    /// Makes `node` the scope of the current task. Returns the name node that it replaces, if any.
    fn set_scope_for_good(&self, node: &'static Slot) -> Option<&'static Slot> {
        if !self.is_lent() {
            let old = self.current()?.replace_scope(node);
            return old.filter(|old| old.is_name());
        }
        let outer = self.replace_lent(node);
        // SAFETY: null or a live node, as every scope.
        unsafe { outer.as_ref() }.filter(|outer| !ptr::eq(*outer, self.loan.get().lent))
    }
}
