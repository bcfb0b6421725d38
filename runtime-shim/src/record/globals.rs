//! The one registry of the process, and the tasks that have no spawner: the main thread and threads
//! that instrumented code did not spawn.

use super::arena::Arena;
use super::slot::TaskSlot;
use super::thread_cache::{RecordInit, RegistryRef, ThreadCache};
use super::thread_states::ThreadState;
use crate::platform::sync::atomic::AtomicU64;
use crate::types::kind::Kind;
use crate::types::site::Site;

pub(crate) static ARENA: Arena = Arena::new();
static IDS: AtomicU64 = AtomicU64::new(1);
/// The registry, for stores.
pub(crate) static REGISTRY: RegistryRef<'static> = RegistryRef {
    arena: &ARENA,
    ids: &IDS,
};

/// Number of spawns for which there was no memory.
pub(crate) static UNRECORDED: AtomicU64 = AtomicU64::new(0);

static MAIN: Site = Site::synthetic("main", Kind::Main);
/// The site of a scope for whose place there is no room.
pub(crate) static UNPLACED_SCOPE: Site = Site::synthetic("scope", Kind::Future);

static EXTERNAL: Site = Site::synthetic("thread", Kind::External);

/// Records the calling thread, which has `block`, as a task of its own.
#[cold]
pub(crate) fn adopt(cache: &ThreadCache, state: &'static ThreadState) -> Option<TaskSlot> {
    let site = if crate::platform::thread::is_main() {
        &MAIN
    } else {
        &EXTERNAL
    };
    if let Some(name) = std::thread::current().name() {
        state.set_name(name);
    }
    let now = crate::platform::runtime_flags::tick();
    let slot = cache.record(
        REGISTRY,
        None,
        RecordInit {
            site,
            flags: 0,
            tick: now,
        },
    )?;
    slot.set_status(state.running.at(now));
    Some(slot)
}
