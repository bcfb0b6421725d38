//! The one registry of the process, and the tasks that have no spawner: the main thread and threads
//! that instrumented code did not spawn.

use super::arena::Arena;
use super::pool::Block;
use super::slot::TaskSlot;
use super::store::{Newborn, Store, World};
use crate::platform::sync::atomic::AtomicU64;
use crate::types::kind::Kind;
use crate::types::site::Site;

pub(crate) static ARENA: Arena = Arena::new();
static IDS: AtomicU64 = AtomicU64::new(1);
/// The registry, for stores.
pub(crate) static WORLD: World<'static> = World {
    arena: &ARENA,
    ids: &IDS,
};

static MAIN: Site = Site::unreal("main", Kind::Main);
static EXTERNAL: Site = Site::unreal("thread", Kind::External);

/// Records the calling thread, which has `block`, as a task of its own.
#[cold]
pub(crate) fn adopt(store: &Store, block: &'static Block) -> Option<TaskSlot> {
    let site = if crate::platform::thread::is_main() {
        &MAIN
    } else {
        &EXTERNAL
    };
    if let Some(name) = std::thread::current().name() {
        block.set_name(name);
    }
    let now = crate::platform::mode::tick();
    let slot = store.birth(
        WORLD,
        None,
        Newborn {
            site,
            flags: 0,
            tick: now,
        },
    )?;
    slot.set_status(block.running.at(now));
    Some(slot)
}
