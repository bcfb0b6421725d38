//! The section on tasks that are polled all the time, in renderings for people.
//!
//! A task in a loop that never waits yields now and then, so its state looks like that of any other. The number of its
//! polls reveals it. The section shows numbers without a judgement, because a task may have much to do.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;

use super::field::push_folded;
use super::frames::innermost;
use super::output::push;
use super::palette::Palette;
use super::paths::Paths;
use super::task_block::push_who_of;
use crate::snapshot::row::Row;
use crate::Dump;
use birthmark_core::__reader::clock;
use birthmark_core::Kind;

/// Minimum polls a second, on average since the spawn, of tasks that are listed.
const LEAST: u64 = 500;
/// Minimum age of tasks that are listed. The rate of a younger task has little meaning.
const LEAST_MILLIS: u64 = 1000;
/// Maximum number of tasks that are listed.
const LISTED: usize = 3;

/// Writes the section, if there is a task for it.
pub(super) fn write_section(
    f: &mut fmt::Formatter<'_>,
    dump: &Dump,
    palette: &Palette,
    paths: &Paths,
) -> fmt::Result {
    let mut count = 0;
    // Each with its rate and its place; the one to be dropped first is at the top.
    let mut busiest = BinaryHeap::with_capacity(LISTED + 1);
    for place in dump.places() {
        let rate = rate(dump, &dump.snapshot.rows[place]);
        if let Some(rate) = rate.filter(|&rate| rate >= LEAST) {
            count += 1;
            busiest.push(Reverse((rate, Reverse(place))));
            if busiest.len() > LISTED {
                busiest.pop();
            }
        }
    }
    if count == 0 {
        return Ok(());
    }
    let mut out = "\npolled most, on average since the spawn\n".to_owned();
    for Reverse((rate, Reverse(place))) in busiest.into_sorted_vec() {
        push_task(&mut out, dump, palette, paths, place, rate);
    }
    if count > LISTED {
        let more = count - LISTED;
        push(
            &mut out,
            format_args!("  and {more} more, {LEAST} times a second or more\n"),
        );
    }
    f.write_str(&out)
}

/// `  task 17 "feed-7" follow  4120 times a second, 1203442 polls  awaits socket.read in next src/feed.rs:3:5`
fn push_task(
    out: &mut String,
    dump: &Dump,
    palette: &Palette,
    paths: &Paths,
    place: usize,
    rate: u64,
) {
    let (start, row) = (out.len(), &dump.snapshot.rows[place]);
    push(out, format_args!("  task {} ", { row.id }));
    push_who_of(out, palette, &dump.snapshot, row);
    let polls = dump.snapshot.polls(row);
    push(out, format_args!("  {rate} times a second, {polls} polls"));
    let stack = dump.snapshot.stacks.get(dump.snapshot.stack(row));
    push_folded(
        out,
        palette,
        start,
        &innermost(&stack, &dump.snapshot.role(row), paths),
    );
    out.push('\n');
}

/// Returns the polls a second since the spawn, of a future or of what a thread blocks on, if they are known.
fn rate(dump: &Dump, row: &Row) -> Option<u64> {
    let is_enough = |polls: u32| u64::from(polls) * 1000 >= LEAST * LEAST_MILLIS;
    // The count in the row is never too low, and costs nothing to read.
    if !is_enough(row.polls) {
        return None;
    }
    let (kind, polls) = (dump.snapshot.kind(row), dump.snapshot.polls(row));
    if !is_enough(polls) || !kind.is_thread() && !matches!(kind, Kind::Future | Kind::Unknown) {
        return None;
    }
    let millis = clock::between(row.spawn_tick(), dump.now?).as_millis() as u64;
    (millis >= LEAST_MILLIS).then(|| u64::from(polls) * 1000 / millis)
}
