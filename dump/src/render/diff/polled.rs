//! The tasks that were polled most between two dumps.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Diff;
use crate::render::field::push_folded;
use crate::render::frames::innermost;
use crate::render::output::push as push_text;
use crate::render::paths::Paths;
use crate::render::task_block::push_who_of;
use crate::snapshot::row::Row;
use crate::values::plural::plural;
use crate::Dump;
use birthmark_core::__reader::clock;

/// Maximum number of tasks that are listed.
const LISTED: usize = 5;
/// Minimum polls a second of tasks that the text lists. Less is what a timer or a busy connection does.
const LEAST: u64 = 100;
/// Minimum time between the dumps of which the text lists tasks. A rate over less has little meaning.
const LEAST_MILLIS: u64 = 500;

/// The tasks with the most polls.
#[derive(Clone, Debug, Default)]
pub(super) struct Polled {
    /// The number of polls and the place of a row in the later dump. The one to be dropped first is at the top.
    most: BinaryHeap<Reverse<(u32, Reverse<usize>)>>,
}

impl Polled {
    /// Notes a task that is in both dumps, in these rows. `place` is that of the later row.
    pub(super) fn add(&mut self, [before, after]: [&Dump; 2], [was, is]: [&Row; 2], place: usize) {
        let polls = after.snapshot.polls(is);
        let polls = polls.wrapping_sub(before.snapshot.polls(was));
        if polls == 0 {
            return;
        }
        self.most.push(Reverse((polls, Reverse(place))));
        if self.most.len() > LISTED {
            self.most.pop();
        }
    }

    /// Returns the numbers of polls and the places, the most polls first.
    pub(super) fn most(&self) -> impl Iterator<Item = (u32, usize)> {
        let sorted = self.most.clone().into_sorted_vec().into_iter();
        sorted.map(|Reverse((polls, Reverse(place)))| (polls, place))
    }

    /// Appends a line for each task: `  task 17 "feed-7" follow  4120 times a second, 12360 polls  awaits next src/a.rs:3:5`
    pub(super) fn push(&self, out: &mut String, diff: &Diff<'_>, paths: &Paths) {
        let (Some(then), Some(now)) = (diff.before.now, diff.after.now) else {
            return;
        };
        let millis = clock::between(then, now).as_millis() as u64;
        if millis < LEAST_MILLIS {
            return;
        }
        let rate = |polls: u32| u64::from(polls) * 1000 / millis;
        let busy = self.most().filter(|&(polls, _)| rate(polls) >= LEAST);
        let mut title = "\npolled most in between\n";
        for (polls, place) in busy {
            out.push_str(title);
            title = "";
            let (start, snapshot) = (out.len(), &diff.after.snapshot);
            let row = &snapshot.rows[place];
            push_text(out, format_args!("  task {} ", { row.id }));
            push_who_of(out, diff.palette, snapshot, row);
            let (rate, plural) = (rate(polls), plural(polls as usize));
            push_text(
                out,
                format_args!("  {rate} times a second, {polls} poll{plural}"),
            );
            let stack = snapshot.stacks.get(snapshot.stack(row));
            let fields = innermost(&stack, &snapshot.role(row), paths);
            push_folded(out, diff.palette, start, &fields);
            out.push('\n');
        }
    }
}
