//! The one registry of the process, and the tasks that have no spawner: the main thread and threads
//! that instrumented code did not spawn.

use super::arena::Arena;
use super::pool::Block;
use super::slot::Slot;
use crate::kind::Kind;
use crate::site::Site;
use crate::sync::atomic::AtomicU64;

pub(crate) static ARENA: Arena = Arena::new();
/// The next id that no thread has reserved.
pub(crate) static IDS: AtomicU64 = AtomicU64::new(1);

static MAIN: Site = Site::new("", 0, 0, "", "", "", "main", Kind::Main);
static FOREIGN: Site = Site::new("", 0, 0, "", "", "", "thread", Kind::Foreign);

/// Records the calling thread, which has `block`, as a task of its own.
#[cold]
pub(crate) fn adopt(block: &'static Block) -> Option<&'static Slot> {
    let is_main = crate::sys::thread::is_main();
    let site = if is_main { &MAIN } else { &FOREIGN };
    if let Some(name) = std::thread::current().name() {
        block.set_name(name);
    }
    let now = crate::clock::now();
    let slot = block.store.root(
        &ARENA,
        &IDS,
        core::ptr::from_ref(site).expose_provenance() as u64,
        now,
    )?;
    slot.status
        .store(now | block.running, crate::sync::atomic::Ordering::Relaxed);
    Some(slot)
}
