//! Hooks that see the tasks of a filter only.

use birthmark_core::__reader::hook::{self, Selector};
use birthmark_core::{HookHandle, Site, SpawnHook, TaskRef};
use birthmark_dump::{Filter, ParseFilterError};

use crate::extension::site_cache::SiteCache;

/// Adds a hook that sees the tasks of a filter only. The hook stays until its handle is dropped.
///
/// The filter is the text of a [`Filter`]. A task is compared with the filter at its spawn. By then, the task has the name and
/// the labels that it inherits, and those of hooks that were added before. Later changes do not matter.
///
/// | event of a task | method of the hook |
/// | --- | --- |
/// | spawned | [`on_spawn`](SpawnHook::on_spawn) |
/// | first polled, or called | [`on_start`](SpawnHook::on_start) |
/// | ended, with its outcome and [duration](TaskRef::age) | [`on_end`](SpawnHook::on_end) |
/// | refused by a hook | [`on_refusal`](SpawnHook::on_refusal) |
/// | its deadline, or that of a task above it, was exceeded | [`on_exceeded`](SpawnHook::on_exceeded) |
///
/// Each site is compared once. While all hooks of the program have filters, a spawn at a site that no filter selects costs a few
/// instructions more than without hooks. A poll costs the same.
///
/// # Errors
///
/// Returns an error if the text is no filter, or if it has a key whose value is not known at the spawn: `state`, `older`,
/// `for`, `polls`, `stack` or `text`.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use birthmark::{Outcome, Spawn, SpawnHook, TaskRef};
///
/// static ENDED: AtomicU32 = AtomicU32::new(0);
///
/// struct Billing;
///
/// impl SpawnHook for Billing {
///     fn on_spawn(&self, _spawn: &mut Spawn<'_>) {}
///
///     fn on_end(&self, task: &TaskRef<'_>, outcome: Outcome) {
///         ENDED.fetch_add(1, Ordering::Relaxed);
///         println!("{} {outcome} after {:?}", task.role(), task.age().unwrap());
///     }
/// }
///
/// # #[birthmark::instrument]
/// # fn main() {
/// let hook = birthmark::add_hook_for("label=tenant&kind=thread", Billing).unwrap();
/// std::thread::spawn(|| ()).join().unwrap();
/// birthmark::with_label("tenant", "acme", || std::thread::spawn(|| ()).join().unwrap());
/// assert_eq!(ENDED.load(Ordering::Relaxed), 1);
///
/// let error = birthmark::add_hook_for("state=running", Billing).unwrap_err();
/// assert!(error.to_string().starts_with("\"state\" of a task is not known at its spawn"));
/// # drop(hook);
/// # }
/// ```
pub fn add_hook_for(filter: &str, hook: impl SpawnHook) -> Result<HookHandle, ParseFilterError> {
    let filter: Filter = filter.parse()?;
    filter.check_at_spawn()?;
    let sites = SiteCache::default();
    let selector = FilterSelector { filter, sites };
    Ok(hook::add_hook_for(selector, hook))
}

struct FilterSelector {
    filter: Filter,
    sites: SiteCache,
}

impl Selector for FilterSelector {
    fn may_select(&self, site: &'static Site) -> bool {
        let decide = || usize::from(self.filter.may_select(site));
        self.sites.get(site, false, decide) == 1
    }

    fn selects(&self, task: &TaskRef<'_>) -> bool {
        self.may_select(task.site()) && self.filter.selects_spawn(task)
    }
}
