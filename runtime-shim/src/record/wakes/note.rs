//! Notes of a wake, and how they are read.

use super::{delay, Wakes};
use crate::platform::runtime_flags;
use crate::platform::sync::atomic::{fence, Ordering};
use crate::record::image::SlotImage;
use crate::record::read::Record;

/// The origin of a wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WokenBy {
    /// The task itself, during a poll.
    Itself,
    /// The task with this id, or a name of it.
    Task(u64),
    /// A thread that ran no task, by the index of its state. `None` if it had no state.
    Thread(Option<u32>),
}

/// Set in the word of a thread.
const THREAD: u64 = 1 << 63;
/// The word if the task has woken itself.
const ITSELF: u64 = 0;

impl WokenBy {
    /// Returns the origin as one word.
    pub fn to_word(self) -> u64 {
        match self {
            WokenBy::Itself => ITSELF,
            WokenBy::Task(id) => id,
            WokenBy::Thread(index) => THREAD | index.map_or(0, |index| u64::from(index) + 1),
        }
    }

    /// Returns the origin that [`WokenBy::to_word`] was called on.
    pub fn from_word(word: u64) -> Self {
        match word {
            ITSELF => WokenBy::Itself,
            _ if word & THREAD == 0 => WokenBy::Task(word),
            _ => WokenBy::Thread((word as u32).checked_sub(1)),
        }
    }
}

impl Wakes {
    /// Copies the words for a reader.
    #[inline]
    fn words(&self) -> WakeWords {
        WakeWords {
            owner: self.owner.load(Ordering::Acquire),
            woken: self.woken.load(Ordering::Acquire),
            woken_by: self.woken_by.load(Ordering::Relaxed),
            state: self.state.load(Ordering::Acquire),
        }
    }

    /// Notes that another task, or a thread without one, has woken the task. Of several wakes since the last poll began,
    /// the first one counts.
    #[inline]
    pub(crate) fn note(&'static self, tick: u64, by: WokenBy) {
        let polls = self.polls();
        if self.woken.load(Ordering::Relaxed) as u32 == polls {
            return;
        }
        // Before the time. So a reader of the new time reads one of the threads that woke the task then.
        self.woken_by.store(by.to_word(), Ordering::Relaxed);
        self.woken.store(tick | u64::from(polls), Ordering::Release);
        self.note_time();
    }

    /// Notes that the task has woken itself. Only the thread that polls it calls this. The task can run from the end of the
    /// poll on, so no tick is noted.
    #[inline(always)]
    pub(crate) fn note_own(&'static self) {
        let polls = self.polls();
        if self.woken.load(Ordering::Relaxed) as u32 == polls {
            return;
        }
        self.woken_by.store(ITSELF, Ordering::Relaxed);
        self.woken.store(u64::from(polls), Ordering::Release);
        self.note_time();
    }

    #[inline(always)]
    fn polls(&'static self) -> u32 {
        self.slot().poll_word().polls()
    }
}

/// The words of a task's wakes that readers use, copied out of any memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct WakeWords {
    pub state: u64,
    pub owner: u64,
    pub woken: u64,
    pub woken_by: u64,
}

/// The wakes of a task at one moment.
#[derive(Clone, Copy, Debug)]
pub struct WakeSnapshot {
    /// The origin of the last wake. `None` if the task was never woken.
    pub last_by: Option<WokenBy>,
    /// The tick of the last wake. Meaningless if the task has woken itself.
    pub last_tick: u32,
    /// The task was woken after its last poll had begun. If it is suspended, it can run.
    pub is_woken: bool,
    /// A waker of the task is out.
    pub has_wakers: bool,
}

/// Returns `true` if wakes are not recorded.
pub fn are_off() -> bool {
    runtime_flags::has(runtime_flags::SLOW_WAKES) && !delay::is_measured()
}

impl WakeSnapshot {
    /// Reads the wakes of a task that waits for a poll. Returns `None` if its wakes are not seen, or the task has moved on.
    #[inline]
    pub fn read(record: &Record) -> Option<Self> {
        if record.polls() == 0 || are_off() {
            return None;
        }
        let snapshot = Self::of_words(Wakes::of(record.slot).words(), record);
        fence(Ordering::Acquire);
        snapshot.filter(|_| record.is_unmoved())
    }

    /// Returns the wakes of a task that waits for a poll, out of a copy of their words. `None` if its wakes are not seen.
    #[inline]
    pub fn of_words(words: WakeWords, task: &SlotImage) -> Option<Self> {
        let WakeWords {
            state,
            owner,
            woken,
            woken_by,
        } = words;
        (task.polls() > 0 && owner == task.id).then(|| WakeSnapshot {
            last_by: (woken != 0).then(|| WokenBy::from_word(woken_by)),
            last_tick: (woken >> 32) as u32,
            is_woken: woken != 0 && woken as u32 == task.polls(),
            has_wakers: state != 0,
        })
    }
}
