//! The least record there can be, and what each feature of birthmark's adds to it.

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

use super::{Handle, Word, end_badly};

/// A record that is taken from the thread's own list, written once, made current by each run, counted
/// and put back. It leaves out: threads that end what others began, lineage that outlives a parent,
/// names, hooks, switching off, panics, memory given back.
pub type MinimalRecord = RecordWith<0>;

/// A minimal record with so many of the [`FEATURES`]. Rare cases are only tested for, so nobody could use it. It serves
/// to count instructions.
#[derive(Debug)]
pub struct RecordWith<const COUNT: usize>(*const Record);

// SAFETY: records are made of atomics and never freed.
unsafe impl<const COUNT: usize> Send for RecordWith<COUNT> {}

/// The features of [`RecordWith`], each with those before it.
pub const FEATURES: [&str; 5] = [
    "how it ended: whether the thread was panicking before, and is",
    "off and hooks: the mode is tested, a handle may have no record",
    "lineage and names: parents outlive their children's, by references",
    "threads: which one runs it, and whether that one is known yet",
    "counts: of each site by itself",
];
const OUTCOME: usize = 1;
const MODES: usize = 2;
const LINEAGE: usize = 3;
const THREADS: usize = 4;
const SITES: usize = 5;

#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Record {
    pub(super) id: AtomicU64,
    pub(super) status: AtomicU64,
    pub(super) site: AtomicU64,
    pub(super) parent: AtomicPtr<Record>,
    pub(super) polls: AtomicU64,
    pub(super) born: AtomicU64,
    scope: AtomicPtr<Record>,
    refs: AtomicU64,
    pub(super) depth: AtomicU64,
    pub(super) frames: [AtomicU64; 15],
}

/// A spawn site, and its number.
pub(super) static SITE: AtomicU32 = AtomicU32::new(0);
static TICK: AtomicU64 = AtomicU64::new(0);
/// In place of the address of a record: there is none.
pub(super) const NONE: usize = 1;
/// How often the short way can be taken before the long one has to be.
const GRANT: u32 = 64;

thread_local! {
    pub(super) static FREE: Cell<*const Record> = const { Cell::new(ptr::null()) };
    pub(super) static CURRENT: Cell<*const Record> = const { Cell::new(ptr::null()) };
    static NEXT_ID: Cell<u64> = const { Cell::new(1) };
    static ENDED: [Cell<u64>; 1] = const { [Cell::new(0)] };
    static ENDED_BY_SITE: Cell<*const Cell<u64>> = const { Cell::new(ptr::null()) };
    pub(super) static SPECIAL: Cell<usize> = const { Cell::new(usize::MAX) };
    static RUNNING: Cell<u64> = const { Cell::new(2) };
    static STOCK_OF: Cell<*const Record> = const { Cell::new(ptr::null()) };
    static BIRTHS: Cell<u32> = const { Cell::new(0) };
    static ENDS: Cell<u32> = const { Cell::new(0) };
}

impl<const COUNT: usize> Handle for RecordWith<COUNT> {
    type Outer = *const Record;
    type Level = Word;

    #[inline(always)]
    fn born() -> Self {
        let tick = TICK.load(Ordering::Relaxed);
        if COUNT >= MODES && tick as u32 != 0 {
            return rare(RecordWith(ptr::without_provenance(NONE)));
        }
        let parent = if COUNT >= LINEAGE {
            stocked_scope()
        } else {
            CURRENT.get()
        };
        // SAFETY: null, or leaked by `fresh`.
        let record = unsafe { FREE.get().as_ref() }.unwrap_or_else(|| fresh());
        FREE.set(record.parent.load(Ordering::Relaxed));
        let id = NEXT_ID.get();
        NEXT_ID.set(id + 1);
        let site = ptr::from_ref(&SITE).expose_provenance() as u64;
        record.status.store(tick, Ordering::Relaxed);
        record.site.store(site, Ordering::Relaxed);
        record.parent.store(parent.cast_mut(), Ordering::Relaxed);
        record.polls.store(0, Ordering::Relaxed);
        record.born.store(tick, Ordering::Relaxed);
        record.id.store(id, Ordering::Release);
        RecordWith(record)
    }

    #[inline(always)]
    fn start(&self) -> *const Record {
        let record = match COUNT {
            THREADS.. if self.0.addr() & SPECIAL.get() != 0 => return rare(ptr::null()),
            _ => self.record(),
        };
        let Some(record) = record else {
            return ptr::null();
        };
        if COUNT >= OUTCOME && std::thread::panicking() {
            return rare(ptr::null());
        }
        let running = if COUNT >= THREADS { RUNNING.get() } else { 2 };
        let status = TICK.load(Ordering::Relaxed) | running;
        record.status.store(status, Ordering::Relaxed);
        let polls = record.polls.load(Ordering::Relaxed);
        record.polls.store(polls + 1, Ordering::Relaxed);
        CURRENT.replace(record)
    }

    #[inline(always)]
    fn stop(&mut self, outer: *const Record, done: bool) {
        let Some(record) = self.record() else {
            return;
        };
        if COUNT >= OUTCOME && std::thread::panicking() {
            return rare(());
        }
        CURRENT.set(outer);
        if !done {
            record
                .status
                .store(TICK.load(Ordering::Relaxed), Ordering::Relaxed);
            return;
        }
        if COUNT >= LINEAGE && !is_lone_and_stocked(record) {
            return rare(());
        }
        count::<COUNT>(record);
        record.id.store(0, Ordering::Release);
        record
            .parent
            .store(FREE.replace(record).cast_mut(), Ordering::Relaxed);
        self.0 = ptr::without_provenance(NONE);
    }
}

impl<const COUNT: usize> RecordWith<COUNT> {
    #[inline(always)]
    fn record(&self) -> Option<&'static Record> {
        // SAFETY: `NONE`, or leaked by `fresh`.
        (self.0.addr() & NONE == 0).then(|| unsafe { &*self.0 })
    }
}

impl<const COUNT: usize> Drop for RecordWith<COUNT> {
    #[inline]
    fn drop(&mut self) {
        if self.0.addr() != NONE {
            end_badly();
        }
    }
}

/// The node under which records are born, with a reference to it.
#[inline(always)]
fn stocked_scope() -> *const Record {
    // SAFETY: null, or leaked by `fresh`.
    let current = unsafe { CURRENT.get().as_ref() };
    let scope = current.map_or(ptr::null(), |current| {
        current.scope.load(Ordering::Relaxed).cast_const()
    });
    if ptr::eq(scope, STOCK_OF.get()) && spend(&BIRTHS) {
        return scope;
    }
    restock()
}

/// Returns `true` if the record has no descendants, and its reference to its parent can be cached.
#[inline(always)]
fn is_lone_and_stocked(record: &Record) -> bool {
    let is_lone = record.refs.load(Ordering::Acquire) == 0;
    let is_stocked = ptr::eq(record.parent.load(Ordering::Relaxed), STOCK_OF.get());
    is_lone && is_stocked && (spend(&ENDS) || rare(true))
}

#[inline(always)]
fn count<const COUNT: usize>(record: &Record) {
    let ended = |count: &Cell<u64>| count.set(count.get() + 1);
    if COUNT < SITES {
        return ENDED.with(|[all]| ended(all));
    }
    let site =
        ptr::with_exposed_provenance::<AtomicU32>(record.site.load(Ordering::Relaxed) as usize);
    // SAFETY: the address of `SITE`, whose number is the index of the one count; `restock` has set it.
    unsafe {
        ended(
            &*ENDED_BY_SITE
                .get()
                .add((*site).load(Ordering::Relaxed) as usize),
        )
    };
}

/// Takes one from a count, unless it is zero.
#[inline(always)]
fn spend(count: &'static std::thread::LocalKey<Cell<u32>>) -> bool {
    let (left, none) = count.get().overflowing_sub(1);
    count.set(left);
    !none
}

/// Whatever is not the common case: lets the short way be taken again.
#[cold]
#[inline(never)]
fn rare<T>(value: T) -> T {
    SPECIAL.set(NONE);
    ENDS.set(GRANT);
    value
}

/// Caches references for further spawns. A thread that spawns without being a task becomes one.
#[cold]
#[inline(never)]
fn restock() -> *const Record {
    // SAFETY: null, or leaked by `fresh`.
    let current = unsafe { CURRENT.get().as_ref() }.unwrap_or_else(|| {
        let root = fresh();
        root.scope
            .store(ptr::from_ref(root).cast_mut(), Ordering::Relaxed);
        ENDED.with(|[all]| ENDED_BY_SITE.set(all));
        root
    });
    CURRENT.set(current);
    STOCK_OF.set(current.scope.load(Ordering::Relaxed));
    BIRTHS.set(GRANT);
    SPECIAL.set(NONE);
    STOCK_OF.get()
}

#[cold]
#[inline(never)]
pub(super) fn fresh() -> &'static Record {
    Box::leak(Box::default())
}
