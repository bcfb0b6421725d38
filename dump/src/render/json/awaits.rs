//! Await stacks out of debug information.

use super::super::output::{push, push_number};
use super::string::push_string;
use super::tables::push_position;
use crate::awaits::AwaitScan;
use crate::values::await_stack::{AwaitFrame, AwaitStack, DebugInfoFrame, MissingFrames};
use birthmark_core::FrameSite;

/// Appends what was read, if stacks were requested.
pub(super) fn push_await_scan(out: &mut String, scan: &AwaitScan) {
    match scan {
        AwaitScan::NotRequested => {}
        AwaitScan::Missing(missing) => {
            out.push_str(",\n\"awaits\":{");
            push_missing(out, missing);
            out.push('}');
        }
        AwaitScan::Done(stacks) => push(
            out,
            format_args!(",\n\"awaits\":{{\"omitted\":{}}}", stacks.omitted),
        ),
    }
}

/// Appends the await stack of a task.
pub(super) fn push_awaits(out: &mut String, awaits: &AwaitStack) {
    out.push_str(",\"awaits\":{\"frames\":[");
    let mut separator = "";
    for frame in &awaits.frames {
        out.push_str(separator);
        separator = ",";
        push_frame(out, frame);
    }
    out.push(']');
    if let Some(thing) = awaits.waits_for() {
        out.push_str(",\"waits_for\":");
        push_string(out, thing);
    }
    if let Some(missing) = &awaits.missing {
        out.push(',');
        push_missing(out, missing);
    }
    if awaits.stale {
        out.push_str(",\"newer\":true");
    }
    out.push('}');
}

fn push_missing(out: &mut String, missing: &MissingFrames) {
    out.push_str("\"missing\":");
    push_string(out, missing.cause());
    if let Some(remedy) = missing.remedy() {
        out.push_str(",\"help\":");
        push_string(out, remedy);
    }
}

fn push_frame(out: &mut String, frame: &AwaitFrame) {
    out.push_str("{\"depth\":");
    push_number(out, frame.depth as u64);
    out.push_str(",\"source\":");
    push_string(out, frame.source().as_str());
    out.push_str(",\"name\":");
    push_string(out, frame.name());
    match frame.site {
        Some(site) => push_site(out, site),
        None => push_location(out, frame),
    }
    if frame.idle {
        out.push_str(",\"idle\":true");
    }
    if let Some(debug_info) = &frame.debug_info {
        push_debug_info(out, debug_info);
    }
    out.push('}');
}

fn push_site(out: &mut String, site: &FrameSite) {
    out.push(',');
    push_position(out, site.file(), site.line(), site.column());
    out.push_str(",\"awaited\":");
    push_string(out, site.awaited());
}

fn push_location(out: &mut String, frame: &AwaitFrame) {
    let Some(location) = frame.location() else {
        return;
    };
    out.push_str(",\"file\":");
    push_string(out, location.file());
    out.push_str(",\"line\":");
    push_number(out, location.line().into());
    if location.last_line() != location.line() {
        out.push_str(",\"last_line\":");
        push_number(out, location.last_line().into());
    }
}

fn push_debug_info(out: &mut String, frame: &DebugInfoFrame) {
    out.push_str(",\"type\":");
    push_string(out, &frame.type_name);
    if let Some(state) = frame.state {
        out.push_str(",\"state\":");
        push_string(out, state);
    }
    push_via(out, &frame.via);
    if let Some(receiver) = &frame.receiver {
        out.push_str(",\"receiver\":{\"name\":");
        push_string(out, &receiver.name);
        out.push_str(",\"type\":");
        push_string(out, &receiver.type_name);
        push(
            out,
            format_args!(",\"address\":\"{:#x}\"}}", receiver.address),
        );
    }
    if let Some(task) = frame.runtime_task {
        out.push_str(",\"runtime_task\":");
        push_number(out, task);
    }
    push_locals(out, frame);
    if let Some(missing) = &frame.missing {
        out.push(',');
        push_missing(out, missing);
    }
}

fn push_via(out: &mut String, via: &[String]) {
    let mut separator = ",\"via\":[";
    for name in via {
        out.push_str(separator);
        separator = ",";
        push_string(out, name);
    }
    out.push_str(if via.is_empty() { "" } else { "]" });
}

fn push_locals(out: &mut String, frame: &DebugInfoFrame) {
    let mut separator = ",\"locals\":[";
    for local in &frame.locals {
        out.push_str(separator);
        separator = ",";
        out.push_str("{\"name\":");
        push_string(out, &local.name);
        out.push_str(",\"type\":");
        push_string(out, &local.type_name);
        out.push_str(",\"value\":");
        match &local.value {
            Some(value) => push_string(out, value),
            None => out.push_str("null"),
        }
        out.push_str(if local.redacted {
            ",\"redacted\":true}"
        } else {
            "}"
        });
    }
    out.push_str(if frame.locals.is_empty() { "" } else { "]" });
}
