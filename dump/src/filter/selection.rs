//! The comparison of tasks with a filter.

use std::collections::HashMap;
use std::time::Duration;

use super::label::LabelPattern;
use super::words::Words;
use super::{Filter, Pace, Pattern};
use crate::snapshot::compact::bit_set::BitSet;
use crate::snapshot::compact::hash::IdHash;
use crate::snapshot::labels::LabelsRef;
use crate::snapshot::nodes::Snapshot;
use crate::snapshot::row::Row;
use crate::values::role::qualified;
use crate::values::stack::Frame;
use crate::State;
use birthmark_core::__reader::clock;
use birthmark_core::__reader::label::Labels;
use birthmark_core::__reader::source_path::from_package;
use birthmark_core::Site;

/// The sets of labels, or of locals, that some patterns select.
struct SelectedSets<'a> {
    patterns: &'a [LabelPattern],
    /// `true` for those that are selected, by index.
    sets: Vec<bool>,
    /// The empty set is selected.
    none: bool,
}

/// A filter that is applied to one snapshot. Conditions on shared values are evaluated once for each value.
pub(crate) struct Selection<'a> {
    filter: &'a Filter,
    snapshot: &'a Snapshot,
    now: Option<u64>,
    /// `true` for sites that are selected with their role, by address.
    sites: HashMap<u64, bool, IdHash>,
    /// The nodes that are selected by `under`, or descend from one.
    under: BitSet,
    /// `true` for stacks with a selected frame, by index.
    stacks: Vec<bool>,
    labels: SelectedSets<'a>,
    locals: SelectedSets<'a>,
    /// `true` for tasks that `woken_by` has, by their id.
    wakers: HashMap<u64, bool, IdHash>,
    words: Words<'a>,
}

impl<'a> Selection<'a> {
    pub(crate) fn new(
        filter: &'a Filter,
        snapshot: &'a Snapshot,
        now: Option<u64>,
        pace: &mut Pace<'_>,
    ) -> Self {
        Selection {
            filter,
            snapshot,
            now,
            sites: HashMap::default(),
            under: under(filter, snapshot, pace),
            stacks: stacks(filter, snapshot, pace),
            labels: SelectedSets::new(&filter.labels, snapshot.labels.all(), pace),
            locals: SelectedSets::new(&filter.locals, snapshot.task_locals.all(), pace),
            wakers: HashMap::default(),
            words: Words::new(filter, snapshot, pace),
        }
    }

    pub(crate) fn has(&mut self, row: &Row) -> bool {
        let filter = self.filter;
        let state = self.snapshot.bare_state(row);
        any(&filter.states, |wanted| is_in_state(*wanted, state))
            && self.is_old(filter.older, row.spawn_tick())
            && self.is_old(filter.in_state, row.change_tick())
            && filter
                .polls
                .is_none_or(|least| self.snapshot.polls(row) >= least)
            && self.is_under(row)
            && self.has_stack(row)
            && self.labels.has(|| self.snapshot.labels_ref(row))
            && self.locals.has(|| self.snapshot.task_locals_ref(row))
            && self.has_site(row)
            && matches(&filter.kinds, self.snapshot.kind(row).as_str())
            && (filter.names.is_empty() || matches(&filter.names, self.snapshot.name_text(row)))
            && self.has_waker(row)
            && self.words.are_in(row)
    }

    fn is_old(&self, wanted: Option<Duration>, then: u64) -> bool {
        let Some(wanted) = wanted else { return true };
        let age = self.now.and_then(|now| clock::since(then, now));
        age.is_some_and(|age| age >= wanted)
    }

    fn is_under(&self, row: &Row) -> bool {
        any(&self.filter.under, |id| id.as_u64() == row.id) || self.under.has(row.parent as usize)
    }

    fn has_stack(&self, row: &Row) -> bool {
        let stack = self.snapshot.stack(row).index();
        let stack = stack.and_then(|stack| self.stacks.get(stack));
        self.filter.stacks.is_empty() || stack.is_some_and(|is| *is)
    }

    fn has_waker(&mut self, row: &Row) -> bool {
        let (snapshot, wanted) = (self.snapshot, &self.filter.woken_by);
        if wanted.is_empty() {
            return true;
        }
        let Some(waker) = snapshot.waking_task_or_itself(row) else {
            return false;
        };
        *self
            .wakers
            .entry(waker)
            .or_insert_with(|| is_task(wanted, snapshot, waker))
    }

    fn has_site(&mut self, row: &Row) -> bool {
        let Filter { sites, roles, .. } = self.filter;
        if sites.is_empty() && roles.is_empty() {
            return true;
        }
        if self.snapshot.is_external(row) {
            return sites.is_empty() && matches(roles, &self.snapshot.role(row));
        }
        let site = self.snapshot.site(row);
        *self
            .sites
            .entry(site.address())
            .or_insert_with(|| is_at(sites, site) && has_role(roles, site))
    }
}

/// Returns `true` if the id, the name or the role of a task matches.
fn is_task(wanted: &[Pattern], snapshot: &Snapshot, id: u64) -> bool {
    if matches(wanted, &id.to_string()) {
        return true;
    }
    let Some(place) = snapshot.place_of(id) else {
        return false;
    };
    let row = &snapshot.rows[place];
    let has_name = || {
        let name = snapshot.name_text(row);
        !name.is_empty() && matches(wanted, name)
    };
    let has_role = || match snapshot.is_external(row) {
        true => matches(wanted, &snapshot.role(row)),
        false => has_role(wanted, snapshot.site(row)),
    };
    has_name() || has_role()
}

/// Returns `true` if the role of a site matches, with or without its module.
pub(super) fn has_role(roles: &[Pattern], site: &Site) -> bool {
    matches(roles, site.role()) || matches(roles, &qualified(site, site.role()))
}

/// Returns `true` if a task in a state is wanted. Runnable and waiting tasks are suspended.
fn is_in_state(wanted: State, state: State) -> bool {
    wanted == state || wanted == State::Suspended && state.is_suspended()
}

/// Returns the nodes that `under` selects, and those that descend from one. A parent comes before its children.
fn under(filter: &Filter, snapshot: &Snapshot, pace: &mut Pace<'_>) -> BitSet {
    if filter.under.is_empty() {
        return BitSet::default();
    }
    let mut under = BitSet::none(snapshot.count());
    for node in snapshot.all().take_while(|_| pace.step()) {
        let is = filter.under.iter().any(|id| id.as_u64() == node.id);
        if is || under.has(node.parent as usize) {
            under.add(node.number as usize);
        }
    }
    under
}

/// Returns `true` for each stack with a selected frame.
fn stacks(filter: &Filter, snapshot: &Snapshot, pace: &mut Pace<'_>) -> Vec<bool> {
    if filter.stacks.is_empty() {
        return Vec::new();
    }
    let has = |frame: &Frame| {
        let line = frame.site().to_string();
        matches(&filter.stacks, &line)
    };
    let all = snapshot.stacks.all().iter().take_while(|_| pace.step());
    all.map(|stack| stack.frames.iter().any(has)).collect()
}

impl<'a> SelectedSets<'a> {
    fn new<'s>(
        patterns: &'a [LabelPattern],
        all: impl Iterator<Item = &'s Labels>,
        pace: &mut Pace<'_>,
    ) -> Self {
        let mut sets = SelectedSets {
            patterns,
            sets: Vec::new(),
            none: has_labels(patterns, &Labels::NONE),
        };
        if !patterns.is_empty() {
            let all = all.take_while(|_| pace.step());
            sets.sets = all.map(|set| has_labels(patterns, set)).collect();
        }
        sets
    }

    fn has(&self, set: impl FnOnce() -> LabelsRef) -> bool {
        // All are known unless the search was stopped.
        let is_selected = |set| self.sets.get(set).is_some_and(|is| *is);
        self.patterns.is_empty() || set().index().map_or(self.none, is_selected)
    }
}

pub(super) fn has_labels(patterns: &[LabelPattern], labels: &Labels) -> bool {
    any(patterns, |pattern| pattern.matches(labels))
}

pub(super) fn is_at(patterns: &[Pattern], site: &Site) -> bool {
    let is_in = |pattern: &Pattern, file: &str| {
        let line = format!("{file}:{}", site.line());
        let column = format!("{line}:{}", site.column());
        let mut here = [file, &line, &column].into_iter();
        here.any(|text| pattern.matches(text))
    };
    any(patterns, |pattern| {
        let files = [site.file(), from_package(site.file())];
        site.is_real() && files.into_iter().any(|file| is_in(pattern, file))
    })
}

pub(super) fn matches(patterns: &[Pattern], text: &str) -> bool {
    any(patterns, |pattern| pattern.matches(text))
}

/// Returns `true` if one of the wanted values agrees, or if there are none.
fn any<T>(wanted: &[T], is: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(is)
}
