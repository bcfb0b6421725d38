//! How the executors are: jobs that do not start, tasks without a turn, and polls that do not end.
//!
//! All of it is known from the states of tasks. A conclusion, such as that a pool is full, is probable: birthmark does not
//! see the limits of pools.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::driver;
use super::stuck::{Finding, FindingKind};
use super::{push_holder, push_task, push_wait, relation};
use crate::render::output::{push, site_role};
use crate::render::palette::Palette;
use crate::snapshot::row::Row;
use crate::values::age::Age;
use crate::wait_graph::{polled_waits, WaitGraph};
use crate::{Dump, State};
use birthmark_core::__reader::clock;
use birthmark_core::{Kind, Site};

/// Minimum time in a state that a finding mentions. A healthy program has shorter ones all the time.
pub(super) const LEAST: Duration = Duration::from_secs(1);
/// Maximum number of tasks that a finding names.
const NAMED: usize = 3;

/// Tasks that have been in a state for a while.
#[derive(Default)]
struct Lasting<'a> {
    unstarted_jobs: Vec<&'a Row>,
    running_jobs: Vec<&'a Row>,
    unstarted_futures: Vec<&'a Row>,
    runnable: Vec<&'a Row>,
    polled: Vec<&'a Row>,
}

impl<'a> Lasting<'a> {
    fn of(dump: &'a Dump) -> Self {
        let mut lasting = Lasting::default();
        for row in dump.rows() {
            let list = match (dump.snapshot.kind(row), dump.snapshot.bare_state(row)) {
                (Kind::Blocking, State::Created) => &mut lasting.unstarted_jobs,
                (Kind::Blocking, State::Running { .. } | State::Blocked { .. }) => {
                    &mut lasting.running_jobs
                }
                (Kind::Future, State::Created) => &mut lasting.unstarted_futures,
                (Kind::Future, State::Running { .. } | State::Blocked { .. }) => {
                    &mut lasting.polled
                }
                (_, State::Runnable) => &mut lasting.runnable,
                _ => continue,
            };
            if time_in_state(dump, row).is_some_and(|time| time >= LEAST) {
                list.push(row);
            }
        }
        for list in [
            &mut lasting.unstarted_jobs,
            &mut lasting.running_jobs,
            &mut lasting.unstarted_futures,
            &mut lasting.runnable,
            &mut lasting.polled,
        ] {
            // The longest time first.
            list.sort_by_key(|row| (row.change_tick(), row.id));
        }
        lasting
    }
}

/// Appends the findings.
pub(super) fn push_findings(
    found: &mut Vec<Finding>,
    dump: &Dump,
    palette: &Palette,
    graph: &WaitGraph<'_>,
) {
    let lasting = Lasting::of(dump);
    push_blocking_pool(found, dump, palette, graph, &lasting);
    push_polled(found, dump, palette, graph, &lasting);
    driver::push_unwatched(found, dump, palette, &lasting.polled);
    push_runnable(found, dump, palette, &lasting);
    push_unstarted(found, dump, graph, &lasting);
}

/// Appends that jobs wait for a thread, and that the running ones wait for such jobs.
fn push_blocking_pool(
    found: &mut Vec<Finding>,
    dump: &Dump,
    palette: &Palette,
    graph: &WaitGraph<'_>,
    lasting: &Lasting<'_>,
) {
    let (Some(oldest), Some(youngest)) =
        (lasting.unstarted_jobs.first(), lasting.running_jobs.last())
    else {
        return;
    };
    let (unstarted, running) = (&lasting.unstarted_jobs, &lasting.running_jobs);
    let mut finding = Finding::new(FindingKind::BlockingPool, false);
    finding.tasks = ids(unstarted).chain(ids(running)).collect();
    let out = &mut finding.text;
    push(
        out,
        format_args!(
            "the blocking pool is full, probable\n  {} not started for up to {}: {}\n  {} for {} or longer: {}\n",
            jobs(unstarted.len(), "job has", "jobs have"),
            time_text(dump, oldest),
            by_site(dump, unstarted),
            jobs(running.len(), "job has run", "jobs have run"),
            time_text(dump, youngest),
            by_site(dump, running),
        ),
    );
    let unstarted_ids: HashSet<u64> = ids(unstarted).collect();
    let running_ids: HashSet<u64> = ids(running).collect();
    let tasks = graph.tasks().iter().zip(graph.all_uses());
    let waiting: Vec<&Row> = tasks
        .filter(|(_, uses)| {
            let mut awaited = polled_waits(uses).filter_map(|wait| wait.joined);
            awaited.any(|id| unstarted_ids.contains(&id))
        })
        .filter_map(|(&task, _)| dump.row(task))
        .filter(|row| {
            let parent = dump.snapshot.parent_id(row);
            parent.is_some_and(|id| running_ids.contains(&id))
        })
        .collect();
    let Some(first) = waiting.first() else {
        return found.push(finding);
    };
    push(
        out,
        format_args!(
            "  {} spawned by running jobs {} jobs that have not started: {}\n  for example ",
            jobs(waiting.len(), "task", "tasks"),
            if waiting.len() == 1 {
                "awaits"
            } else {
                "await"
            },
            by_site(dump, &waiting),
        ),
    );
    push_task(out, dump, palette, first.id);
    if let Some(parent) = dump.snapshot.parent_id(first) {
        out.push_str(", spawned by ");
        push_task(out, dump, palette, parent);
    }
    out.push('\n');
    finding.tasks.extend(waiting.iter().map(|row| row.id));
    found.push(finding);
}

/// Appends polls that have not ended.
fn push_polled(
    found: &mut Vec<Finding>,
    dump: &Dump,
    palette: &Palette,
    graph: &WaitGraph<'_>,
    lasting: &Lasting<'_>,
) {
    for row in &lasting.polled {
        let mut finding = Finding::new(FindingKind::Poll, true);
        finding.tasks.push(row.id);
        let out = &mut finding.text;
        push_task(out, dump, palette, row.id);
        push(
            out,
            format_args!(" has been in one poll for {}", time_text(dump, row)),
        );
        if let Some(thread) = thread_of(dump, row) {
            push(out, format_args!(", on thread {thread}"));
        }
        push_blocking_waits(out, dump, palette, graph, row.id);
        out.push('\n');
        found.push(finding);
    }
}

/// Appends `; it waits for a blocking mutex in f, held by task 2 g (…)` for each lock that blocks the thread of a task.
fn push_blocking_waits(
    out: &mut String,
    dump: &Dump,
    palette: &Palette,
    graph: &WaitGraph<'_>,
    task: u64,
) {
    let uses = graph.uses_of(task).into_iter();
    for wait in uses
        .flat_map(polled_waits)
        .filter(|it| it.resource.blocks())
    {
        out.push_str("; it ");
        push_wait(out, dump, task, wait);
        for edge in graph.edges(task, wait).iter().take(NAMED) {
            let probably = if edge.is_certain { "" } else { "probably " };
            push(out, format_args!(", {probably}{} ", relation(edge.reason)));
            push_task(out, dump, palette, edge.task);
            push_holder(out, edge);
        }
    }
}

/// Returns the system id of the thread that runs a task.
pub(super) fn thread_of(dump: &Dump, row: &Row) -> Option<u64> {
    match dump.snapshot.state(row) {
        State::Running { thread } | State::Blocked { thread } => thread,
        _ => None,
    }
}

/// Appends the tasks that are ready to run.
fn push_runnable(found: &mut Vec<Finding>, dump: &Dump, palette: &Palette, lasting: &Lasting<'_>) {
    let Some(longest) = lasting.runnable.first() else {
        return;
    };
    let mut finding = Finding::new(FindingKind::Runnable, lasting.polled.is_empty());
    finding.tasks = ids(&lasting.runnable).collect();
    let out = &mut finding.text;
    let count = lasting.runnable.len();
    let verb = if count == 1 { "waits" } else { "wait" };
    let behind = match lasting.polled.is_empty() {
        true => "",
        false => ", probably for the thread of a poll that does not end",
    };
    push(
        out,
        format_args!(
            "{} {verb} for a turn since {}{behind}:\n",
            jobs(count, "runnable task", "runnable tasks"),
            time_text(dump, longest),
        ),
    );
    for row in lasting.runnable.iter().take(NAMED) {
        out.push_str("  ");
        push_task(out, dump, palette, row.id);
        push(out, format_args!(", woken {} ago", time_text(dump, row)));
        if let Some(by) = dump.snapshot.woken_by(row) {
            push(out, format_args!(" by {by}"));
        }
        out.push('\n');
    }
    if count > NAMED {
        push(out, format_args!("  and {} more\n", count - NAMED));
    }
    found.push(finding);
}

/// Appends tasks that were never polled although another task awaits them.
fn push_unstarted(
    found: &mut Vec<Finding>,
    dump: &Dump,
    graph: &WaitGraph<'_>,
    lasting: &Lasting<'_>,
) {
    let Some(oldest) = lasting.unstarted_futures.first() else {
        return;
    };
    let unstarted = &lasting.unstarted_futures;
    let count = unstarted.len();
    let unstarted_ids: HashSet<u64> = ids(unstarted).collect();
    let mut awaited = graph
        .all_uses()
        .flat_map(polled_waits)
        .filter_map(|wait| wait.joined);
    let and_awaited = match awaited.any(|id| unstarted_ids.contains(&id)) {
        true => ", although another task awaits one of them",
        false => "",
    };
    let mut finding = Finding::new(FindingKind::Unstarted, false);
    finding.tasks = ids(unstarted).collect();
    push(
        &mut finding.text,
        format_args!(
            "{} {}, probable: never polled for up to {}{and_awaited}: {}\n",
            match lasting.polled.is_empty() {
                true => "no thread drives the executor of",
                false => "a poll that does not end keeps the thread of",
            },
            jobs(count, "task", "tasks"),
            time_text(dump, oldest),
            by_site(dump, unstarted),
        ),
    );
    found.push(finding);
}

fn ids<'a>(rows: &'a [&Row]) -> impl Iterator<Item = u64> + 'a {
    rows.iter().map(|row| row.id)
}

fn jobs(count: usize, one: &str, several: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {several}"),
    }
}

/// Returns `8 × load spawned at src/main.rs:36:18, 4 × read spawned at src/main.rs:17:9`.
fn by_site(dump: &Dump, rows: &[&Row]) -> String {
    let mut counts: BTreeMap<u64, (usize, &'static Site)> = BTreeMap::new();
    for row in rows {
        let site = dump.snapshot.site(row);
        counts.entry(site.address()).or_insert((0, site)).0 += 1;
    }
    let mut counts: Vec<(usize, &'static Site)> = counts.into_values().collect();
    counts.sort_by_key(|(count, site)| (std::cmp::Reverse(*count), site.line()));
    let parts = counts.iter().take(NAMED).map(|(count, site)| {
        let role = site_role(site);
        format!("{count} × {role} spawned at {site}")
    });
    let mut text = parts.collect::<Vec<_>>().join(", ");
    if counts.len() > NAMED {
        push(
            &mut text,
            format_args!(" and {} more sites", counts.len() - NAMED),
        );
    }
    text
}

pub(super) fn time_in_state(dump: &Dump, row: &Row) -> Option<Duration> {
    clock::since(row.change_tick(), dump.now?)
}

pub(super) fn time_text(dump: &Dump, row: &Row) -> String {
    time_in_state(dump, row).map_or_else(String::new, |time| Age(time).to_string())
}
