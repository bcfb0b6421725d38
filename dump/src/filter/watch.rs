//! Finds the tasks that any of several filters select, in one walk for all of them, again and again.
//!
//! A walk compares the words of each slot ([`Probe`]), and knows the filters that admit a site. The walk calls no code of the
//! program and follows no link, so its time is that of the memory. [`Watch::confirm`] then makes rows of the tasks that
//! remain, and compares the whole filters with them.

use std::collections::hash_map::DefaultHasher;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use super::probe::{admits_site, is_shallow, Probe, Probed};
use super::standstills::Standstills;
use super::{Filter, Pace, Selection};
use crate::snapshot::builder::SnapshotBuilder;
use crate::snapshot::compact::hash::IdHash;
use crate::snapshot::nodes::Snapshot;
use crate::snapshot::row::Row;
use crate::snapshot::threads::Threads;
use crate::source::{Source, ThisProcess};
use crate::Task;
use birthmark_core::__reader::clock;
use birthmark_core::__reader::record::read::Record;
use birthmark_core::__reader::record::walk;
use birthmark_core::__reader::record::words::state;
use birthmark_core::Site;

/// Maximum number of filters of one watch: the bits of a mask.
const MAX_FILTERS: usize = u64::BITS as usize;

/// A filter, and what is done with the tasks that it selects.
#[derive(Clone, Debug, Default)]
pub struct WatchFilter {
    /// The filter.
    pub filter: Filter,
    /// Selects only suspended tasks that nothing can wake.
    pub has_no_waker: bool,
    /// Tasks are counted by site, and not listed.
    pub counts_sites: bool,
}

/// The filters of a watch.
#[derive(Debug)]
pub struct Watch {
    filters: Vec<WatchFilter>,
    probes: Vec<Probe>,
    /// The filters that count.
    counting: u64,
    /// Indices into `known`, by the address of the site.
    sites: HashMap<u64, usize, IdHash>,
    known: Vec<KnownSite>,
}

/// A site with the filters that admit it.
#[derive(Debug)]
struct KnownSite {
    site: &'static Site,
    mask: u64,
    /// The tasks that were counted in the last walk, by filter. Empty until one counts.
    counts: Vec<u64>,
}

impl Watch {
    /// Prepares filters. Filters beyond 64 are left out.
    pub fn new(filters: &[WatchFilter]) -> Self {
        let filters: Vec<_> = filters.iter().take(MAX_FILTERS).cloned().collect();
        let probe = |it: &WatchFilter| Probe::new(&it.filter, it.has_no_waker);
        let counting = mask_of(&filters, |it| it.counts_sites);
        Watch {
            probes: filters.iter().map(probe).collect(),
            counting,
            filters,
            sites: HashMap::default(),
            known: Vec::new(),
        }
    }

    /// Returns the filters that a walk alone decides. The others need [`Watch::confirm`].
    pub fn shallow(&self) -> u64 {
        mask_of(&self.filters, |it| is_shallow(&it.filter))
    }

    /// Returns the filters that select running tasks alone.
    pub fn running(&self) -> u64 {
        let mut all = 0;
        for (place, probe) in self.probes.iter().enumerate() {
            let others = (0..16).filter(|state| *state != state::RUNNING);
            let is_only = !others.clone().any(|state| probe.admits_state(state));
            all |= u64::from(is_only) << place;
        }
        all
    }

    /// Walks over all live tasks. Calls `each` with the tasks that filters of `wanted` may select, and a mask of these
    /// filters. Counts for the filters that count. The time of standstills is no time in a state.
    pub fn walk(
        &mut self,
        wanted: u64,
        standstills: &Standstills,
        each: &mut dyn FnMut(&Record, u64),
    ) {
        let Some(now) = ThisProcess.now() else { return };
        let now = (now >> 32) as u32;
        for known in &mut self.known {
            known.counts.fill(0);
        }
        let mut by_state = [0; 16];
        for (state, mask) in by_state.iter_mut().enumerate() {
            let probes = self.probes.iter().enumerate();
            let admits = probes.filter(|(_, probe)| probe.admits_state(state as u64));
            *mask = admits.fold(0, |all, (place, _)| all | 1 << place) & wanted;
        }
        let only_running = wanted & !self.running() == 0;
        let mut last = (0, 0);
        walk(|slot| {
            // Few of a million tasks run: the others cost no more than this.
            if only_running && slot.status().state() != state::RUNNING {
                return;
            }
            let Some(record) = Record::read(slot).filter(|record| record.is_live_task()) else {
                return;
            };
            let mut task = Probed::new(&record, now, standstills);
            let mut left = by_state[task.state() as usize & 15];
            if left == 0 {
                return;
            }
            if last.0 != record.site_address() {
                last = (record.site_address(), self.site_index(record.site()));
            }
            left &= self.known[last.1].mask;
            let mut admitted = 0;
            while left != 0 {
                let place = left.trailing_zeros();
                left &= left - 1;
                admitted |= u64::from(self.probes[place as usize].admits(&mut task)) << place;
            }
            if admitted & self.counting != 0 {
                self.count(last.1, admitted & self.counting);
            }
            if admitted & !self.counting != 0 {
                each(&record, admitted & !self.counting);
            }
        });
    }

    #[inline(never)]
    fn site_index(&mut self, site: &'static Site) -> usize {
        let (filters, known) = (&self.filters, &mut self.known);
        *self.sites.entry(site.address()).or_insert_with(|| {
            known.push(KnownSite {
                site,
                mask: mask_of(filters, |it| admits_site(&it.filter, site)),
                counts: Vec::new(),
            });
            known.len() - 1
        })
    }

    fn count(&mut self, site: usize, mut mask: u64) {
        let counts = &mut self.known[site].counts;
        if counts.is_empty() {
            counts.resize(self.filters.len(), 0);
        }
        while mask != 0 {
            counts[mask.trailing_zeros() as usize] += 1;
            mask &= mask - 1;
        }
    }

    /// Returns the counts of the last walk for a filter that counts.
    pub fn counts(&self, filter: usize) -> Vec<(&'static Site, u64)> {
        let of_site = |known: &KnownSite| {
            let count = known.counts.get(filter).copied().unwrap_or(0);
            (known.site, count)
        };
        let counts = self.known.iter().map(of_site);
        counts.filter(|(_, count)| *count > 0).collect()
    }

    /// Reads tasks again, and compares the whole filters with them. Names and labels are redacted.
    pub fn confirm(&self, seen: &[Seen]) -> Matched {
        let now = ThisProcess.now();
        let mut builder = SnapshotBuilder::redacted(ThisProcess);
        let mut all = Vec::with_capacity(seen.len());
        for Seen { record, mask } in seen {
            let again = Record::read(record.slot).filter(|again| again.id == record.id);
            if let Some(record) = again.filter(|record| record.is_live_task()) {
                all.push((builder.row(&record), record, *mask));
            }
        }
        let mut snapshot = builder.finish();
        snapshot.threads = Threads::now(ThisProcess);
        let hits = all.iter().map(|(row, record, _)| (*row, *record, 0));
        let mut hits: Vec<(Row, Record, u64)> = hits.collect();
        let mut goes_on = || true;
        for (place, it) in self.filters.iter().enumerate() {
            if !all.iter().any(|(_, _, mask)| mask & 1 << place != 0) {
                continue;
            }
            let mut pace = Pace::new(&mut goes_on);
            let mut selection = Selection::new(&it.filter, &snapshot, now, &mut pace);
            for ((row, _, mask), hit) in all.iter().zip(&mut hits) {
                let is = mask & 1 << place != 0
                    && selection.has(row)
                    && (!it.has_no_waker || snapshot.shape(row).has_no_waker());
                hit.2 |= u64::from(is) << place;
            }
        }
        Matched {
            snapshot,
            now,
            hits,
        }
    }
}

fn mask_of(filters: &[WatchFilter], is: impl Fn(&WatchFilter) -> bool) -> u64 {
    let places = filters.iter().enumerate();
    places.fold(0, |all, (place, it)| all | u64::from(is(it)) << place)
}

/// A task that a walk has found, and the filters that may select it.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// The words of the task.
    pub record: Record,
    /// A bit for each filter.
    pub mask: u64,
}

/// The tasks that filters select.
#[derive(Debug)]
pub struct Matched {
    snapshot: Snapshot,
    now: Option<u64>,
    hits: Vec<(Row, Record, u64)>,
}

/// A task that a filter selects.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    /// Index in [`Matched`].
    pub index: usize,
    /// The words of the task.
    pub record: Record,
    /// The spawn site.
    pub site: &'static Site,
    /// A number that tasks at the same awaits have in common.
    pub place: u64,
    /// The tick of the last change of the state, in the upper half.
    pub changed: u64,
    /// The time since then.
    pub in_state: Option<Duration>,
}

impl Matched {
    /// Returns the tasks that a filter selects.
    pub fn hits(&self, filter: usize) -> impl Iterator<Item = Hit> + '_ {
        let hits = self.hits.iter().enumerate();
        let selected = hits.filter(move |(_, (_, _, mask))| mask & 1 << filter != 0);
        selected.map(|(index, (row, record, _))| Hit {
            index,
            record: *record,
            site: self.snapshot.site(row),
            place: self.place(row),
            changed: row.change_tick(),
            in_state: self
                .now
                .and_then(|now| clock::since(row.change_tick(), now)),
        })
    }

    fn place(&self, row: &Row) -> u64 {
        let mut hasher = DefaultHasher::new();
        let stack = self.snapshot.stacks.get(self.snapshot.stack(row));
        for frame in stack.frames() {
            let site = frame.site();
            (site.file(), site.line(), site.column()).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Returns a task.
    ///
    /// # Panics
    ///
    /// Panics if the index is that of no [`Hit`].
    pub fn task(&self, index: usize) -> Task {
        self.snapshot.task(&self.hits[index].0, self.now)
    }

    /// Returns the name of a task, or an empty text.
    ///
    /// # Panics
    ///
    /// As [`Matched::task`].
    pub fn name(&self, index: usize) -> &str {
        self.snapshot.name_text(&self.hits[index].0)
    }

    /// Returns the value of a label of a task, or an empty text.
    ///
    /// # Panics
    ///
    /// As [`Matched::task`].
    pub fn label(&self, index: usize, key: &str) -> String {
        let labels = self.snapshot.labels_of(&self.hits[index].0);
        labels
            .get(key)
            .map_or_else(String::new, |label| label.value().to_owned())
    }
}

/// The runnable tasks at one moment.
#[derive(Debug, Default)]
pub struct Runnable {
    /// Number of all runnable tasks.
    pub count: usize,
    /// The tasks that have waited longest, the longest first.
    pub longest: Vec<Task>,
}

/// Maximum number of runnable tasks that are compared by the time that they have waited.
const MAX_COMPARED: usize = 4096;

impl Runnable {
    /// Reads all runnable tasks, and returns the first `most` of them.
    pub fn now(most: usize) -> Self {
        let runnable = WatchFilter {
            filter: Filter::new().runnable(),
            ..WatchFilter::default()
        };
        let mut watch = Watch::new(&[runnable]);
        let (mut seen, mut count) = (Vec::new(), 0);
        watch.walk(1, &Standstills::default(), &mut |record, mask| {
            count += 1;
            if seen.len() < MAX_COMPARED {
                let record = *record;
                seen.push(Seen { record, mask });
            }
        });
        let matched = watch.confirm(&seen);
        let mut hits: Vec<Hit> = matched.hits(0).collect();
        hits.sort_by_key(|hit| hit.changed);
        let longest = hits.iter().take(most);
        Runnable {
            count,
            longest: longest.map(|hit| matched.task(hit.index)).collect(),
        }
    }

    /// Returns how long the first task has waited for a poll.
    pub fn max_time(&self) -> Option<Duration> {
        self.longest.first()?.time_in_state()
    }
}
