//! Asking one thread after the other.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::super::kernel::Stat;
use super::sample_slot::{Sample, SampleSlot};
use super::spare::{self, Stacks};
use super::{futex, handler};
use crate::platform::tasks;
use birthmark_core::__reader::os_thread::os_id;
use birthmark_dump::StackError;

/// For how long a thread is waited for. Whoever has to wait for a CPU for longer than this is late.
const THREAD_TIMEOUT: Duration = Duration::from_secs(1);
/// For how long all of them are, together. Then each has a moment only.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(4);
const MIN_TIMEOUT: Duration = Duration::from_millis(10);
/// How often it is asked whether the thread is still there.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The right to ask, which one has at a time.
pub(super) struct StackSampler {
    process: u32,
    /// What is left of the total timeout.
    time_left: Cell<Duration>,
    stacks: RefCell<Stacks>,
}

/// The process whose sampler there is, or 0. After a fork, the parent's sampler is none in the child.
static SAMPLING_PROCESS: AtomicU32 = AtomicU32::new(0);

impl StackSampler {
    /// Waits for its turn, but not for ever, and not at all in a panic, of which the sampler may be in the midst.
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

    /// Has a thread copy its stack, and reads the copy.
    pub(super) fn ask<R>(&self, id: u64, read: impl FnOnce(&Sample) -> R) -> Result<R, StackError> {
        let thread = u32::try_from(id).map_err(|_| StackError::NoAnswer)?;
        let start = Instant::now();
        let slot = self.await_answer(id, thread);
        let left = self.time_left.get().saturating_sub(start.elapsed());
        self.time_left.set(left);
        slot?.read(thread, read).ok_or(StackError::NoAnswer)
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

    /// Whether a thread blocks the signal, and not just while it is in a handler, which it does in ours. It is
    /// not sent the signal then: it would not answer, and may be one that waits for signals in its own way.
    fn stays_blocked(&self, id: u64) -> bool {
        let until = self.until();
        while tasks::blocks(id, handler::SIGNAL) {
            // Ours does not sleep, so that it is not in ours if it sleeps and blocks the signal after that, too.
            let sleeps = Stat::read(id).is_none_or(|stat| !stat.is_running());
            let is_in_none = sleeps || id == os_id();
            if is_in_none && tasks::blocks(id, handler::SIGNAL) || Instant::now() >= until {
                return true;
            }
            std::thread::sleep(MIN_TIMEOUT / 10);
        }
        false
    }

    /// Until when a thread is waited for.
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

    /// Whether the thread is there. 0 is no signal, and only asks that.
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
