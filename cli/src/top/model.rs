//! A refresh: a dump, the counts of the sites, and what has changed since the refresh before.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::time::Duration;

use birthmark_dump::__private::Brief;
use birthmark_dump::render::Group;
use birthmark_dump::{Dump, Filter, SiteStats, State, Task};

/// Lines of a tree that are made. Nobody scrolls further.
const MAX_TREE_LINES: usize = 10_000;

/// The result of reading the target once.
pub(super) struct Model {
    dump: Dump,
    sites: Vec<SiteStats>,
    /// Polls of all live tasks by site.
    polls: HashMap<usize, u64>,
    has_waits: bool,
}

/// The visible part of a model: the tasks that a filter selects.
pub(super) struct Selected {
    pub(super) dump: Dump,
    /// Indices of the tasks in the order of the table.
    pub(super) order: Vec<u32>,
    pub(super) groups: Vec<Group>,
    pub(super) tree: Vec<String>,
    pub(super) sites: Vec<SiteRow>,
    /// Lines on tasks that cannot go on, if they were requested.
    pub(super) stuck: Vec<String>,
    /// Numbers of tasks in the order of [`State::COUNTED`].
    pub(super) states: [usize; 8],
    /// Spawns and ends per second since the refresh before.
    pub(super) spawns: Option<f64>,
    pub(super) ends: Option<f64>,
}

/// A spawn site with its rates.
pub(super) struct SiteRow {
    pub(super) stats: SiteStats,
    pub(super) spawns: Option<f64>,
    pub(super) polls: Option<f64>,
}

/// Counts of a refresh that the next one is compared with.
pub(super) struct Before {
    at: std::time::Instant,
    /// Spawned and ended tasks, and polls, by site.
    sites: HashMap<usize, [u64; 3]>,
}

/// The column by which the table is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Id,
    Age,
    Since,
    Polls,
    State,
    Site,
}

impl Sort {
    pub(super) const ALL: [Sort; 6] = [
        Sort::Id,
        Sort::Age,
        Sort::Since,
        Sort::Polls,
        Sort::State,
        Sort::Site,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Sort::Id => "id",
            Sort::Age => "age",
            Sort::Since => "time in state",
            Sort::Polls => "polls",
            Sort::State => "state",
            Sort::Site => "site",
        }
    }
}

impl Model {
    /// Takes a dump. `has_waits` is `true` if the dump has what tasks wait for.
    pub(super) fn new(dump: Dump, sites: Vec<SiteStats>, has_waits: bool) -> Self {
        let mut polls: HashMap<usize, u64> = HashMap::new();
        for index in dump.indices() {
            let brief = dump.brief(index);
            *polls.entry(address(brief.site)).or_default() += u64::from(brief.polls);
        }
        Model {
            dump,
            sites,
            polls,
            has_waits,
        }
    }

    /// Returns the counts for the next comparison.
    pub(super) fn before(&self, at: std::time::Instant) -> Before {
        let counts = |stats: &SiteStats| {
            let polls = self.polls.get(&address(stats.site)).copied().unwrap_or(0);
            (address(stats.site), [stats.spawned(), ended(stats), polls])
        };
        Before {
            at,
            sites: self.sites.iter().map(counts).collect(),
        }
    }

    /// Selects the tasks of a filter, and compares the counts with those of the refresh before.
    pub(super) fn select(
        self,
        filters: &[Filter],
        before: Option<&Before>,
        now: std::time::Instant,
    ) -> Selected {
        let seconds = before.map(|before| now.saturating_duration_since(before.at).as_secs_f64());
        let seconds = seconds.filter(|seconds| *seconds > 0.0);
        let rate = |now: u64, then: u64| Some(now.saturating_sub(then) as f64 / seconds?);
        let row = |stats: SiteStats| {
            let place = address(stats.site);
            let then = before.and_then(|before| before.sites.get(&place));
            let [spawned, _, polls] = then.copied().unwrap_or_default();
            let now = self.polls.get(&place).copied().unwrap_or(0);
            SiteRow {
                spawns: rate(stats.spawned(), spawned),
                polls: rate(now, polls),
                stats,
            }
        };
        let sum = |index: usize| {
            let before = before.map(|before| before.sites.values().map(|it| it[index]).sum());
            before.unwrap_or(0)
        };
        let spawned = self.sites.iter().map(SiteStats::spawned).sum();
        let ends = rate(self.sites.iter().map(ended).sum(), sum(1));
        let spawns = rate(spawned, sum(0));
        let dump = filters
            .iter()
            .fold(self.dump, |dump, filter| dump.filter(filter));
        let order = dump.indices();
        let states = order.iter().map(|&index| dump.brief(index).state);
        Selected {
            states: State::count(states),
            order,
            groups: dump.groups().list().to_vec(),
            tree: lines_of_body(&dump.tree()),
            stuck: match self.has_waits {
                true => lines(&dump.stuck()),
                false => Vec::new(),
            },
            sites: self.sites.into_iter().map(row).collect(),
            dump,
            spawns,
            ends,
        }
    }
}

fn address(site: &birthmark_dump::__private::Site) -> usize {
    std::ptr::from_ref(site).addr()
}

fn ended(stats: &SiteStats) -> u64 {
    stats.completed + stats.panicked + stats.cancelled
}

impl Selected {
    /// Sorts the table. Equal tasks stay in the order of their ids.
    pub(super) fn sort(&mut self, sort: Sort, is_reversed: bool) {
        let dump = &self.dump;
        let state = |brief: &Brief| match brief.state {
            State::Running { .. } => 0,
            State::Blocked { .. } => 1,
            State::Created => 2,
            State::Delayed => 3,
            State::Idle => 5,
            _ => 4,
        };
        let millis = |time: Option<Duration>| time.map_or(0, |time| time.as_millis() as u64);
        let key = |index: &u32| {
            let brief = dump.brief(*index);
            match sort {
                Sort::Id => u64::from(*index),
                // The oldest first, as the most polled.
                Sort::Age => u64::MAX - millis(brief.age),
                Sort::Since => u64::MAX - millis(brief.since),
                Sort::Polls => u64::MAX - u64::from(brief.polls),
                Sort::State => state(&brief),
                Sort::Site => address(brief.site) as u64,
            }
        };
        self.order.sort_by_cached_key(key);
        if is_reversed {
            self.order.reverse();
        }
    }

    /// Returns the task in a line of the table.
    pub(super) fn task(&self, line: usize) -> Option<Task> {
        Some(self.dump.task_at(*self.order.get(line)?))
    }

    /// Returns the line of the table that has a task.
    pub(super) fn line_of(&self, id: u64) -> Option<usize> {
        let is = |index: &u32| self.dump.brief(*index).id == id;
        self.order.iter().position(is)
    }
}

/// Text of which the first lines are kept.
struct FirstLines {
    lines: Vec<String>,
    line: String,
}

impl Write for FirstLines {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive('\n') {
            self.line += part;
            if self.line.ends_with('\n') {
                self.lines.push(self.line.trim_end_matches('\n').to_owned());
                self.line.clear();
            }
            if self.lines.len() >= MAX_TREE_LINES {
                return Err(fmt::Error);
            }
        }
        Ok(())
    }
}

/// Returns the first lines of a rendering.
fn lines(rendering: &dyn fmt::Display) -> Vec<String> {
    let mut first = FirstLines {
        lines: Vec::new(),
        line: String::new(),
    };
    // It ends with an error if there are more lines.
    let _ = write!(first, "{rendering}");
    first.lines
}

/// Returns the first lines of a rendering, without the heading and the coverage. An empty line follows the heading, and
/// another one is before the coverage.
fn lines_of_body(rendering: &dyn fmt::Display) -> Vec<String> {
    let mut lines = lines(rendering);
    if lines.len() < MAX_TREE_LINES {
        let end = lines.iter().rposition(String::is_empty);
        lines.truncate(end.unwrap_or(lines.len()));
    }
    let start = lines.iter().position(String::is_empty);
    lines.drain(..start.map_or(0, |empty| empty + 1));
    lines
}
