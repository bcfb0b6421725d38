//! The first comparison of a slot with a filter: by the words of the slot, without its name, labels, frames or ancestors.
//!
//! A probe may admit a task that the filter does not select. A probe refuses two sorts of tasks that the filter selects. One is a
//! task that changes at this moment. The other is a task that is in its state for long enough only with the time of standstills.

use std::time::Duration;

use super::selection::{has_role, is_at, matches};
use super::standstills::Standstills;
use super::Filter;
use crate::State;
use birthmark_core::__reader::clock;
use birthmark_core::__reader::record::read::Record;
use birthmark_core::__reader::record::words::{flag, state};
use birthmark_core::__reader::record::{WakeSnapshot, WokenBy};
use birthmark_core::{Kind, Site};

/// The condition of a probe on the wakes of a suspended task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wakes {
    /// Nothing.
    Any,
    /// The task was woken.
    Woken,
    /// The task was not woken.
    NotWoken,
    /// The task was not woken, and nothing is left that can wake it.
    Lost,
}

/// A filter, prepared for slots.
#[derive(Debug)]
pub(super) struct Probe {
    /// A bit for each state of a slot, after [`Record::read`].
    states: u32,
    wakes: Wakes,
    /// The least ticks since the spawn, and since the last change of the state.
    older: u32,
    in_state: u32,
    polls: u32,
    /// A bit for each admitted kind.
    kinds: u32,
}

/// The words of a task that all probes of a walk compare.
pub(super) struct Probed<'a> {
    record: &'a Record,
    state: u64,
    /// Ticks since the spawn, and since the last change of the state. The latter are without those of standstills.
    age: u32,
    in_state: u32,
    /// The wakes, once they were read.
    wakes: Option<Option<WakeSnapshot>>,
    now: u32,
    standstills: &'a Standstills,
}

/// Returns the ticks that a duration takes at least.
fn ticks(time: Option<Duration>) -> u32 {
    let ticks = time.map_or(0, |time| time.as_millis().div_ceil(clock::TICK.as_millis()));
    u32::try_from(ticks).unwrap_or(u32::MAX)
}

impl Probe {
    pub(super) fn new(filter: &Filter, has_no_waker: bool) -> Self {
        let wanted = &filter.states;
        let bit = |state: u64| 1 << state;
        let bits = |wanted: &State| match wanted {
            State::Running { .. } | State::Blocked { .. } | State::Idle => bit(state::RUNNING),
            State::Created | State::Delayed => bit(state::CREATED),
            _ => bit(state::SUSPENDED),
        };
        let states = match wanted.is_empty() {
            true => u32::MAX,
            false => wanted.iter().map(bits).fold(0, |all, bits| all | bits),
        };
        let all_are = |state: State| !wanted.is_empty() && wanted.iter().all(|it| *it == state);
        let wakes = if has_no_waker {
            Wakes::Lost
        } else if all_are(State::Runnable) {
            Wakes::Woken
        } else if all_are(State::Waiting) {
            Wakes::NotWoken
        } else {
            Wakes::Any
        };
        let kinds = Kind::ALL.iter();
        let kinds = kinds.filter(|kind| matches(&filter.kinds, kind.as_str()));
        Probe {
            states: if has_no_waker {
                bit(state::SUSPENDED)
            } else {
                states
            },
            wakes,
            older: ticks(filter.older),
            in_state: ticks(filter.in_state),
            polls: filter.polls.unwrap_or(0),
            kinds: match filter.kinds.is_empty() {
                true => u32::MAX,
                false => kinds.fold(0, |all, kind| all | 1 << *kind as u32),
            },
        }
    }

    /// Returns `true` if a task of a slot in this state may be selected.
    #[inline]
    pub(super) fn admits_state(&self, state: u64) -> bool {
        self.states & 1 << state != 0
    }

    /// Returns `true` if the task may be selected.
    #[inline]
    pub(super) fn admits(&self, task: &mut Probed<'_>) -> bool {
        self.admits_state(task.state)
            && task.age >= self.older
            && task.in_state >= self.in_state
            && task.record.polls() >= self.polls
            && (self.wakes == Wakes::Any || self.has_wakes(task))
            && (self.kinds == u32::MAX || self.kinds & 1 << task.kind() as u32 != 0)
    }

    fn has_wakes(&self, task: &mut Probed<'_>) -> bool {
        let (now, changed) = (task.now, task.record.status.tick());
        let Some(wakes) = task.wakes() else {
            return false;
        };
        match self.wakes {
            Wakes::Any => true,
            Wakes::NotWoken => !wakes.is_woken,
            Wakes::Lost => !wakes.is_woken && !wakes.has_wakers && now > changed.saturating_add(1),
            Wakes::Woken => {
                let woken_at = match wakes.last_by {
                    Some(WokenBy::Itself) => changed,
                    _ => wakes.last_tick.max(changed),
                };
                wakes.is_woken && task.ticks_since(woken_at) >= self.in_state
            }
        }
    }
}

impl<'a> Probed<'a> {
    /// Prepares a task. `now` is the present tick.
    #[inline]
    pub(super) fn new(record: &'a Record, now: u32, standstills: &'a Standstills) -> Self {
        let state = match record.state() {
            // A thread that blocks on a future waits.
            state::RUNNING if record.flags() & flag::BLOCKED != 0 => state::SUSPENDED,
            state => state,
        };
        let mut probed = Probed {
            record,
            state,
            age: now.saturating_sub((record.spawned() >> 32) as u32),
            in_state: 0,
            wakes: None,
            now,
            standstills,
        };
        probed.in_state = probed.ticks_since(record.status.tick());
        probed
    }

    /// Returns the ticks for which the process has run since a tick.
    #[inline]
    fn ticks_since(&self, tick: u32) -> u32 {
        let stood_still = self.standstills.since(tick);
        self.now.saturating_sub(tick).saturating_sub(stood_still)
    }

    pub(super) fn state(&self) -> u64 {
        self.state
    }

    fn kind(&self) -> Kind {
        Kind::of(self.record.site(), self.record.flags())
    }

    fn wakes(&mut self) -> Option<WakeSnapshot> {
        *self.wakes.get_or_insert_with(|| {
            let reads = self.record.waits().then(|| WakeSnapshot::read(self.record));
            reads.flatten()
        })
    }
}

/// Returns `true` if a filter may select tasks of a site, by their site and their role. An external thread has its name as
/// its role.
pub(super) fn admits_site(filter: &Filter, site: &'static Site) -> bool {
    match site.kind() {
        Kind::External => filter.sites.is_empty(),
        _ => is_at(&filter.sites, site) && has_role(&filter.roles, site),
    }
}

/// Returns `true` if a probe and the site decide whether a filter selects a task, except for external threads.
pub(super) fn is_shallow(filter: &Filter) -> bool {
    filter.names.is_empty()
        && filter.labels.is_empty()
        && filter.locals.is_empty()
        && filter.stacks.is_empty()
        && filter.words.is_empty()
        && filter.woken_by.is_empty()
        && filter.under.is_empty()
}
