//! The sampler, which asks one thread after the other for its stack.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::sample_slot::{Sample, SampleSlot};
use super::spare::{self, Stacks};
use super::{futex, handler};
use crate::platform::tasks;
use birthmark_core::__reader::os_thread::os_id;
use birthmark_dump::__private::is_running;
use birthmark_dump::StackError;

/// Maximum time for one thread. A thread that waits longer for a CPU gives no answer.
const THREAD_TIMEOUT: Duration = Duration::from_secs(1);
/// Maximum time for all threads together. After that, each has [`MIN_TIMEOUT`].
const TOTAL_TIMEOUT: Duration = Duration::from_secs(4);
const MIN_TIMEOUT: Duration = Duration::from_millis(10);
/// Interval at which the sampler checks that the thread still exists.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The right to take stacks. One sampler exists at a time.
pub(super) struct StackSampler {
    process: u32,
    /// Rest of the total time.
    time_left: Cell<Duration>,
    stacks: RefCell<Stacks>,
}

/// The process that has a sampler, or 0. The sampler of a parent does not count in the child of a fork.
static SAMPLING_PROCESS: AtomicU32 = AtomicU32::new(0);

impl StackSampler {
    /// Waits until no other sampler exists, for a bounded time. A panicking thread does not wait, because it may be the
    /// one that has the sampler.
    pub(super) fn new() -> Result<Self, StackError> {
        let (process, start) = (std::process::id(), Instant::now());
        let time_left = if std::thread::panicking() {
            Duration::ZERO
        } else {
            TOTAL_TIMEOUT
        };
        while !Self::is_next(process) {
            if start.elapsed() >= time_left {
                return Err(StackError::Busy);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(StackSampler {
            process,
            time_left: Cell::new(TOTAL_TIMEOUT),
            stacks: RefCell::new(Stacks::new()),
        })
    }

    fn is_next(process: u32) -> bool {
        let change = |present| (present != process).then_some(process);
        SAMPLING_PROCESS
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, change)
            .is_ok()
    }

    /// Asks a thread to copy its stack, and reads the copy.
    pub(super) fn ask<R>(
        &mut self,
        id: u64,
        read: impl FnOnce(&Sample) -> R,
    ) -> Result<R, StackError> {
        let thread = u32::try_from(id).map_err(|_| StackError::NoAnswer)?;
        let start = Instant::now();
        let slot = self.await_answer(id, thread);
        let left = self.time_left.get().saturating_sub(start.elapsed());
        self.time_left.set(left);
        // SAFETY: `new` makes one sampler at a time, and `read` cannot use it, because this borrows it exclusively.
        let result = unsafe { slot?.read(thread, read) };
        result.ok_or(StackError::NoAnswer)
    }

    fn await_answer(&self, id: u64, thread: u32) -> Result<&'static SampleSlot, StackError> {
        if self.stays_blocked(id) {
            return Err(StackError::Blocked);
        }
        if let Some(why) = spare::reason(id, &mut self.stacks.borrow_mut()) {
            return Err(why);
        }
        let slot = SampleSlot::ask(thread).ok_or(StackError::NoAnswer)?;
        if !self.send(thread, handler::SIGNAL) {
            slot.state.take_back(thread);
            return Err(StackError::Ended);
        }
        match self.wait(slot, thread) {
            // It has not begun, and never will.
            Err(why) if slot.state.take_back(thread) => Err(why),
            // It has begun and is nearly done, unless it was stopped.
            Err(_) => self.wait(slot, thread).map(|()| slot),
            Ok(()) => Ok(slot),
        }
    }

    /// Returns `true` if a thread blocks the signal for longer than a handler runs. Our handler blocks the signal, too.
    ///
    /// Such a thread would not answer. It may wait for signals by itself, and would receive ours.
    fn stays_blocked(&self, id: u64) -> bool {
        let until = self.until();
        while tasks::blocks(id, handler::SIGNAL) {
            // Ours does not sleep, so that it is not in ours if it sleeps and blocks the signal after that, too.
            let sleeps = !tasks::read(id, "stat").is_ok_and(|stat| is_running(&stat));
            let is_in_none = sleeps || id == os_id();
            if is_in_none && tasks::blocks(id, handler::SIGNAL) || Instant::now() >= until {
                return true;
            }
            std::thread::sleep(MIN_TIMEOUT / 10);
        }
        false
    }

    /// Returns the end of the time for one thread.
    fn until(&self) -> Instant {
        Instant::now() + self.time_left.get().clamp(MIN_TIMEOUT, THREAD_TIMEOUT)
    }

    fn wait(&self, slot: &SampleSlot, thread: u32) -> Result<(), StackError> {
        let until = self.until();
        loop {
            // Read before the question, so that a change after it ends the wait.
            let word = slot.state.word().load(Ordering::Relaxed);
            if slot.state.has_answered(thread) {
                return Ok(());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(StackError::NoAnswer);
            }
            futex::wait(slot.state.word(), word, left.min(POLL_INTERVAL));
            if !self.send(thread, 0) {
                return Err(StackError::Ended);
            }
        }
    }

    /// Sends a signal. Returns `true` if the thread exists. Signal 0 only checks that.
    fn send(&self, thread: u32, signal: libc::c_int) -> bool {
        // SAFETY: a system call that touches no memory. A handler for the signal is set up.
        unsafe { libc::syscall(libc::SYS_tgkill, self.process, thread, signal) == 0 }
    }
}

impl Drop for StackSampler {
    fn drop(&mut self) {
        SAMPLING_PROCESS.store(0, Ordering::Release);
    }
}
