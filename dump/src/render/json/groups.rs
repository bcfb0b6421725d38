//! The table of groups, which counts all tasks if the table of tasks is limited.

use std::fmt;
use std::time::Duration;

use super::super::groups::{count, Group};
use super::super::output::{push_number, ChunkedWriter};
use super::string::push_string;
use super::tables::{push_index, push_table, Tables};
use super::{push_millis, push_stack_of, push_state};
use crate::Dump;

pub(super) fn push_groups(
    writer: &mut ChunkedWriter<'_>,
    dump: &Dump,
    tables: &Tables,
) -> fmt::Result {
    let groups = count(dump, dump.rows());
    push_table(writer, "groups", &groups, |out, group| {
        push_group(out, group, tables);
    })
}

fn push_group(out: &mut String, group: &Group, tables: &Tables) {
    out.push_str("{\"count\":");
    push_number(out, group.count() as u64);
    out.push_str(",\"role\":");
    push_string(out, group.role());
    out.push_str(",\"kind\":\"");
    out.push_str(group.kind().as_str());
    out.push_str("\",\"site\":");
    push_index(out, group.site().and_then(|site| tables.site(site)));
    push_state(out, group.state());
    push_time(out, ",\"max_state_ms\":", group.max_time_in_state());
    push_time(out, ",\"max_age_ms\":", group.max_age());
    push_stack_of(out, group.place(), &tables.stacks);
    if group.runs_no_task() {
        out.push_str(",\"runs_no_task\":true");
    }
    push_names(out, group);
    out.push_str(",\"min_id\":");
    push_number(out, group.min_id().as_u64());
    out.push_str(",\"max_id\":");
    push_number(out, group.max_id().as_u64());
    out.push('}');
}

fn push_time(out: &mut String, key: &str, time: Option<Duration>) {
    out.push_str(key);
    push_millis(out, time);
}

fn push_names(out: &mut String, group: &Group) {
    out.push_str(",\"names\":[");
    let mut separator = "";
    for name in group.names() {
        out.push_str(separator);
        push_string(out, name.as_str());
        separator = ",";
    }
    out.push(']');
    if group.has_more_names() {
        out.push_str(",\"more_names\":true");
    }
}
