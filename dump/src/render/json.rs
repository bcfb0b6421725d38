//! A dump as JSON, written without a library.
//!
//! So birthmark has no dependency for JSON. Parts that tasks share are encoded once, and the text of a million tasks is
//! never in memory.

mod awaits;
mod dropped;
mod gone;
mod groups;
mod spawn_stacks;
mod stacks;
mod string;
mod table_index;
mod tables;
mod threads;
mod waits;
mod wakes;

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::cache::{AgeCache, Cache};
use super::output::{push, push_number, ChunkedWriter};
use crate::process::Utc;
use crate::snapshot::compact::shapes::ShapeRef;
use crate::snapshot::row::Row;
use crate::snapshot::stacks::StackRef;
use crate::values::span::TaskSpan;
use crate::values::task::knows_polls;
use crate::Dump;
use crate::State;
use birthmark_core::__reader::label::{Label, Labels};
use birthmark_core::__reader::name::{Name, NameOrigin};
use birthmark_core::Kind;
use birthmark_core::Site;

use awaits::{push_await_scan, push_awaits};
use dropped::push_dropped;
use gone::push_gone;
use groups::push_groups;
use stacks::{push_stacks, StackTables};
use string::push_string;
use tables::{push_ancestors, push_index, push_name, push_site, push_sites, push_table, Tables};
use threads::push_threads;
use waits::Waits;
use wakes::push_wakes;

/// Displays a [`Dump`] as JSON.
///
/// The [schema] is in the repository. `version` is 1 until a change that readers have to know of;
/// they ignore what they do not know, since there may be more than they look for.
///
/// Sites, ancestors and stacks are in tables, to which tasks refer by index. There is a line for each
/// task. Of very many, [`limit`](Json::limit) shows some, and all in groups.
///
/// [schema]: https://github.com/birthmark-rs/birthmark/blob/main/dump/schema/dump-1.schema.json
#[derive(Clone, Copy, Debug)]
pub struct Json<'a> {
    dump: &'a Dump,
    most: usize,
}

impl<'a> Json<'a> {
    pub(super) fn new(dump: &'a Dump) -> Self {
        let most = usize::MAX;
        Json { dump, most }
    }

    /// Shows no more tasks than that. If the dump has more, those with the lowest ids are shown, `selected`
    /// says how many it has, and `groups` has all of them, counted as in [`Groups`](super::Groups).
    ///
    /// # Examples
    ///
    /// ```
    /// let dump = birthmark::dump();
    /// println!("{}", dump.json().limit(1000));
    /// ```
    #[must_use]
    pub fn limit(mut self, tasks: usize) -> Self {
        self.most = tasks;
        self
    }

    fn is_limited(&self) -> bool {
        self.dump.len() > self.most
    }
}

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Json { dump, most } = *self;
        let tables = Tables::new(dump, most);
        let mut writer = ChunkedWriter::new(f);
        push_head(&mut writer.out, dump);
        if self.is_limited() {
            push(
                &mut writer.out,
                format_args!(",\n\"selected\":{}", dump.len()),
            );
        }
        push_sites(&mut writer, &tables)?;
        push_ancestors(&mut writer, dump, &tables)?;
        push_stacks(&mut writer, dump, &tables.stacks)?;
        push_threads(&mut writer, dump)?;
        push_await_scan(&mut writer.out, &dump.awaits);
        push_gone(&mut writer.out, dump);
        push_dropped(&mut writer.out, dump);
        if self.is_limited() {
            push_groups(&mut writer, dump, &tables)?;
        }
        let waits = Waits::of(dump);
        if let Some(waits) = &waits {
            waits.push_tables(&mut writer, dump)?;
        }
        let mut parts = Parts::default();
        let rows = dump.rows().take(most);
        push_table(&mut writer, "tasks", rows, |out, row| {
            parts.push_row(out, dump, &tables, waits.as_ref(), row);
        })?;
        writer.out.push_str("}\n");
        writer.finish()
    }
}

fn push_head(out: &mut String, dump: &Dump) {
    out.push_str("{\"format\":\"birthmark-dump\",\"version\":1,\"pid\":");
    push_number(out, dump.process.id.into());
    out.push_str(",\"program\":");
    push_string(out, &dump.process.program);
    push_time(out, dump.taken);
    out.push_str(",\"total\":");
    push_number(out, dump.total() as u64);
    out.push_str(",\"filter\":");
    if dump.filter.is_empty() {
        out.push_str("null");
    } else {
        push_string(out, &dump.filter.to_string());
    }
    push_coverage(out, dump);
}

/// The time, once for programs and once for people.
fn push_time(out: &mut String, taken: Option<SystemTime>) {
    out.push_str(",\"time_unix_ms\":");
    let since = taken.and_then(|taken| taken.duration_since(UNIX_EPOCH).ok());
    push_or_null(out, since.map(|since| since.as_millis() as u64));
    out.push_str(",\"time\":");
    match taken.and_then(Utc::new) {
        Some(time) => push(out, format_args!("\"{time}\"")),
        None => out.push_str("null"),
    }
}

fn push_coverage(out: &mut String, dump: &Dump) {
    let coverage = dump.coverage();
    let threads = |threads: Option<usize>| threads.map(|count| count as u64);
    out.push_str(",\n\"coverage\":{\"os_threads\":");
    push_or_null(out, threads(coverage.os_threads()));
    out.push_str(",\"recorded_os_threads\":");
    push_or_null(out, threads(coverage.recorded_os_threads()));
    push(
        out,
        format_args!(
            ",\"untracked_spawns\":{},\"refused\":{},\"dropped_records\":{},\"passed_through\":{},\"ages_known\":{},\"sites\":{}",
            coverage.untracked_spawns(),
            coverage.refused(),
            coverage.dropped_records(),
            coverage.passed_through(),
            coverage.ages_known(),
            coverage.sites(),
        ),
    );
    if coverage.uncertain_records() > 0 {
        out.push_str(",\"uncertain_records\":");
        push_number(out, coverage.uncertain_records());
    }
    let mut separator = ",\"sites_without_task\":[";
    for site in coverage.sites_without_task() {
        out.push_str(separator);
        push_site(out, site);
        separator = ",";
    }
    out.push_str(if separator == "," { "]}" } else { "}" });
}

/// Parts of the objects of tasks, each made once for all tasks that share it.
#[derive(Default)]
struct Parts {
    shapes: Cache<ShapeRef, String>,
    above: Cache<u32, String>,
    since: AgeCache,
    age: AgeCache,
}

impl Parts {
    fn push_row(
        &mut self,
        out: &mut String,
        dump: &Dump,
        tables: &Tables,
        waits: Option<&Waits<'_>>,
        row: &Row,
    ) {
        out.push_str("{\"id\":");
        push_number(out, row.id);
        let (shape, snapshot) = (dump.snapshot.shape(row), &dump.snapshot);
        if shape.is_external() {
            push_what(out, shape.site, &snapshot.role(row), shape.kind(), tables);
        } else {
            let what = || what(shape.site, shape.kind(), tables);
            out.push_str(self.shapes.get(row.shape, what));
        }
        let state = snapshot.state(row);
        push_state(out, state);
        // A thread that blocks on a future waits.
        let thread = snapshot.thread(row);
        if thread.is_some() || state.is_on_thread() {
            out.push_str(",\"thread\":");
            push_or_null(out, thread.and_then(|thread| thread.os_id));
        }
        out.push_str(",\"state_ms\":");
        out.push_str(self.since.ago(row.change_tick(), dump.now, push_millis));
        out.push_str(",\"age_ms\":");
        out.push_str(self.age.ago(row.spawn_tick(), dump.now, push_millis));
        out.push_str(",\"polls\":");
        let polls = shape.polls(row.polls);
        let known = knows_polls(shape.kind(), polls).then_some(polls.into());
        push_or_null(out, known);
        push_wakes(out, snapshot, row);
        push_stack_of(out, shape.stack, &tables.stacks);
        push_task_locals(out, snapshot.task_locals_of(row));
        push_span(out, snapshot.spans.get(row.id));
        if let Some(awaits) = dump.awaits_of(row) {
            push_awaits(out, awaits);
        }
        if let Some(waits) = waits {
            waits.push_task(out, row.id);
        }
        if shape.is_root() {
            out.push_str(",\"root\":true");
        }
        if shape.is_pooled() {
            out.push_str(",\"pooled\":true");
        }
        if snapshot.runs_no_task(row) {
            out.push_str(",\"runs_no_task\":true");
        }
        if snapshot.has_own(row) || snapshot.elided(row) > 0 {
            push_whose(out, dump, tables, row);
        } else {
            let whose = || {
                let mut out = String::new();
                push_whose(&mut out, dump, tables, row);
                out
            };
            out.push_str(self.above.get(row.parent, whose));
        }
        out.push('}');
    }
}

fn what(site: &'static Site, kind: Kind, tables: &Tables) -> String {
    let mut out = String::new();
    push_what(&mut out, site, site.role(), kind, tables);
    out
}

fn push_what(out: &mut String, site: &'static Site, role: &str, kind: Kind, tables: &Tables) {
    out.push_str(",\"role\":");
    push_string(out, role);
    out.push_str(",\"kind\":\"");
    out.push_str(kind.as_str());
    out.push_str("\",\"site\":");
    push_index(out, tables.site(site));
}

fn push_state(out: &mut String, state: State) {
    out.push_str(match state {
        State::Created => ",\"state\":\"created\"",
        State::Delayed => ",\"state\":\"delayed\"",
        State::Running { .. } => ",\"state\":\"running\"",
        State::Blocked { .. } => ",\"state\":\"blocked\"",
        State::Idle => ",\"state\":\"idle\"",
        State::Runnable => ",\"state\":\"runnable\"",
        State::Waiting => ",\"state\":\"waiting\"",
        State::Suspended => ",\"state\":\"suspended\"",
        State::Ended(_) => ",\"state\":\"ended\"",
    });
}

fn push_stack_of(out: &mut String, stack: StackRef, stacks: &StackTables) {
    out.push_str(",\"stack\":");
    push_index(out, stacks.of(stack));
    if stack.may_be_stale() {
        out.push_str(",\"may_be_stale\":true");
    }
    if stack.is_unrecorded() {
        out.push_str(",\"unrecorded\":true");
    }
}

fn push_whose(out: &mut String, dump: &Dump, tables: &Tables, row: &Row) {
    push_name_of(out, dump.snapshot.name_of(row));
    push_labels(out, dump.snapshot.labels_of(row));
    push_lineage(out, dump, tables, row);
}

fn push_name_of(out: &mut String, name: Option<Name>) {
    out.push_str(",\"name\":");
    push_name(out, name.as_ref());
    if let Some(origin) = name.as_ref().map(Name::origin) {
        push_origin(out, origin);
    }
}

fn push_labels(out: &mut String, labels: &Labels) {
    if labels.as_slice().is_empty() {
        return;
    }
    out.push_str(",\"labels\":");
    push_pairs(out, labels);
    if labels.is_truncated() || labels.iter().any(|label: Label<'_>| label.is_truncated()) {
        out.push_str(",\"labels_truncated\":true");
    }
}

fn push_task_locals(out: &mut String, locals: &Labels) {
    if locals.is_empty() {
        return;
    }
    let mut separator = ",\"task_locals\":[";
    for local in locals {
        out.push_str(separator);
        out.push_str("{\"name\":");
        push_string(out, local.key());
        if let Some(value) = local.shown_value() {
            out.push_str(",\"value\":");
            push_string(out, value);
        }
        out.push('}');
        separator = ",";
    }
    out.push(']');
    if locals.is_truncated() || locals.iter().any(|local: Label<'_>| local.is_truncated()) {
        out.push_str(",\"task_locals_truncated\":true");
    }
}

fn push_span(out: &mut String, span: Option<&TaskSpan>) {
    let Some(span) = span else {
        return;
    };
    out.push_str(",\"span\":{\"name\":");
    push_string(out, span.name());
    out.push_str(",\"fields\":");
    push_pairs(out, span.fields());
    out.push('}');
}

/// Writes an object with the value of each label by its key.
fn push_pairs(out: &mut String, labels: &Labels) {
    let mut separator = "{";
    for label in labels {
        out.push_str(separator);
        push_string(out, label.key());
        out.push(':');
        push_string(out, label.value());
        separator = ",";
    }
    out.push_str(if separator == "{" { "{}" } else { "}" });
}

fn push_lineage(out: &mut String, dump: &Dump, tables: &Tables, row: &Row) {
    let (node, elided) = (row.parent, dump.snapshot.elided(row));
    out.push_str(",\"parent\":");
    let parent = dump.snapshot.get(node).filter(|_| elided == 0);
    push_or_null(out, parent.map(|node| node.id));
    out.push_str(",\"ancestor\":");
    push_index(out, tables.ancestor(node));
    if elided > 0 {
        out.push_str(",\"elided\":");
        push_number(out, elided.into());
    }
    if !dump.snapshot.is_complete(row) {
        out.push_str(",\"lineage_lost\":true");
    }
}

fn push_origin(out: &mut String, origin: NameOrigin) {
    out.push_str(match origin {
        NameOrigin::Explicit => ",\"name_origin\":\"explicit\"",
        NameOrigin::Hook => ",\"name_origin\":\"hook\"",
        _ => ",\"name_origin\":\"inherited\"",
    });
    if let NameOrigin::Inherited { from } = origin {
        out.push_str(",\"name_from\":");
        push_number(out, from.as_u64());
    }
}

fn push_or_null(out: &mut String, number: Option<u64>) {
    match number {
        Some(number) => push_number(out, number),
        None => out.push_str("null"),
    }
}

fn push_millis(out: &mut String, time: Option<Duration>) {
    push_or_null(out, time.map(|time| time.as_millis() as u64));
}
