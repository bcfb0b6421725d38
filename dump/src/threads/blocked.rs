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
        let Some(task) = thread.tasks().first().filter(|_| !thread.may_be_stale()) else {
            continue;
        };
        // A task with uses was suspended when it was read.
        let id = task.id().as_u64();
        if uses.contains_key(&id) {
            continue;
        }
        if let Some(sleep) = sleeps_for(thread, &held, threads.words_around) {
            let of_task = TaskUses {
                uses: vec![wait(&sleep, task.role())],
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

/// The sleep of a thread that waits for a lock.
struct Sleep<'a> {
    lock: &'a Held,
    /// The address at which the thread sleeps.
    at: u64,
    /// The address is inside of the lock. Otherwise, a word beside it may be the lock's address by chance.
    is_certain: bool,
}

/// Returns the lock for which a thread waits.
fn sleeps_for<'a>(
    thread: &OsThread,
    held: &'a [Held],
    words_around: fn(u64) -> Option<[u64; WORDS]>,
) -> Option<Sleep<'a>> {
    let ThreadState::InCall(call) = thread.state() else {
        return None;
    };
    let at = call.futex()?;
    let sleep = |is_certain| {
        move |lock| Sleep {
            lock,
            at,
            is_certain,
        }
    };
    let of_std = held.iter().find(|lock| {
        let size = match lock.resource {
            ResourceKind::BlockingRwLock => STD_RWLOCK,
            _ => STD_MUTEX,
        };
        (lock.address..lock.address + size).contains(&at)
    });
    if of_std.is_some() {
        return of_std.map(sleep(true));
    }
    let words = words_around(at)?;
    let found = held.iter().find(|lock| {
        words
            .iter()
            .any(|&word| word == lock.address || word == lock.address + 1)
    });
    found.map(sleep(false))
}

fn wait(sleep: &Sleep<'_>, role: &str) -> ResourceUse {
    ResourceUse {
        relation: Relation::Waits,
        resource: sleep.lock.resource,
        value: sleep.at,
        address: sleep.lock.address,
        permits: None,
        senders: None,
        variable: None,
        function: role.to_owned(),
        location: None,
        since: None,
        is_polled: true,
        is_kept: false,
        kept_in: None,
        is_certain: sleep.is_certain,
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

    /// Returns whether it is certain that a thread that sleeps at an address waits for the lock; `None` if it does not.
    fn waits(
        resource: ResourceKind,
        address: u64,
        words: fn(u64) -> Option<[u64; WORDS]>,
    ) -> Option<bool> {
        let held = [Held {
            resource,
            address: LOCK,
        }];
        sleeps_for(&at(address), &held, words).map(|sleep| sleep.is_certain)
    }

    #[test]
    fn thread_waits_for_a_lock_at_or_beside_the_address_where_it_sleeps() {
        use ResourceKind::{BlockingMutex, BlockingRwLock};
        let none = |_| None;
        assert_eq!(waits(BlockingMutex, LOCK, none), Some(true));
        assert_eq!(waits(BlockingMutex, LOCK + 4, none), None);
        assert_eq!(waits(BlockingRwLock, LOCK + 4, none), Some(true));
        assert_eq!(waits(BlockingRwLock, LOCK + 8, none), None);
        fn beside(word: u64) -> Option<[u64; WORDS]> {
            let mut words = [0; WORDS];
            words[3] = word;
            Some(words)
        }
        let queued = waits(BlockingRwLock, 0x7700, |_| beside(LOCK + 1));
        assert_eq!(queued, Some(false), "a word may be this by chance");
        assert_eq!(waits(BlockingMutex, 0x7700, |_| beside(LOCK)), Some(false));
        assert_eq!(waits(BlockingMutex, 0x7700, |_| beside(LOCK + 2)), None);
    }
}
