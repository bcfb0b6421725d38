//! Tasks that ended before they were ready, as a member of a dump.

use super::string::push_string;
use super::tables::{push_name, push_site};
use super::{push_millis, push_or_null, push_origin};
use crate::render::output::{push, push_number};
use crate::values::gone::{DroppedBy, GoneTask, PanicPlace};
use crate::Dump;
use birthmark_core::__reader::name::Name;
use birthmark_core::Outcome;

/// Appends `,"gone":{…}` on one line, as readers of single lines need it, if there is such a task.
pub(super) fn push_gone(out: &mut String, dump: &Dump) {
    let gone = &dump.gone;
    if gone.is_empty() {
        return;
    }
    push(
        out,
        format_args!(
            ",\n\"gone\":{{\"panicked\":{},\"cancelled\":{},\"refused\":{},\"tasks\":[",
            gone.count(Outcome::Panicked),
            gone.count(Outcome::Cancelled),
            gone.count(Outcome::Refused),
        ),
    );
    let mut separator = "";
    for task in &gone.tasks {
        out.push_str(separator);
        push_task(out, task);
        separator = ",";
    }
    out.push_str("],\"sites\":[");
    separator = "";
    for ends in &gone.sites {
        out.push_str(separator);
        out.push_str("{\"site\":");
        push_site(out, ends.site);
        push(
            out,
            format_args!(
                ",\"panicked\":{},\"cancelled\":{},\"refused\":{}}}",
                ends.panicked, ends.cancelled, ends.refused
            ),
        );
        separator = ",";
    }
    out.push_str("]}");
}

fn push_task(out: &mut String, task: &GoneTask) {
    out.push_str("{\"id\":");
    push_number(out, task.id.as_u64());
    out.push_str(",\"outcome\":");
    push(out, format_args!("\"{}\"", task.outcome));
    out.push_str(",\"role\":");
    push_string(out, task.role());
    push(
        out,
        format_args!(",\"kind\":\"{}\",\"site\":", task.kind.as_str()),
    );
    push_site(out, task.site);
    out.push_str(",\"name\":");
    push_name(out, task.name.as_ref());
    if let Some(origin) = task.name.as_ref().map(Name::origin) {
        push_origin(out, origin);
    }
    out.push_str(",\"parent\":");
    push_or_null(out, task.parent().map(|id| id.as_u64()));
    if let Some(role) = task.parent_role() {
        out.push_str(",\"parent_role\":");
        push_string(out, role);
    }
    out.push_str(",\"ended_ms\":");
    push_millis(out, task.ended);
    out.push_str(",\"lifetime_ms\":");
    push_millis(out, task.lifetime);
    out.push_str(",\"polls\":");
    push_number(out, task.polls.into());
    if let Some(message) = &task.message {
        out.push_str(",\"message\":");
        push_string(out, message);
        if task.is_message_cut {
            out.push_str(",\"message_truncated\":true");
        }
    }
    if let Some(PanicPlace { file, line, column }) = &task.place {
        out.push_str(",\"panic\":{\"file\":");
        push_string(out, file);
        push(out, format_args!(",\"line\":{line},\"column\":{column}}}"));
    }
    push_dropped_by(out, task.by.as_ref());
    out.push('}');
}

fn push_dropped_by(out: &mut String, by: Option<&DroppedBy>) {
    let Some(by) = by else {
        return;
    };
    out.push_str(",\"dropped_by\":{");
    match by {
        DroppedBy::Task {
            id,
            label,
            thread,
            has_ended,
        } => {
            push(out, format_args!("\"task\":{id},\"label\":"));
            push_string(out, label);
            out.push_str(",\"thread_name\":");
            push_string(out, thread);
            push(out, format_args!(",\"has_ended\":{has_ended}"));
        }
        DroppedBy::BlockOn { id, label } => {
            push(out, format_args!("\"block_on_of\":{id},\"label\":"));
            push_string(out, label);
        }
        DroppedBy::Thread { id, name } => {
            push(out, format_args!("\"thread\":{id},\"thread_name\":"));
            push_string(out, name);
        }
    }
    out.push('}');
}
