//! Stacks of spawns at chosen sites: who has made a library spawn a task.
//!
//! A hook sees the spawns of chosen sites alone ([`Pattern`]), so others cost what they cost without. The hook takes the
//! addresses of the thread's stack and the awaits of the current task. Each different stack is kept once (`store.rs`), as a
//! further site of the same call, to which the record of the task then refers. Functions are looked up when a dump shows them.

mod pattern;
mod store;

use std::sync::Mutex;

use birthmark_core::__reader::hook::{add_hook_for, Selector};
use birthmark_core::__reader::local;
use birthmark_core::__reader::record::frames::{index, ROOM};
use birthmark_core::__reader::record::read::Record;
use birthmark_core::{FrameSite, Site, Spawn, SpawnHook, TaskRef};
use birthmark_dump::__private::{set_spawn_stack_source, SpawnStackSource};
use birthmark_dump::{SpawnStack, StackError};

use crate::extension::site_cache::SiteCache;
use crate::threads::{look_up, stack_here, MAX_ADDRESSES};
pub(crate) use pattern::Pattern;

/// The patterns that have a hook. Birthmark may be set up twice.
static KNOWN: Mutex<Vec<Pattern>> = Mutex::new(Vec::new());

/// Takes the stacks of spawns at the sites that a pattern chooses, from now on.
pub(crate) fn install(mut patterns: Vec<Pattern>) {
    let mut known = KNOWN.lock().unwrap_or_else(|it| it.into_inner());
    patterns.retain(|pattern| !known.contains(pattern));
    if patterns.is_empty() {
        return;
    }
    known.extend(patterns.iter().cloned());
    drop(known);
    set_spawn_stack_source(SpawnStackSource {
        of: stack_of,
        omitted: store::omitted,
    });
    let sites = SiteCache::default();
    add_hook_for(Chosen { patterns, sites }, TakeStack).forget();
}

/// Adds the patterns of a manifest, before `main`.
pub(crate) fn install_from_manifest(patterns: &[&str]) {
    let patterns = patterns.iter().map(|pattern| Pattern::new(pattern));
    install(patterns.collect());
}

/// Selects the sites that a pattern fits.
struct Chosen {
    patterns: Vec<Pattern>,
    sites: SiteCache,
}

impl Selector for Chosen {
    fn may_select(&self, site: &'static Site) -> bool {
        let fits = || self.patterns.iter().any(|pattern| pattern.fits(site));
        self.sites.get(site, false, || usize::from(fits())) == 1
    }

    fn selects(&self, task: &TaskRef<'_>) -> bool {
        self.may_select(task.site())
    }
}

/// The hook.
struct TakeStack;

impl SpawnHook for TakeStack {
    fn on_spawn(&self, spawn: &mut Spawn<'_>) {
        let base = spawn.site();
        // Another pattern may have chosen it, too.
        if store::find(base).is_some() {
            return;
        }
        let mut addresses = [0; MAX_ADDRESSES];
        let (count, is_complete) = stack_here(&mut addresses);
        let (awaits, awaited) = awaits_here();
        let stack = store::Stack {
            base,
            addresses: &addresses[..count],
            is_complete,
            awaits: &awaits[..awaited],
        };
        if let Some(site) = store::site_of(&stack) {
            spawn.set_site(site);
        }
    }

    fn wants_lifecycle(&self) -> bool {
        false
    }
}

/// Returns the awaits that the current task is inside of, innermost first, and their number.
fn awaits_here() -> ([Option<&'static FrameSite>; ROOM], usize) {
    let mut awaits = [None; ROOM];
    let record = local::current().and_then(|task| Record::read(task.slot()));
    let Some(record) = record else {
        return (awaits, 0);
    };
    let (frames, innermost) = local::frames(&record);
    if innermost == 0 || index::is_beyond(innermost) {
        return (awaits, 0);
    }
    let mut count = 0;
    for (place, site) in awaits.iter_mut().zip(frames.outwards(innermost)) {
        *place = Some(site);
        count += 1;
    }
    (awaits, count)
}

/// Returns the stack of a site with its functions. The functions of all stacks that are new are looked up together.
fn stack_of(site: &'static Site) -> Option<SpawnStack> {
    let kept = store::find(site)?;
    let native = match kept.native.get() {
        Some(native) => Ok(native.clone()),
        None => look_up_new().and_then(|()| kept.native.get().cloned().ok_or(StackError::Busy)),
    };
    Some(SpawnStack {
        native,
        awaits: kept.awaits.to_vec(),
    })
}

fn look_up_new() -> Result<(), StackError> {
    let new = store::all().filter(|kept| kept.native.get().is_none());
    let new: Vec<&store::Kept> = new.collect();
    let stacks: Vec<(&[u64], bool)> = new
        .iter()
        .map(|kept| (&*kept.addresses, kept.is_complete))
        .collect();
    for (kept, native) in new.iter().zip(look_up(&stacks)?) {
        // Another dump may have been faster.
        let _ = kept.native.set(native);
    }
    Ok(())
}
