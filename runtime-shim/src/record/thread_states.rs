//! The states of threads. A thread acquires one when it first runs instrumented code, and releases it when it exits.
//!
//! States are reused by later threads and never freed. So the counts in them continue, and a reader needs no lock.

use core::cell::Cell;
use core::ptr;
use std::sync::OnceLock;

use super::call_names::CallNames;
use super::exposed::Exposed;
use super::frames::ShadowStack;
use super::hazard::Hazard;
use super::slot::Slot;
use super::stack::Stack;
use super::thread_cache::ThreadCache;
use super::words::Status;
use crate::platform::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use crate::types::site::{Site, NO_INDEX};

/// Threads that can have a state at once; what others spawn is not recorded.
const MAX_STATES: usize = 65_536;
/// Bytes kept of a thread's name.
pub(super) const NAME_BYTES: usize = 32;

pub(super) static STATES: [AtomicPtr<ThreadState>; MAX_STATES] =
    [const { AtomicPtr::new(ptr::null_mut()) }; MAX_STATES];
pub(super) static STATE_COUNT: AtomicU32 = AtomicU32::new(0);
static IDLE: Stack = Stack::new();

/// Two cache lines, so that neighbours do not disturb each other.
#[repr(align(128))]
pub struct ThreadState {
    /// The cache of the last thread, while no thread has the state.
    pub(crate) idle_cache: ThreadCache,
    /// Status of a task while this thread runs it, without the tick.
    pub(crate) running: Status,
    /// Tasks that have completed on this thread, by the index of their site.
    pub completed: Completed,
    pub(crate) next_name: Cell<u64>,
    /// The list of hooks that the thread is reading, whose type another layer knows.
    pub(crate) hook_hazard: Hazard<()>,
    /// The node below which the thread is about to spawn.
    pub(crate) parent_hazard: Hazard<Slot>,
    /// Where the thread stands, in its own memory.
    pub(crate) position: Exposed<ShadowStack>,
    /// The names of the calls that the thread runs.
    pub(crate) call_names: CallNames,
    index: u32,
    /// The system's id of the thread that has the state, 0 while none has.
    pub(super) os_id: AtomicU64,
    pub(super) name: [AtomicU64; NAME_BYTES / 8],
    below: AtomicU32,
}

// SAFETY: the cells, in `idle_cache` and `next_name`, are touched only by the thread that has taken the
// state (by `acquire`, until `give_up`), and the stack of idle states orders one owner after the
// other. All else is atomic or never changes.
unsafe impl Sync for ThreadState {}

impl ThreadState {
    fn new(index: u32) -> Self {
        ThreadState {
            idle_cache: ThreadCache::new(),
            running: Status::running_on(index),
            completed: Completed::new(),
            next_name: Cell::new(u64::from(index) << 40),
            hook_hazard: Hazard::new(),
            parent_hazard: Hazard::new(),
            position: Exposed::new(),
            call_names: CallNames::new(),
            index,
            os_id: AtomicU64::new(0),
            name: [const { AtomicU64::new(0) }; NAME_BYTES / 8],
            below: AtomicU32::new(0),
        }
    }

    pub fn index(&self) -> u32 {
        self.index
    }

    /// The system's id of the thread that has the state.
    pub fn os_id(&self) -> Option<u64> {
        Some(self.os_id.load(Ordering::Relaxed)).filter(|&id| id != 0)
    }

    /// Keeps the beginning of the thread's name, for records that say where they run.
    pub(crate) fn set_name(&self, name: &str) {
        let mut bytes = [0; NAME_BYTES];
        let end = crate::types::bounded::boundary(name, NAME_BYTES);
        bytes[..end].copy_from_slice(&name.as_bytes()[..end]);
        for (word, bytes) in self.name.iter().zip(bytes.chunks_exact(8)) {
            word.store(
                u64::from_ne_bytes(bytes.try_into().unwrap_or_default()),
                Ordering::Relaxed,
            );
        }
    }

    /// Most threads had none.
    fn forget_name(&self) {
        if self.name[0].load(Ordering::Relaxed) != 0 {
            self.set_name("");
        }
    }

    /// Shows `f` the beginning of the thread's name; it is empty where there is none.
    pub fn with_name<R>(&self, f: impl FnOnce(&str) -> R) -> R {
        let mut bytes = [0; NAME_BYTES];
        for (bytes, word) in bytes.chunks_exact_mut(8).zip(&self.name) {
            bytes.copy_from_slice(&word.load(Ordering::Relaxed).to_ne_bytes());
        }
        let end = bytes
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(NAME_BYTES);
        // A reader that races with `set_name` may see a mixture of two names.
        f(std::str::from_utf8(&bytes[..end]).unwrap_or(""))
    }

    /// The beginning of the thread's name.
    pub fn name(&self) -> String {
        self.with_name(str::to_owned)
    }
}

/// Completed tasks by the index of their site. Only one thread writes, any may read.
#[derive(Clone, Copy)]
pub struct Completed(&'static [AtomicU64]);

impl Completed {
    /// No counts: nothing can be counted here.
    pub(crate) const NONE: Completed = Completed(&[]);

    /// All sites have their index by now. The first count is of no site.
    fn new() -> Self {
        let counts: Vec<AtomicU64> = (0..=crate::types::site::count())
            .map(|_| AtomicU64::new(0))
            .collect();
        Completed(counts.leak())
    }

    /// Adds one, if the site has an index.
    pub(crate) fn add(self, site: &Site) -> bool {
        let has_index = site.index() != NO_INDEX as usize;
        let count = self.0.get(site.index()).filter(|_| has_index);
        count.map(add_one).is_some()
    }

    /// Adds one without a check. No list shows the count of a site without an index.
    ///
    /// # Safety
    ///
    /// These are the counts of a state.
    #[inline(always)]
    pub(crate) unsafe fn add_fast(self, site: &Site) {
        // SAFETY: the counts of a state are as many as `new` has made, one more than there are sites,
        // and no index is greater than the number of sites.
        add_one(unsafe { self.0.get_unchecked(site.index()) });
    }

    pub fn of(self, site: &Site) -> u64 {
        self.0
            .get(site.index())
            .map_or(0, |count| count.load(Ordering::Relaxed))
    }
}

/// One thread writes: no atomic addition is needed.
#[inline(always)]
fn add_one(count: &AtomicU64) {
    count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

/// Takes a state for the calling thread. `set_up` is called before a state is made, which is seldom.
pub(crate) fn acquire(set_up: fn()) -> Option<&'static ThreadState> {
    let index = IDLE.pop(|index| get(index)?.below.load(Ordering::Relaxed).checked_sub(1));
    let state = match index {
        Some(index) => get(index)?,
        None => create(set_up)?,
    };
    state
        .os_id
        .store(crate::platform::thread::os_id(), Ordering::Relaxed);
    Some(state)
}

/// Gives a state back, which the calling thread does not touch any more. Its store must have no cached references.
pub(crate) fn release(state: &'static ThreadState) {
    state.os_id.store(0, Ordering::Relaxed);
    state.forget_name();
    IDLE.push(state.index, |below| {
        state
            .below
            .store(below.map_or(0, |index| index + 1), Ordering::Relaxed);
    });
}

/// Forgets what other threads use, none of which is there in the child of a fork. Safe in any circumstances: it
/// stores into atomics.
pub(crate) fn forget_other_threads(own: Option<&'static ThreadState>) {
    for state in all() {
        state.position.forget_readers();
        if own.is_none_or(|own| !ptr::eq(own, state)) {
            state.hook_hazard.clear();
            state.parent_hazard.clear();
            state.position.forget();
        }
    }
}

/// The state with this index.
pub fn get(index: u32) -> Option<&'static ThreadState> {
    let state = STATES.get(index as usize)?.load(Ordering::Acquire);
    // SAFETY: entries are null or come from `create`, which leaks the state.
    unsafe { state.as_ref() }
}

/// All states that there ever were.
pub fn all() -> impl Iterator<Item = &'static ThreadState> {
    (0..STATE_COUNT.load(Ordering::Acquire)).filter_map(get)
}

#[cold]
fn create(set_up: fn()) -> Option<&'static ThreadState> {
    static FULL: OnceLock<()> = OnceLock::new();
    if FULL.get().is_some() {
        return None;
    }
    set_up();
    let index = STATE_COUNT.fetch_add(1, Ordering::AcqRel);
    if index as usize >= MAX_STATES {
        let _ = FULL.set(());
        return None;
    }
    let state: &'static ThreadState = Box::leak(Box::new(ThreadState::new(index)));
    STATES[index as usize].store(ptr::from_ref(state).cast_mut(), Ordering::Release);
    Some(state)
}
