//! The wakers with which tasks are polled.
//!
//! [`Wakes`] has the states and the arguments for safety.

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr;
use core::task::{RawWaker, RawWakerVTable, Waker};

use crate::platform::runtime_flags;
use crate::record::slot::{Slot, TaskSlot};
use crate::record::wakes::{Last, Wakes, WokenBy};
use crate::record::words::flag;
use crate::thread::local;

/// A poll with a waker of birthmark's, or with the executor's own. Dropping it ends the poll, also if the future panics.
#[derive(Debug)]
pub(crate) struct AwakablePoll<'a> {
    /// `None` if the poll has the executor's waker.
    wakes: Option<&'static Wakes>,
    executor: &'a Waker,
}

/// The waker of a poll, which is not dropped: the [`AwakablePoll`] counts it, or the executor has it.
#[derive(Debug)]
pub(crate) struct PollWaker<'a> {
    waker: ManuallyDrop<Waker>,
    _executor: PhantomData<&'a Waker>,
}

impl Deref for PollWaker<'_> {
    type Target = Waker;

    #[inline(always)]
    fn deref(&self) -> &Waker {
        &self.waker
    }
}

impl<'a> AwakablePoll<'a> {
    /// Begins a poll of a task, which this thread alone runs, and which no poll of this thread is within. `flags_and_tick` has
    /// the runtime flags. Calls `first` in the first poll of the task, and sometimes again.
    #[inline(always)]
    pub(crate) fn begin(
        task: TaskSlot,
        executor: &'a Waker,
        flags_and_tick: u64,
        first: impl FnOnce(),
    ) -> Self {
        let wakes = Wakes::of(task.slot());
        if runtime_flags::has_slow_wakes(flags_and_tick) && !wakes.begin_measured(task) {
            // Whether it is the first poll is not known then.
            first();
            return Self::none(executor);
        }
        let is_awakable = wakes.begin_poll(task.id(), executor, first);
        if !is_awakable {
            // Wakers of another executor are out.
            task.set_awakable();
        }
        AwakablePoll {
            wakes: is_awakable.then_some(wakes),
            executor,
        }
    }

    /// A poll whose wakes are not seen.
    #[inline(always)]
    pub(crate) fn none(executor: &'a Waker) -> Self {
        AwakablePoll {
            wakes: None,
            executor,
        }
    }

    /// Returns the waker of the poll.
    #[inline(always)]
    pub(crate) fn waker(&self) -> PollWaker<'a> {
        let waker = match self.wakes {
            // SAFETY: `Wakes` are never unmapped, and the functions of `WAKER` may be called on any thread. `begin_poll`
            // has counted this waker. It is not dropped: `end_poll` gives it up.
            Some(wakes) => unsafe {
                Waker::from_raw(RawWaker::new(ptr::from_ref(wakes).cast(), &WAKER))
            },
            // SAFETY: a copy that is not dropped, and that the lifetime keeps from outliving the original.
            None => unsafe { ptr::read(self.executor) },
        };
        PollWaker {
            waker: ManuallyDrop::new(waker),
            _executor: PhantomData,
        }
    }

    /// Ends the poll. Returns `true` if wakers of it may be out.
    #[inline(always)]
    pub(crate) fn end(self) -> bool {
        ManuallyDrop::new(self).end_once()
    }

    #[inline(always)]
    fn end_once(&self) -> bool {
        // SAFETY: `begin_poll` has returned `true` for these, and this is called once. The waker of the poll is not used
        // any more, because the context of the poll had borrowed it.
        self.wakes.is_some_and(|wakes| unsafe { wakes.end_poll() })
    }
}

impl Drop for AwakablePoll<'_> {
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        self.end_once();
    }
}

static WAKER: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

/// # Safety
///
/// `data` is that of a waker that [`AwakablePoll::begin`] has made, or of its clone.
#[inline(always)]
unsafe fn wakes_of(data: *const ()) -> &'static Wakes {
    // SAFETY: by the contract. `Wakes` are never unmapped.
    unsafe { &*data.cast() }
}

// Each of these functions is called by a waker with the table `WAKER`, which is counted until then.

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: as above.
    unsafe {
        let wakes = wakes_of(data);
        if wakes.is_owned() {
            wakes.count_clone();
        } else if local::with(|local| local.runs(wakes.slot())) {
            wakes.count_first_clone();
        } else {
            let executor = ManuallyDrop::new(wakes.clone_borrowed());
            return RawWaker::new(executor.data(), executor.vtable());
        }
    }
    RawWaker::new(data, &WAKER)
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: as above.
    unsafe {
        let wakes = wakes_of(data);
        note(wakes);
        wakes.wake_inner();
    }
}

unsafe fn wake(data: *const ()) {
    // SAFETY: as above.
    unsafe {
        let wakes = wakes_of(data);
        note(wakes);
        match wakes.give_up_last() {
            Ok(last) => release(wakes, last).wake(),
            Err(_) => wake_beside_others(data),
        }
    }
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: as above.
    unsafe {
        let wakes = wakes_of(data);
        if let Some(last) = wakes.give_up() {
            drop(release(wakes, last));
        }
    }
}

/// Wakes by a waker that was not the last one when it was looked at.
///
/// # Safety
///
/// As for [`wakes_of`].
#[inline(never)]
unsafe fn wake_beside_others(data: *const ()) {
    // SAFETY: by the contract.
    unsafe {
        wakes_of(data).wake_inner();
        drop_waker(data);
    }
}

/// Gives back what the last waker had. Returns the inner one.
///
/// # Safety
///
/// `last` is that of these wakes.
#[inline]
unsafe fn release(wakes: &'static Wakes, last: Last) -> Waker {
    if last.has_slot {
        // SAFETY: by the contract.
        unsafe { release_slot(wakes) };
    }
    last.inner
}

/// # Safety
///
/// The caller gives up the reference to the slot, whose task has ended.
#[cold]
#[inline(never)]
unsafe fn release_slot(wakes: &'static Wakes) {
    // SAFETY: by the contract.
    local::with(|local| unsafe { local.release(TaskSlot::of_ended(wakes.slot()).into()) });
}

/// Returns `true` if the thread of a task runs the code of an executor.
#[inline(always)]
fn is_blocked(task: &Slot) -> bool {
    task.poll_word().flags() & flag::BLOCKED != 0
}

/// Notes a wake by what the thread runs. It calls nothing, so the functions of the waker need to save no registers.
#[inline(always)]
fn note(wakes: &'static Wakes) {
    local::with(|local| match local.position.get().slot() {
        Some(running) if ptr::eq(running, wakes.slot()) => wakes.note_own(),
        Some(running) if !is_blocked(running) => {
            wakes.note(runtime_flags::tick(), WokenBy::Task(running.id()));
        }
        _ => {
            let thread = local.state().map(|state| state.index());
            wakes.note(runtime_flags::tick(), WokenBy::Thread(thread));
        }
    });
}
