//! The changes between two dumps.

mod growth;
mod polled;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;

use super::groups;
use super::output::push;
use super::palette::Palette;
use super::paths::Paths;
use super::summary::{push_filter, write_coverage};
use crate::snapshot::compact::chunked_vec::ChunkedVec;
use crate::snapshot::compact::hash::IdHash;
use crate::snapshot::row::Row;
use crate::snapshot::stacks::StackRef;
use crate::values::age::Age;
use crate::values::plural::plural;
use crate::Dump;
use crate::Task;
use birthmark_core::__reader::clock;

pub use growth::SiteGrowth;

/// Displays what has changed between two [`Dump`]s of one process.
///
/// The output begins with the growth of each site: the number of tasks that it has more or less than before. After
/// that, the tasks are shown in groups:
///
/// - the tasks that were *polled most* in between
/// - new tasks
/// - gone tasks
/// - *unchanged* tasks, which were not polled since the first dump, and are in the same state and the same frames
/// - tasks that were *running throughout*, in the same poll or call
///
/// A thread counts as polled if a future was polled that it blocks on in instrumented code. Otherwise a task that was
/// running in both dumps may have done anything in between.
#[derive(Clone, Debug)]
pub struct Diff<'a> {
    before: &'a Dump,
    after: &'a Dump,
    // Places of rows.
    new: ChunkedVec<u32>,
    gone: ChunkedVec<u32>,
    unchanged: ChunkedVec<u32>,
    running: ChunkedVec<u32>,
    polled: polled::Polled,
    palette: &'static Palette,
}

/// Maximum number of comparisons that are kept.
const MAX_STACKS: usize = 4 * 1024;

/// Stacks of one dump, compared with those of the other. Many tasks have few different stacks.
#[derive(Default)]
struct SameStacks(HashMap<[StackRef; 2], bool, IdHash>);

impl SameStacks {
    /// Returns `true` if two rows are known to have the same stack.
    fn are_same(&mut self, [before, after]: [&Dump; 2], [was, is]: [&Row; 2]) -> bool {
        let (before, after) = (&before.snapshot, &after.snapshot);
        let stacks = [before.stack(was), after.stack(is)];
        if self.0.len() == MAX_STACKS {
            self.0.clear();
        }
        let compare = || {
            before
                .stacks
                .get(stacks[0])
                .is_same(&after.stacks.get(stacks[1]))
        };
        *self.0.entry(stacks).or_insert_with(compare)
    }
}

impl Dump {
    /// Compares the dump with an earlier one. If one of them is filtered, the other should have the same
    /// [`Filter`](crate::Filter).
    ///
    /// # Examples
    ///
    /// ```
    /// let before = birthmark::dump();
    /// // …
    /// let after = birthmark::dump();
    /// let diff = after.diff(&before);
    /// println!("{diff}");
    /// for growth in diff.growth() {
    ///     println!("{}: {:+}", growth.site(), growth.delta());
    /// }
    /// ```
    pub fn diff<'a>(&'a self, before: &'a Dump) -> Diff<'a> {
        Diff::new(before, self)
    }
}

impl<'a> Diff<'a> {
    fn new(before: &'a Dump, after: &'a Dump) -> Self {
        let mut diff = Diff {
            before,
            after,
            new: ChunkedVec::default(),
            gone: ChunkedVec::default(),
            unchanged: ChunkedVec::default(),
            running: ChunkedVec::default(),
            polled: polled::Polled::default(),
            palette: Palette::new(false),
        };
        let mut stacks = SameStacks::default();
        let [mut old, mut new] = [before, after].map(|dump| dump.places().peekable());
        loop {
            let (was, is) = (old.peek().copied(), new.peek().copied());
            // A dump that has come to its end has an id above all others.
            let id = |dump: &Dump, place: Option<usize>| {
                place.map_or(u64::MAX, |place| dump.snapshot.rows[place].id)
            };
            let order = id(before, was).cmp(&id(after, is));
            match (was, is, order) {
                (None, None, _) => return diff,
                (Some(was), _, Ordering::Less) => {
                    diff.gone.push(was as u32);
                }
                (_, Some(is), Ordering::Greater) => {
                    diff.new.push(is as u32);
                }
                (Some(was), Some(is), _) => diff.add_both(&mut stacks, was, is),
                _ => {}
            }
            old.next_if(|_| order.is_le());
            new.next_if(|_| order.is_ge());
        }
    }

    /// Notes a task that is in both dumps, in these rows.
    fn add_both(&mut self, stacks: &mut SameStacks, before: usize, after: usize) {
        let was = &self.before.snapshot.rows[before];
        let is = &self.after.snapshot.rows[after];
        self.polled.add([self.before, self.after], [was, is], after);
        let done = |dump: &Dump, row: &Row| (row.since, row.polls, dump.snapshot.shape(row).status);
        if done(self.before, was) != done(self.after, is) {
            return;
        }
        if self.after.snapshot.bare_state(is).is_on_thread() {
            self.running.push(after as u32);
        } else if stacks.are_same([self.before, self.after], [was, is]) {
            self.unchanged.push(after as u32);
        }
    }

    /// Sets whether the output has colours; see [`should_colorize`](super::should_colorize).
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.palette = Palette::new(color);
        self
    }

    /// Returns the tasks that are alive now and were not before.
    pub fn new_tasks(&self) -> impl Iterator<Item = Task> + '_ {
        tasks(self.after, &self.new)
    }

    /// Returns the tasks that are no longer alive, as they were.
    pub fn gone_tasks(&self) -> impl Iterator<Item = Task> + '_ {
        tasks(self.before, &self.gone)
    }

    /// Returns the tasks that were not polled, and are in the same state and the same frames as before.
    pub fn unchanged_tasks(&self) -> impl Iterator<Item = Task> + '_ {
        tasks(self.after, &self.unchanged)
    }

    /// Returns the tasks that were running in both dumps, in the same poll or call. Their activity in between is
    /// unknown.
    pub fn running_tasks(&self) -> impl Iterator<Item = Task> + '_ {
        tasks(self.after, &self.running)
    }

    /// Returns the tasks that were polled most between the dumps, each with the number of polls. There are at most five. A
    /// number above 2³² is too low.
    pub fn most_polled(&self) -> impl Iterator<Item = (Task, u32)> + '_ {
        let most = self.polled.most();
        most.map(|(polls, place)| (self.after.task(&self.after.snapshot.rows[place]), polls))
    }

    /// Returns the difference in the number of tasks for each site, largest growth first. Sites with an equal number
    /// are left out.
    pub fn growth(&self) -> Vec<SiteGrowth> {
        growth::between(self.before, self.after)
    }

    fn push_heading(&self, out: &mut String) {
        let (before, after) = (self.before.len(), self.after.len());
        push(
            out,
            format_args!(
                "{}: {before} task{} before, {after} now",
                self.after.head(),
                plural(before)
            ),
        );
        if let (Some(then), Some(now)) = (self.before.now, self.after.now) {
            push(
                out,
                format_args!(", {} later", Age(clock::between(then, now))),
            );
        }
        let all = [&self.new, &self.gone, &self.unchanged, &self.running];
        let [new, gone, unchanged, running] = all.map(ChunkedVec::len);
        push(
            out,
            format_args!(
                ": {new} new, {gone} gone, {unchanged} unchanged, {running} running throughout\n"
            ),
        );
        push_filter(out, self.after);
    }
}

fn tasks<'a>(dump: &'a Dump, places: &'a ChunkedVec<u32>) -> impl Iterator<Item = Task> + 'a {
    rows(dump, places).map(|row| dump.task(row))
}

fn rows<'a>(dump: &'a Dump, places: &'a ChunkedVec<u32>) -> impl Iterator<Item = &'a Row> + 'a {
    places
        .iter()
        .map(|&place| &dump.snapshot.rows[place as usize])
}

impl fmt::Display for Diff<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.push_heading(&mut out);
        let paths = [self.before, self.after].map(|dump| Paths::of(&dump.snapshot));
        growth::push(&mut out, self.palette, &self.growth());
        self.polled.push(&mut out, self, &paths[1]);
        for (title, dump, places) in [
            ("new", self.after, &self.new),
            ("gone", self.before, &self.gone),
            (
                "unchanged: neither polled nor in another state since",
                self.after,
                &self.unchanged,
            ),
            (
                "running throughout: in the same poll or call, and what they did in it is not known",
                self.after,
                &self.running,
            ),
        ] {
            if !places.is_empty() {
                push(&mut out, format_args!("\n{title}\n"));
            }
            let paths = if std::ptr::eq(dump, self.before) { &paths[0] } else { &paths[1] };
            for group in groups::count(dump, rows(dump, places)) {
                out.push_str("  ");
                group.push_line(&mut out, self.palette, paths);
            }
        }
        f.write_str(&out)?;
        write_coverage(f, self.after)
    }
}
