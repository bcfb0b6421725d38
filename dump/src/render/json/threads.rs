//! The table of OS threads, which exists if they were requested.

use std::fmt;
use std::time::Duration;

use super::super::output::{push, push_number, ChunkedWriter};
use super::push_or_null;
use super::string::push_string;
use super::tables::push_table;
use crate::dump::{Dump, ThreadScan};
use crate::threads::{NativeFrame, NativeStack, OsThread, SystemCall, ThreadState};
use crate::Task;

pub(super) fn push_threads(writer: &mut ChunkedWriter<'_>, dump: &Dump) -> fmt::Result {
    match &dump.os_threads {
        ThreadScan::NotRequested => Ok(()),
        ThreadScan::Unsupported => {
            writer.out.push_str(",\n\"threads\":null");
            Ok(())
        }
        ThreadScan::Done(threads) => push_table(writer, "threads", &threads.all, push_thread),
    }
}

fn push_thread(out: &mut String, thread: &OsThread) {
    out.push_str("{\"id\":");
    push_number(out, thread.id());
    out.push_str(",\"name\":");
    push_string(out, thread.name());
    push_state(out, thread.state());
    if thread.is_uninterruptible() {
        out.push_str(",\"uninterruptible\":true");
    }
    out.push_str(",\"cpu_ms\":");
    let millis = |time: Duration| time.as_millis() as u64;
    push_or_null(out, thread.cpu_time().map(millis));
    push_tasks(out, thread.tasks());
    if thread.may_be_stale() {
        out.push_str(",\"may_be_stale\":true");
    }
    match thread.stack() {
        Some(Ok(stack)) => push_stack(out, stack),
        Some(Err(why)) => {
            out.push_str(",\"no_stack\":");
            push_string(out, &why.to_string());
        }
        None => {}
    }
    out.push('}');
}

fn push_stack(out: &mut String, stack: &NativeStack) {
    out.push_str(",\"native_stack\":{");
    push_native_frames(out, stack);
    out.push('}');
}

/// Appends the members of a native stack.
pub(super) fn push_native_frames(out: &mut String, stack: &NativeStack) {
    out.push_str("\"complete\":");
    out.push_str(if stack.is_complete() { "true" } else { "false" });
    out.push_str(",\"frames\":[");
    let mut separator = "";
    for frame in stack.frames() {
        out.push_str(separator);
        push_frame(out, frame);
        separator = ",";
    }
    out.push(']');
}

fn push_frame(out: &mut String, frame: &NativeFrame) {
    push(
        out,
        format_args!("{{\"address\":\"{:#x}\"", frame.address()),
    );
    for (key, text) in [
        (",\"function\":", frame.function()),
        (",\"file\":", frame.file()),
    ] {
        if let Some(text) = text {
            out.push_str(key);
            push_string(out, text);
        }
    }
    for (key, number) in [
        (",\"line\":", frame.line()),
        (",\"column\":", frame.column()),
    ] {
        if let Some(number) = number {
            out.push_str(key);
            push_number(out, number.into());
        }
    }
    out.push_str(if frame.is_inlined() {
        ",\"inlined\":true}"
    } else {
        "}"
    });
}

fn push_state(out: &mut String, state: &ThreadState) {
    out.push_str(",\"state\":\"");
    out.push_str(match state {
        ThreadState::Running => "running",
        ThreadState::InCall(_) | ThreadState::OutsideCall | ThreadState::Waiting { .. } => {
            "waiting"
        }
        ThreadState::Stopped => "stopped",
        ThreadState::Ended | ThreadState::Signalled { .. } => "ended",
        ThreadState::Other => "other",
    });
    out.push_str("\",\"doing\":");
    push_string(out, &state.to_string());
    if let ThreadState::InCall(call) = state {
        push_call(out, call);
    }
}

fn push_call(out: &mut String, call: &SystemCall) {
    out.push_str(",\"call\":");
    match call.name() {
        Some(name) => push_string(out, name),
        None => out.push_str("null"),
    }
    out.push_str(",\"call_number\":");
    push_number(out, call.number().unsigned_abs());
    if let Some(descriptor) = call.descriptor() {
        out.push_str(",\"descriptor\":");
        push_number(out, descriptor.unsigned_abs().into());
    }
}

/// Appends the tasks of a thread, innermost first.
fn push_tasks(out: &mut String, tasks: &[Task]) {
    out.push_str(",\"tasks\":[");
    let mut separator = "";
    for task in tasks {
        out.push_str(separator);
        push_number(out, task.id().as_u64());
        separator = ",";
    }
    out.push(']');
}
