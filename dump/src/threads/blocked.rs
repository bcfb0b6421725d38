//! Threads that wait for a lock which a suspended task holds.
//!
//! A thread that waits for a lock of std sleeps in `futex` at an address inside of the lock. A thread that waits for a lock of
//! parking_lot or dashmap sleeps at an address in memory of its own. Beside it, parking_lot_core keeps the address of the
//! lock, plus one for some waits.

use super::{OsThread, OsThreads, ThreadState};
use crate::values::uses::{Relation, ResourceKind, ResourceUse, TaskUses};
use crate::wait_graph::Uses;

/// Number of words in which the address of a lock is searched.
#[doc(hidden)]
pub const WORDS: usize = 16;

/// Size of a rwlock of std. Readers and writers wait at different addresses in it.
const STD_RWLOCK: u64 = 8;
/// Size of a mutex of std.
const STD_MUTEX: u64 = 4;

/// A lock that a suspended task holds.
struct Held {
    resource: ResourceKind,
    address: u64,
}

/// Returns `true` if some task holds a lock for which threads may wait.
pub(crate) fn may_block(uses: &Uses) -> bool {
    held(uses).next().is_some()
}

/// Adds the waits of running tasks whose threads wait for a lock which a suspended task holds.
pub(crate) fn add_waits(uses: &mut Uses, threads: &OsThreads) {
    let held: Vec<Held> = held(uses).collect();
    for thread in &threads.all {
        let waits_for = || lock_of(thread, &held, threads.words_around);
        let Some(task) = thread.tasks().first().filter(|_| !thread.may_be_stale()) else {
            continue;
        };
        // A task with uses was suspended when it was read.
        let id = task.id().as_u64();
        if uses.contains_key(&id) {
            continue;
        }
        if let Some((lock, at)) = waits_for() {
            let wait = wait(lock, at, task.role());
            let of_task = TaskUses {
                uses: vec![wait],
                leaves: 1,
                is_abandoned: false,
            };
            uses.insert(id, of_task);
        }
    }
}

fn held(uses: &Uses) -> impl Iterator<Item = Held> + '_ {
    let all = uses.values().flat_map(|of_task| &of_task.uses);
    all.filter(|of| of.resource.blocks() && of.relation.is_hold())
        .map(|of| Held {
            resource: of.resource,
            address: of.address,
        })
}

/// Returns the lock for which a thread waits, and the address at which it sleeps.
fn lock_of<'a>(
    thread: &OsThread,
    held: &'a [Held],
    words_around: fn(u64) -> Option<[u64; WORDS]>,
) -> Option<(&'a Held, u64)> {
    let ThreadState::InCall(call) = thread.state() else {
        return None;
    };
    let at = call.futex()?;
    let of_std = held.iter().find(|lock| {
        let size = match lock.resource {
            ResourceKind::BlockingRwLock => STD_RWLOCK,
            _ => STD_MUTEX,
        };
        (lock.address..lock.address + size).contains(&at)
    });
    if let Some(lock) = of_std {
        return Some((lock, at));
    }
    let words = words_around(at)?;
    let found = held.iter().find(|lock| {
        words
            .iter()
            .any(|&word| word == lock.address || word == lock.address + 1)
    });
    Some((found?, at))
}

fn wait(lock: &Held, at: u64, role: &str) -> ResourceUse {
    ResourceUse {
        relation: Relation::Waits,
        resource: lock.resource,
        value: at,
        address: lock.address,
        permits: None,
        senders: None,
        variable: None,
        function: role.to_owned(),
        location: None,
        since: None,
        is_polled: true,
        is_kept: false,
        kept_in: None,
        is_certain: true,
        is_certain_unless_moved: false,
        joined: None,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::threads::SystemCall;

    const LOCK: u64 = 0x5500;

    fn at(address: u64) -> OsThread {
        let call = SystemCall::new(libc::SYS_futex, Some(&format!("{address:#x}")));
        OsThread {
            id: 1,
            name: String::new(),
            state: ThreadState::InCall(call),
            uninterruptible: false,
            cpu: None,
            tasks: Vec::new(),
            stale: false,
            stack: None,
        }
    }

    fn waits(resource: ResourceKind, address: u64, words: fn(u64) -> Option<[u64; WORDS]>) -> bool {
        let held = [Held {
            resource,
            address: LOCK,
        }];
        lock_of(&at(address), &held, words).is_some()
    }

    #[test]
    fn thread_waits_for_a_lock_at_or_beside_the_address_where_it_sleeps() {
        let none = |_| None;
        assert!(waits(ResourceKind::BlockingMutex, LOCK, none));
        assert!(!waits(ResourceKind::BlockingMutex, LOCK + 4, none));
        assert!(waits(ResourceKind::BlockingRwLock, LOCK + 4, none));
        assert!(!waits(ResourceKind::BlockingRwLock, LOCK + 8, none));
        fn beside(word: u64) -> Option<[u64; WORDS]> {
            let mut words = [0; WORDS];
            words[3] = word;
            Some(words)
        }
        assert!(waits(ResourceKind::BlockingRwLock, 0x7700, |_| beside(
            LOCK + 1
        )));
        assert!(waits(ResourceKind::BlockingMutex, 0x7700, |_| beside(LOCK)));
        assert!(!waits(ResourceKind::BlockingMutex, 0x7700, |_| beside(
            LOCK + 2
        )));
    }
}
