//! The list of hooks: read without a lock, replaced as a whole.

use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::Arc;

use super::run::run_hook;
use super::{SpawnHook, TaskRef};
use crate::platform::runtime_flags;
use crate::record::hazard::{is_shown, Hazard};
use crate::record::thread_states;
use crate::thread::local;
use crate::types::site::Site;

static LIST: AtomicPtr<List> = AtomicPtr::new(ptr::null_mut());
/// The id of the next hook.
static NEXT: AtomicU64 = AtomicU64::new(1);
/// The program's hook is set.
static IS_SET: AtomicBool = AtomicBool::new(false);

type List = Vec<Arc<HookEntry>>;

pub(super) struct HookEntry {
    id: u64,
    pub(super) hook: Box<dyn SpawnHook>,
    /// `None` if the hook sees all tasks.
    selector: Option<Box<dyn Selector>>,
}

/// Decides which tasks a hook sees.
///
/// Not public API. Used by `birthmark` of the same version.
#[doc(hidden)]
pub trait Selector: Send + Sync + 'static {
    /// Returns `false` if no task of the site is selected, whatever its name and labels are.
    fn may_select(&self, site: &'static Site) -> bool;

    /// Returns `true` if a task that is being spawned is selected.
    fn selects(&self, task: &TaskRef<'_>) -> bool;
}

/// Numbers the lists of which all hooks have a selector. It is 0 while there is no such list. Sites keep what was decided for a list.
static GENERATION: AtomicU32 = AtomicU32::new(0);
/// The number of the last such list.
static LAST_GENERATION: AtomicU32 = AtomicU32::new(0);

/// Returns `true` if no hook sees the tasks of a site. This is decided once for each list.
#[inline]
pub(crate) fn is_unwatched(site: &'static Site) -> bool {
    let generation = GENERATION.load(Ordering::Acquire);
    if generation == 0 {
        return false;
    }
    let known = site.counts.watched.load(Ordering::Relaxed);
    match known >> 1 == generation {
        true => known & 1 == 0,
        false => !look_at_site(site, generation),
    }
}

/// Returns `true` if a hook may see the tasks of a site, and notes it for a list.
#[cold]
fn look_at_site(site: &'static Site, generation: u32) -> bool {
    let mut last = 0;
    let mut is_watched = false;
    while let Some(entry) = next(last) {
        last = entry.id();
        is_watched |= entry.may_see(site);
        run_hook(|| drop(entry));
    }
    // If the list has changed meanwhile, so has its number, and nobody reads this.
    let known = generation << 1 | u32::from(is_watched);
    site.counts.watched.store(known, Ordering::Relaxed);
    is_watched
}

/// Shows `f` the present list, by way of the hazard pointer of this thread's state. `f` is short and calls nothing of
/// the program's.
fn read<R>(hazard: &Hazard<()>, f: impl FnOnce(&List) -> R) -> Option<R> {
    let list = hazard.protect(|| LIST.load(Ordering::SeqCst).cast());
    // SAFETY: the pointer is one that `LIST` held. A writer frees a list only after it has been replaced and no hazard
    // shows it; we have shown it and seen after that that it was not replaced yet.
    let result = unsafe { list.cast::<List>().as_ref() }.map(f);
    hazard.clear();
    result
}

/// The first hook that was added after the one with the id `after`.
pub(super) fn next(after: u64) -> Option<Arc<HookEntry>> {
    let find = |list: &List| list.iter().find(|entry| entry.id > after).cloned();
    local::with(|local| {
        local
            .with_cache(|_, state| read(&state.hook_hazard, find))
            .flatten()
            .flatten()
    })
}

/// Returns `true` if no hook was added after the one with the id `last`. Then [`next`] need not look for one.
pub(super) fn is_newest(last: u64) -> bool {
    NEXT.load(Ordering::Acquire) == last + 1
}

impl HookEntry {
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    fn may_see(&self, site: &'static Site) -> bool {
        let selector = self.selector.as_ref();
        selector.is_none_or(|it| run_hook(|| it.may_select(site)) == Some(true))
    }

    /// Returns `true` if the hook sees the task.
    pub(super) fn sees(&self, task: &TaskRef<'_>) -> bool {
        let selector = self.selector.as_ref();
        selector.is_none_or(|it| run_hook(|| it.selects(task)) == Some(true))
    }

    /// Returns `true` if the hook sees some tasks only.
    pub(super) fn is_selective(&self) -> bool {
        self.selector.is_some()
    }
}

/// The right to replace the list. Never held while a hook runs.
struct Writer(());

/// The process in which somebody has that right, or 0. A mutex would stay locked in the child of a fork if another
/// thread held it; the parent's writer is none in the child.
static WRITING: AtomicU32 = AtomicU32::new(0);

impl Writer {
    fn new() -> Self {
        let process = std::process::id();
        let change = |present| (present != process).then_some(process);
        while WRITING
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, change)
            .is_err()
        {
            std::thread::yield_now();
        }
        Writer(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        WRITING.store(0, Ordering::Release);
    }
}

/// Replaces the list, and frees the old one when nobody looks at it any more.
fn replace(_: &Writer, change: impl FnOnce(&mut List)) {
    let old = LIST.load(Ordering::SeqCst);
    // SAFETY: only writers free lists, and the caller is the one writer.
    let mut list = unsafe { old.as_ref() }.cloned().unwrap_or_default();
    change(&mut list);
    let is_selective = !list.is_empty() && list.iter().all(|entry| entry.is_selective());
    GENERATION.store(0, Ordering::SeqCst);
    runtime_flags::set(runtime_flags::SLOW_SPAWNS, !list.is_empty());
    let new = if list.is_empty() {
        ptr::null_mut()
    } else {
        Box::into_raw(Box::new(list))
    };
    LIST.store(new, Ordering::SeqCst);
    if is_selective {
        // A thread that reads this number reads this list, or a later one.
        let generation = LAST_GENERATION.load(Ordering::Relaxed) % (u32::MAX >> 1) + 1;
        LAST_GENERATION.store(generation, Ordering::Relaxed);
        GENERATION.store(generation, Ordering::SeqCst);
    }
    if old.is_null() {
        return;
    }
    // Readers show a hazard for the time of a search and the clone of an Arc.
    while is_shown(
        old.cast(),
        thread_states::all().map(|state| &state.hook_hazard),
    ) {
        std::thread::yield_now();
    }
    // SAFETY: it came from `Box::into_raw` above, it was replaced, and no hazard shows it.
    drop(unsafe { Box::from_raw(old) });
}

fn add(hook: Box<dyn SpawnHook>, selector: Option<Box<dyn Selector>>) -> u64 {
    let writer = Writer::new();
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let entry = HookEntry { id, hook, selector };
    replace(&writer, |list| list.push(Arc::new(entry)));
    id
}

/// Sets the hook of the program, once and for good.
///
/// Libraries and tests use [`add_hook`], and so does a program that removes its hook later.
///
/// # Examples
///
/// ```
/// birthmark::set_hook(|spawn: &mut birthmark::Spawn<'_>| {
///     println!("{} spawned at {}", spawn.site().role(), spawn.site());
/// })?;
/// # Ok::<_, birthmark::SetHookError>(())
/// ```
///
/// # Errors
///
/// Returns an error if it was called before.
pub fn set_hook(hook: impl SpawnHook) -> Result<(), SetHookError> {
    if IS_SET.swap(true, Ordering::Relaxed) {
        return Err(SetHookError(()));
    }
    add(Box::new(hook), None);
    Ok(())
}

/// Adds a hook that stays until its handle is dropped.
///
/// # Examples
///
/// ```
/// let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| spawn.set_name("test"));
/// // … what is spawned here is named "test"
/// hook.remove();
/// ```
#[must_use = "the hook is removed when its handle is dropped; `keep` leaves it for good"]
pub fn add_hook(hook: impl SpawnHook) -> HookHandle {
    HookHandle(add(Box::new(hook), None))
}

/// Adds a hook that sees the selected tasks only.
///
/// Not public API. Used by `birthmark` of the same version.
#[doc(hidden)]
pub fn add_hook_for(selector: impl Selector, hook: impl SpawnHook) -> HookHandle {
    HookHandle(add(Box::new(hook), Some(Box::new(selector))))
}

/// A handle that removes its hook when it is dropped.
#[derive(Debug)]
pub struct HookHandle(u64);

impl HookHandle {
    /// Removes the hook. No new call begins. Calls that still run on any thread continue, and the hook is dropped
    /// after the last of them.
    pub fn remove(self) {}

    /// Keeps the hook for the life of the program.
    pub fn forget(self) {
        std::mem::forget(self);
    }
}

impl Drop for HookHandle {
    fn drop(&mut self) {
        let mut removed = None;
        {
            let writer = Writer::new();
            replace(&writer, |list| {
                let index = list.iter().position(|entry| entry.id == self.0);
                removed = index.map(|index| list.remove(index));
            });
        }
        // Last, and outside of the lock: this may run the program's code.
        drop(removed);
    }
}

/// The error of a second call of [`set_hook`].
pub struct SetHookError(());

impl fmt::Debug for SetHookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetHookError")
    }
}

impl fmt::Display for SetHookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the spawn hook has already been set; use `birthmark::add_hook` for further ones",
        )
    }
}

impl std::error::Error for SetHookError {}
