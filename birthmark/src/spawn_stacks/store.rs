//! The different stacks of spawns: a bounded number, each kept once and for ever. Neither a search nor an insertion takes a lock,
//! because spawns do both.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::OnceLock;

use birthmark_core::{FrameSite, Site};
use birthmark_dump::NativeStack;

/// Maximum number of stacks. Each takes at most 1.5 KiB, most of it for addresses.
const MAX_STACKS: usize = 512;
/// Places of the table. The table is never full, so a search ends.
const ENTRIES: usize = 2 * MAX_STACKS;

/// A stack that was just taken.
#[derive(Clone, Copy)]
pub(super) struct Stack<'a> {
    /// The site of the task without a stack.
    pub(super) base: &'static Site,
    pub(super) addresses: &'a [u64],
    pub(super) is_complete: bool,
    pub(super) awaits: &'a [Option<&'static FrameSite>],
}

/// A stack that is kept.
pub(super) struct Kept {
    base: &'static Site,
    /// The site to which tasks with this stack refer.
    site: &'static Site,
    pub(super) addresses: Box<[u64]>,
    pub(super) is_complete: bool,
    pub(super) awaits: Box<[&'static FrameSite]>,
    /// The functions, once a dump has shown them.
    pub(super) native: OnceLock<NativeStack>,
}

static TABLE: [AtomicPtr<Kept>; ENTRIES] = [const { AtomicPtr::new(ptr::null_mut()) }; ENTRIES];
static KEPT: AtomicUsize = AtomicUsize::new(0);
/// Spawns whose stack had no room.
static OMITTED: AtomicU64 = AtomicU64::new(0);

/// Returns the number of spawns whose stack was not kept.
pub(super) fn omitted() -> u64 {
    OMITTED.load(Ordering::Relaxed)
}

/// Returns all stacks.
pub(super) fn all() -> impl Iterator<Item = &'static Kept> {
    TABLE.iter().filter_map(kept)
}

/// Returns the stack of a site.
pub(super) fn find(site: &'static Site) -> Option<&'static Kept> {
    all().find(|kept| ptr::eq(kept.site, site))
}

/// Returns the site of a call with this stack, or `None` if there are too many stacks.
pub(super) fn site_of(stack: &Stack<'_>) -> Option<&'static Site> {
    let start = stack.hash();
    for at in start..start + ENTRIES {
        match kept(&TABLE[at % ENTRIES]) {
            Some(kept) if kept.is(stack) => return Some(kept.site),
            Some(_) => {}
            None => return insert(stack, at),
        }
    }
    None
}

fn kept(place: &AtomicPtr<Kept>) -> Option<&'static Kept> {
    // SAFETY: a stack is leaked before its address is published by a `Release` operation, and never changed.
    unsafe { place.load(Ordering::Acquire).as_ref() }
}

#[cold]
fn insert(stack: &Stack<'_>, mut at: usize) -> Option<&'static Site> {
    if KEPT.fetch_add(1, Ordering::Relaxed) >= MAX_STACKS {
        KEPT.fetch_sub(1, Ordering::Relaxed);
        OMITTED.fetch_add(1, Ordering::Relaxed);
        return None;
    }
    let new = Box::new(Kept {
        base: stack.base,
        site: stack.base.variant(),
        addresses: stack.addresses.into(),
        is_complete: stack.is_complete,
        awaits: stack.awaits.iter().copied().flatten().collect(),
        native: OnceLock::new(),
    });
    let site = new.site;
    let new = Box::into_raw(new);
    loop {
        let place = &TABLE[at % ENTRIES];
        let free = ptr::null_mut();
        match place.compare_exchange(free, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return Some(site),
            Err(taken) => {
                // SAFETY: as in `kept`. The place is taken, so the address is one of a stack.
                let taken: &'static Kept = unsafe { &*taken };
                if taken.is(stack) {
                    // Two threads were here at the same time. The site of this one is leaked, and no task refers to it.
                    // SAFETY: made by `Box::into_raw` above, and not published.
                    drop(unsafe { Box::from_raw(new) });
                    KEPT.fetch_sub(1, Ordering::Relaxed);
                    return Some(taken.site);
                }
                // There is a free place, because `KEPT` bounds the stacks.
                at += 1;
            }
        }
    }
}

impl Stack<'_> {
    fn hash(&self) -> usize {
        let mut hasher = DefaultHasher::new();
        ptr::from_ref(self.base).hash(&mut hasher);
        self.addresses.hash(&mut hasher);
        for site in self.awaits.iter().flatten() {
            ptr::from_ref(*site).hash(&mut hasher);
        }
        usize::try_from(hasher.finish() % ENTRIES as u64).unwrap_or(0)
    }
}

impl Kept {
    fn is(&self, stack: &Stack<'_>) -> bool {
        let awaits = stack.awaits.iter().copied().flatten();
        let is_same = |(one, other): (&&FrameSite, &FrameSite)| ptr::eq(*one, other);
        ptr::eq(self.base, stack.base)
            && *self.addresses == *stack.addresses
            && self.awaits.len() == awaits.clone().count()
            && self.awaits.iter().zip(awaits).all(is_same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use birthmark_core::Kind;

    /// One test, because it fills the store of the process.
    #[test]
    fn stacks_are_kept_once_and_their_number_is_bounded() {
        let texts = ["src/lib.rs", "library", "connect", "spawn", "connect"];
        let base: &Site = Box::leak(Box::new(Site::copied(texts, [3, 5], Kind::Future, true)));
        let addresses: Vec<Vec<u64>> = (0..).map(|first| vec![first, 2]).take(600).collect();
        let site_of = |addresses: &Vec<u64>| {
            site_of(&Stack {
                base,
                addresses,
                is_complete: true,
                awaits: &[],
            })
        };
        let sites: Vec<_> = std::thread::scope(|scope| {
            let all = || addresses.iter().map(site_of).collect::<Vec<_>>();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(all)).collect();
            let joined = threads.into_iter().map(|it| it.join().expect("no panic"));
            joined.collect()
        });
        for of_thread in &sites {
            for (site, first) in of_thread.iter().zip(&sites[0]) {
                if let (Some(site), Some(first)) = (site, first) {
                    assert!(ptr::eq(*site, *first));
                    assert_eq!((site.role(), site.line()), ("connect", 3));
                }
            }
        }
        assert_eq!(all().count(), MAX_STACKS);
        assert!(omitted() >= 4 * (600 - MAX_STACKS as u64));
        let first = sites[0][0].expect("there is room");
        let kept = super::find(first).expect("it is kept");
        assert_eq!(*kept.addresses, [0, 2]);
        assert!(super::find(base).is_none());
    }
}
