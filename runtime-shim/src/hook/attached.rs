//! Guards, gates and watchers that hooks attach to a task.

use core::cell::UnsafeCell;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Weak;
use std::time::Instant;

use super::list::HookEntry;
use super::run::{notify, run_hook};
use crate::hook::TaskRef;
use crate::platform::clock::HAS_CLOCK;
use crate::platform::unwind::OnDrop;
use crate::record::frames::Cursor;
use crate::record::slot::TaskSlot;
use crate::record::words::flag;
use crate::thread::running::{begin_drop, Begun, Running};
use crate::types::Outcome;

type GateFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A value that a hook attaches to a task with [`Spawn::attach`](crate::Spawn::attach).
///
/// The calls for one task come one after the other. A panic in a call ends there, and the task continues.
///
/// # Examples
///
/// Counts the polls of a task:
///
/// ```
/// use birthmark::{Attachment, Outcome, Spawn, TaskRef};
///
/// struct Polls(u32);
///
/// impl Attachment for Polls {
///     fn enter(&mut self) {
///         self.0 += 1;
///     }
///
///     fn exit(&mut self) {}
///
///     fn end(&mut self, task: &TaskRef<'_>, outcome: Outcome) {
///         println!("{} {} after {} polls", task.role(), outcome, self.0);
///     }
/// }
///
/// let hook = birthmark::add_hook(|spawn: &mut Spawn<'_>| spawn.attach(Polls(0)));
/// # drop(hook);
/// ```
pub trait Attachment: Send + 'static {
    /// Called before each poll of a future, before the call of a closure, and before the drop of what a task owns. The
    /// call happens on the thread that runs the task.
    fn enter(&mut self);

    /// Called after what follows [`enter`](Attachment::enter), on the same thread, also during unwinding.
    fn exit(&mut self);

    /// Called once, after the task has ended and everything that it owned was dropped. For a refused task, the outcome
    /// is [`Outcome::Refused`].
    fn end(&mut self, task: &TaskRef<'_>, outcome: Outcome) {
        let _ = (task, outcome);
    }
}

/// The guard that `enter` makes is kept here, so that entering allocates nothing.
pub(super) struct Carried<F, G> {
    enter: F,
    guard: Option<G>,
}

// SAFETY: a guard exists only between `enter` and `leave`, which the same thread calls, one after
// the other, while it polls or calls the task; at all other times this is just an `F`.
unsafe impl<F: Send, G> Send for Carried<F, G> {}

impl<F: FnMut() -> G, G> Carried<F, G> {
    pub(super) fn new(enter: F) -> Self {
        Carried { enter, guard: None }
    }
}

impl<F: FnMut() -> G + Send + 'static, G: 'static> Attachment for Carried<F, G> {
    fn enter(&mut self) {
        self.guard = Some((self.enter)());
    }

    fn exit(&mut self) {
        self.guard = None;
    }
}

/// The attachments of one task. Most tasks get one attachment, which takes no list.
#[derive(Default)]
pub(super) struct Attachments {
    first: Option<Box<dyn Attachment>>,
    more: Vec<Box<dyn Attachment>>,
}

impl Attachments {
    pub(super) fn push(&mut self, attachment: Box<dyn Attachment>) {
        match self.first {
            None => self.first = Some(attachment),
            Some(_) => self.more.push(attachment),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Box<dyn Attachment>> {
        self.first.iter_mut().chain(&mut self.more)
    }

    pub(super) fn enter(&mut self) {
        for attachment in self.iter_mut() {
            run_hook(|| attachment.enter());
        }
    }

    /// Leaves what was entered, in the reverse order.
    pub(super) fn exit(&mut self) {
        for attachment in self.iter_mut().rev() {
            run_hook(|| attachment.exit());
        }
    }

    /// Tells all attachments that their task has ended.
    pub(super) fn end(&mut self, slot: TaskSlot, outcome: Outcome) {
        for attachment in self.iter_mut() {
            run_hook(|| attachment.end(&TaskRef::new(slot), outcome));
        }
    }
}

/// Everything that hooks attach to a task. The type is aligned, so that a [`TaskHandle`](crate::task::handle::TaskHandle) has three bits for its tags.
#[repr(align(8))]
pub(crate) struct Attached {
    slot: TaskSlot,
    /// Somebody uses `inner`. An `Fn` closure may be entered by several threads at once, or by
    /// itself; then the first one carries and the others do not.
    busy: AtomicBool,
    inner: UnsafeCell<Inner>,
}

struct Inner {
    carried: Attachments,
    gate: Option<GateFuture>,
    watchers: Vec<Weak<HookEntry>>,
    /// The moment of the spawn, for watchers.
    spawned: Option<Instant>,
    started: bool,
}

// SAFETY: `inner` is used only by whoever has set `busy`, and all in it is Send.
unsafe impl Sync for Attached {}

impl Attached {
    pub(super) fn new(
        slot: TaskSlot,
        carried: Attachments,
        gate: Option<GateFuture>,
        watchers: Vec<Weak<HookEntry>>,
    ) -> Self {
        if gate.is_some() {
            slot.set_flags(flag::DELAYED);
        }
        let is_watched = HAS_CLOCK && !watchers.is_empty();
        let inner = UnsafeCell::new(Inner {
            carried,
            gate,
            watchers,
            spawned: is_watched.then(Instant::now),
            started: false,
        });
        Attached {
            slot,
            busy: AtomicBool::new(false),
            inner,
        }
    }

    pub(crate) fn slot(&self) -> TaskSlot {
        self.slot
    }

    /// Begins a poll, once the gate is open, inside of what is carried. Returns where the thread stood. The caller calls
    /// [`Attached::leave`].
    ///
    /// # Safety
    ///
    /// The caller owns the handle of the task, and nothing else uses this meanwhile.
    pub(crate) unsafe fn begin_poll(&self, waker: &Waker) -> Option<Cursor> {
        // SAFETY: by the contract.
        let inner = unsafe { &mut *self.inner.get() };
        if inner.gate.is_some() && inner.poll_gate(self.slot, waker).is_pending() {
            return None;
        }
        let outer = Running::start(self.slot).into_outer();
        // Nothing else uses it, so this needs no atomic exchange.
        self.busy.store(true, Ordering::Relaxed);
        inner.start(self.slot);
        inner.carried.enter();
        Some(outer)
    }

    /// Blocks the thread of a closure until the gate is open.
    pub(crate) fn wait_until_open(&self) {
        let gate = self.exclusively(|inner| inner.gate.take()).flatten();
        if let Some(mut gate) = gate {
            run_hook(|| super::gate::block_on(gate.as_mut()));
            run_hook(|| drop(gate));
            self.slot.clear_flags(flag::DELAYED);
        }
    }

    /// Enters what is carried. If it returns `true`, the caller calls [`Attached::leave`].
    pub(crate) fn enter(&self) -> bool {
        self.enter_after(|inner| inner.start(self.slot))
    }

    fn enter_after(&self, before: impl FnOnce(&mut Inner)) -> bool {
        if self.busy.swap(true, Ordering::Acquire) {
            return false;
        }
        // SAFETY: `busy` was not set and is now; `leave` resets it.
        let inner = unsafe { &mut *self.inner.get() };
        before(inner);
        inner.carried.enter();
        true
    }

    /// Leaves what [`Attached::enter`] or [`Attached::begin_poll`] has entered.
    ///
    /// # Safety
    ///
    /// `enter` has returned `true` to the caller, or `begin_poll` a place. The caller calls this once for it.
    pub(crate) unsafe fn leave(&self) {
        // SAFETY: by the contract, `busy` was set for this caller.
        let inner = unsafe { &mut *self.inner.get() };
        inner.carried.exit();
        self.busy.store(false, Ordering::Release);
    }

    /// Begins to drop what the task owns, inside of what is carried, also if the task has never started. Returns also
    /// whether [`Attached::leave`] must be called.
    pub(crate) fn begin_drop(&self) -> (Begun, bool) {
        let begun = begin_drop(self.slot);
        (begun, self.enter_after(|_| ()))
    }

    /// Tells the hooks that the task has ended. The slot is still the task's.
    pub(crate) fn end(self) {
        let outcome = Outcome::of_last_state(self.slot.state());
        let mut inner = self.inner.into_inner();
        if !inner.watchers.is_empty() {
            let task = TaskRef::spawned_at(self.slot, inner.spawned);
            notify(&inner.watchers, |hook| hook.on_end(&task, outcome));
        }
        inner.carried.end(self.slot, outcome);
        run_hook(|| drop((inner.carried, inner.gate)));
    }

    fn exclusively<R>(&self, f: impl FnOnce(&mut Inner) -> R) -> Option<R> {
        if self.busy.swap(true, Ordering::Acquire) {
            return None;
        }
        let _free = OnDrop(|| self.busy.store(false, Ordering::Release));
        // SAFETY: `busy` was not set and is now, until the guard resets it.
        Some(f(unsafe { &mut *self.inner.get() }))
    }
}

impl Inner {
    fn poll_gate(&mut self, slot: TaskSlot, waker: &Waker) -> Poll<()> {
        let Some(gate) = &mut self.gate else {
            return Poll::Ready(());
        };
        let mut cx = Context::from_waker(waker);
        // A gate that panics is open: the spawn goes on.
        if let Some(Poll::Pending) = run_hook(|| gate.as_mut().poll(&mut cx)) {
            return Poll::Pending;
        }
        let gate = self.gate.take();
        run_hook(|| drop(gate));
        slot.clear_flags(flag::DELAYED);
        Poll::Ready(())
    }

    fn start(&mut self, slot: TaskSlot) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        if !self.watchers.is_empty() {
            let task = TaskRef::spawned_at(slot, self.spawned);
            notify(&self.watchers, |hook| hook.on_start(&task));
        }
    }
}
