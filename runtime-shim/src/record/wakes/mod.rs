//! Wakes: whether a suspended task was woken, by what, and whether anything is left that can wake it.
//!
//! # Model
//!
//! A task is polled with a waker of birthmark's, which refers to the task's [`Wakes`]. They are 64 bytes at a stable
//! address, behind the slots of the chunk (`area.rs`). The waker notes each wake and calls the executor's own waker, the
//! *inner* one. All wakers of a task have the same pointer and the same table of functions, so `will_wake` stays true
//! from poll to poll.
//!
//! # The inner waker
//!
//! During a poll, the inner waker is the executor's, borrowed. The first clone clones it, and `Wakes` own that clone until
//! the last waker of birthmark's is gone. So the executor's task lives as long as it would without birthmark, and a poll
//! that clones no waker clones nothing.
//!
//! One word counts the wakers, and has two flags:
//!
//! | flag | meaning |
//! | --- | --- |
//! | `OWNED` | the parts of the inner waker are those of a clone that `Wakes` own |
//! | `ENDED` | the task has ended; the last waker gives back a reference to the slot |
//!
//! ```text
//!  0 ──poll──► 1 ──first clone──► 2, OWNED ──end of poll──► 1, OWNED ──last wake or drop──► 0
//!              └──end of poll──► 0
//! ```
//!
//! # Safety by situation
//!
//! - **A thread uses a waker.** The waker is counted, so the inner waker stays what it is: owned if a clone exists, and
//!   borrowed otherwise. Without a clone, the waker is the one of the poll, so the poll is still going on.
//! - **Another thread clones the waker of a poll**, which it has a reference to. Only the thread that polls stores the parts
//!   of the first clone. Until then, other threads get a clone of the executor's waker.
//! - **The last waker goes while another poll begins.** The thread copies the parts and then exchanges the word for zero.
//!   The poll finds either a counted waker, and compares it with the new one, or zero.
//! - **The task moves to another executor** while wakers are out. The comparison fails, and the poll gets the executor's
//!   waker as it is. The wakes of that poll are not seen.
//! - **The task ends while wakers are out.** Its end adds a reference to the slot, which the last waker gives back. So no
//!   other task gets the slot, nor these `Wakes`.
//! - **A reader reads while others write.** Each word is atomic. `owner` has the id of the task to which the notes belong.

use core::mem::ManuallyDrop;
use core::ptr;
use core::task::{RawWaker, RawWakerVTable, Waker};

use crate::platform::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

#[cfg(not(loom))]
mod area;
#[cfg(not(loom))]
pub mod delay;
#[cfg(not(loom))]
mod note;

#[cfg(not(loom))]
pub(super) use area::{release, AREA_BYTES};
#[cfg(not(loom))]
pub use note::{are_off, WakeSnapshot, WakeWords, WokenBy};

/// The wakes of one task.
#[derive(Debug)]
#[cfg_attr(not(loom), repr(C, align(64)))]
pub(crate) struct Wakes {
    /// Number of wakers, and flags.
    state: AtomicU64,
    /// The parts of the inner waker, valid with `OWNED`.
    data: AtomicPtr<()>,
    vtable: AtomicPtr<RawWakerVTable>,
    /// The executor's waker, valid during a poll.
    borrowed: AtomicPtr<Waker>,
    /// The id of the task of the notes below. 0 if the last poll got the executor's own waker.
    owner: AtomicU64,
    /// The tick of the last wake that made the task runnable, and in the lower half its polls at that time. The tick is 0 if
    /// the task has woken itself.
    woken: AtomicU64,
    /// The origin of that wake.
    woken_by: AtomicU64,
    /// The time of the first wake since the last poll began, if delays are measured; see [`delay`].
    #[cfg(not(loom))]
    woken_at: AtomicU64,
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Wakes>() == 64);

const OWNED: u64 = 1;
const ENDED: u64 = 2;
/// One waker.
const ONE: u64 = 4;

/// The possessions that the last waker of a task gives back.
pub(crate) struct Last {
    /// The inner waker.
    pub(crate) inner: Waker,
    /// The task has ended, and the caller has its reference to the slot.
    pub(crate) has_slot: bool,
}

/// Polls, by the thread that polls the task.
impl Wakes {
    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Wakes {
            state: AtomicU64::new(0),
            data: AtomicPtr::new(ptr::null_mut()),
            vtable: AtomicPtr::new(ptr::null_mut()),
            borrowed: AtomicPtr::new(ptr::null_mut()),
            owner: AtomicU64::new(0),
            woken: AtomicU64::new(0),
            woken_by: AtomicU64::new(0),
        }
    }

    /// Begins a poll of the task with this id. Returns `true` if a waker that refers to this may be used in the poll. The
    /// caller then calls [`Wakes::end_poll`], before `executor` is gone.
    ///
    /// Calls `first` in the first poll of the task, and sometimes again.
    #[inline(always)]
    pub(crate) fn begin_poll(&self, id: u64, executor: &Waker, first: impl FnOnce()) -> bool {
        if self.state.load(Ordering::Acquire) == 0 {
            self.state.store(ONE, Ordering::Relaxed);
        } else if !self.join(executor) {
            return false;
        }
        self.borrowed
            .store(ptr::from_ref(executor).cast_mut(), Ordering::Relaxed);
        if self.owner.load(Ordering::Relaxed) != id {
            self.reset(id, executor);
            first();
        }
        true
    }

    /// Counts the waker of a poll beside others, unless these wake by another inner waker.
    #[cold]
    #[inline(never)]
    fn join(&self, executor: &Waker) -> bool {
        let mut state = self.state.load(Ordering::Acquire);
        while state != 0 {
            let joined = self.state.compare_exchange_weak(
                state,
                state + ONE,
                Ordering::Acquire,
                Ordering::Acquire,
            );
            let Err(now) = joined else {
                // SAFETY: a waker was there, so the inner one is owned. The caller's waker is counted.
                let is_same = unsafe { self.owned() }.will_wake(executor);
                if !is_same {
                    self.owner.store(0, Ordering::Relaxed);
                    // SAFETY: the caller's waker, which is not used.
                    drop(unsafe { self.give_up() });
                }
                return is_same;
            };
            state = now;
        }
        self.state.store(ONE, Ordering::Relaxed);
        true
    }

    /// Clears the notes of another task.
    #[cold]
    #[inline(never)]
    fn reset(&self, id: u64, executor: &Waker) {
        self.woken.store(0, Ordering::Relaxed);
        self.woken_by.store(0, Ordering::Relaxed);
        // `Waker::noop` and its kin have no data. An executor that uses them polls without being woken, so nothing is known
        // of its wakes.
        if !executor.data().is_null() {
            self.owner.store(id, Ordering::Release);
        }
    }

    /// Ends a poll. Returns `true` if wakers are out, or were.
    ///
    /// # Safety
    ///
    /// [`Wakes::begin_poll`] has returned `true`, and this is called once for it. The waker of the poll is not used any
    /// more.
    #[inline(always)]
    pub(crate) unsafe fn end_poll(&self) -> bool {
        let has_wakers = self.state.load(Ordering::Relaxed) != ONE;
        if has_wakers {
            // SAFETY: by the contract.
            unsafe { self.end_shared() };
        } else {
            self.state.store(0, Ordering::Relaxed);
        }
        has_wakers
    }

    /// # Safety
    ///
    /// As for [`Wakes::end_poll`].
    #[inline(never)]
    unsafe fn end_shared(&self) {
        // SAFETY: the waker of the poll. The task has not ended, so no slot comes back.
        drop(unsafe { self.give_up() });
    }
}

/// Wakers, which any thread may use.
///
/// # Safety
///
/// The caller of each unsafe function has a waker that is counted: a clone, or the waker of a poll that is going on.
impl Wakes {
    /// Returns `true` if a clone is or was out since the inner waker was borrowed. Then clones are only counted.
    #[inline(always)]
    pub(crate) unsafe fn is_owned(&self) -> bool {
        self.state.load(Ordering::Acquire) & OWNED != 0
    }

    /// Counts one waker more. It [is owned](Wakes::is_owned).
    #[inline(always)]
    pub(crate) unsafe fn count_clone(&self) {
        self.state.fetch_add(ONE, Ordering::Relaxed);
    }

    /// Counts the first clone. The calling thread polls the task.
    #[inline(always)]
    pub(crate) unsafe fn count_first_clone(&self) {
        // SAFETY: by the contract.
        let inner = ManuallyDrop::new(unsafe { self.clone_borrowed() });
        let vtable = ptr::from_ref(inner.vtable()).cast_mut();
        self.data.store(inner.data().cast_mut(), Ordering::Relaxed);
        self.vtable.store(vtable, Ordering::Relaxed);
        // Without a clone, no other thread changes the state.
        self.state.store((2 * ONE) | OWNED, Ordering::Release);
    }

    /// Clones the executor's waker, of a poll that is going on. It is not owned.
    #[inline(always)]
    pub(crate) unsafe fn clone_borrowed(&self) -> Waker {
        // SAFETY: no clone exists, so the caller has the waker of a poll that is going on.
        unsafe { (*self.borrowed.load(Ordering::Relaxed)).clone() }
    }

    /// Calls the inner waker.
    #[inline]
    pub(crate) unsafe fn wake_inner(&self) {
        if self.state.load(Ordering::Acquire) & OWNED != 0 {
            // SAFETY: it is owned, and stays so while the caller's waker is counted.
            unsafe { self.owned() }.wake_by_ref();
        } else {
            // SAFETY: no clone exists, so the caller has the waker of a poll that is going on.
            unsafe { (*self.borrowed.load(Ordering::Relaxed)).wake_by_ref() };
        }
    }

    /// Gives the caller's waker up, which is a clone or the waker of an ending poll beside clones.
    #[inline]
    pub(crate) unsafe fn give_up(&self) -> Option<Last> {
        loop {
            // SAFETY: by the contract.
            let state = match unsafe { self.give_up_last() } {
                Ok(last) => return Some(last),
                Err(state) => state,
            };
            let given_up = self.state.compare_exchange_weak(
                state,
                state - ONE,
                Ordering::Release,
                Ordering::Relaxed,
            );
            if given_up.is_ok() {
                return None;
            }
        }
    }

    /// Gives the caller's waker up if it is the last one. Otherwise returns the state.
    #[inline]
    pub(crate) unsafe fn give_up_last(&self) -> Result<Last, u64> {
        let mut state = self.state.load(Ordering::Acquire);
        while state < 2 * ONE {
            // SAFETY: a clone exists or existed in this poll, so the inner waker is owned. The copy is used only if the
            // caller's waker was the last one.
            let inner = unsafe { self.owned() };
            let exchanged =
                self.state
                    .compare_exchange(state, 0, Ordering::AcqRel, Ordering::Acquire);
            let Err(now) = exchanged else {
                return Ok(Last {
                    inner: ManuallyDrop::into_inner(inner),
                    has_slot: state & ENDED != 0,
                });
            };
            state = now;
        }
        Err(state)
    }

    /// Returns the inner waker without owning it.
    ///
    /// # Safety
    ///
    /// The inner waker is `OWNED`, and the caller's waker is counted as long as the result is used.
    #[inline]
    unsafe fn owned(&self) -> ManuallyDrop<Waker> {
        let data = self.data.load(Ordering::Relaxed);
        // SAFETY: the parts are those of a waker that is owned here, and never null. A table of functions is static.
        unsafe {
            let vtable = &*self.vtable.load(Ordering::Relaxed);
            ManuallyDrop::new(Waker::from_raw(RawWaker::new(data, vtable)))
        }
    }
}

/// The end of the task.
impl Wakes {
    /// Returns `true` if a waker of the task is out. Without one, only a poll can make another.
    #[inline]
    pub(crate) fn has_wakers(&self) -> bool {
        self.state.load(Ordering::Acquire) != 0
    }

    /// Notes the end of the task, which is not polled any more, if wakers are out. Then the result is `true`, and the last
    /// waker gives back a reference to the slot.
    pub(crate) fn end_task(&self) -> bool {
        let end = |state: u64| (state != 0).then_some(state | ENDED);
        self.state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, end)
            .is_ok()
    }
}
