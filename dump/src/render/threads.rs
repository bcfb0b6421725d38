//! The section on OS threads, in renderings for people.

use std::fmt;

use super::output::{push, push_number, role_text, ChunkedWriter};
use super::palette::Palette;
use super::summary::Summary;
use super::task_block::{push_who, site_line};
use crate::dump::{Dump, ThreadScan};
use crate::threads::{OsThread, OsThreads};
use crate::values::plural::plural;
use crate::Task;
use birthmark_core::__reader::escape::Quoted;

/// Writes the section, if threads were requested.
pub(super) fn write_section(
    f: &mut fmt::Formatter<'_>,
    dump: &Dump,
    palette: &Palette,
) -> fmt::Result {
    match &dump.os_threads {
        ThreadScan::NotRequested => Ok(()),
        ThreadScan::Unsupported => {
            f.write_str("\nOS threads: not looked at (this system does not list them)\n")
        }
        ThreadScan::Done(threads) => write_threads(f, threads, palette),
    }
}

/// Displays the OS threads of a dump without its tasks.
#[derive(Clone, Copy, Debug)]
pub struct ThreadList<'a> {
    dump: &'a Dump,
    palette: &'static Palette,
}

impl<'a> ThreadList<'a> {
    pub(super) fn new(dump: &'a Dump) -> Self {
        ThreadList {
            dump,
            palette: Palette::new(false),
        }
    }

    /// Sets whether the output has colours.
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.palette = Palette::new(color);
        self
    }
}

impl fmt::Display for ThreadList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Summary(self.dump))?;
        write_section(f, self.dump, self.palette)?;
        writeln!(f, "\n{}", self.dump.coverage)
    }
}

fn write_threads(
    f: &mut fmt::Formatter<'_>,
    threads: &OsThreads,
    palette: &Palette,
) -> fmt::Result {
    let mut writer = ChunkedWriter::new(f);
    push_heading(&mut writer.out, threads);
    for thread in &threads.all {
        if thread.stack().is_some() {
            writer.out.push('\n');
        }
        push_thread(&mut writer.out, thread, palette);
        writer.next()?;
    }
    writer.finish()
}

/// `7 OS threads, and 2 of birthmark's own:`
fn push_heading(out: &mut String, threads: &OsThreads) {
    let count = threads.all.len();
    push(out, format_args!("\n{count} OS thread{}", plural(count)));
    if threads.own > 0 {
        push(
            out,
            format_args!(", and {} of birthmark's own", threads.own),
        );
    }
    out.push_str(":\n");
}

/// `thread 4711 "tokio-rt-worker" [epoll_wait of 5, 0.02 s of CPU]: running task 21 "req-7" audit`
fn push_thread(out: &mut String, thread: &OsThread, palette: &Palette) {
    out.push_str("thread ");
    push_number(out, thread.id());
    let name = Quoted::whole(thread.name());
    push(out, format_args!(" {name} ["));
    push_state(out, thread);
    if let Some(time) = thread.cpu_time() {
        push(out, format_args!(", {:.2} s of CPU", time.as_secs_f64()));
    }
    out.push_str("]: ");
    push_tasks(out, thread, palette);
    out.push('\n');
    push_stack(out, thread, palette);
}

/// Appends the stack, if stacks were requested.
fn push_stack(out: &mut String, thread: &OsThread, palette: &Palette) {
    let Some(stack) = thread.stack() else {
        return;
    };
    out.push_str(palette.faint);
    out.push_str(&site_line(thread.tasks().first().and_then(Task::site)));
    out.push_str(palette.end);
    match stack {
        // Writing to a string does not fail.
        Ok(stack) => drop(stack.write(out, "    ")),
        Err(why) => push(out, format_args!("    no stack: {why}\n")),
    }
}

fn push_state(out: &mut String, thread: &OsThread) {
    push(out, thread.state());
    if thread.is_uninterruptible() {
        out.push_str(", uninterruptible");
    }
}

fn push_tasks(out: &mut String, thread: &OsThread, palette: &Palette) {
    let mut separator = "running task ";
    for task in thread.tasks() {
        out.push_str(separator);
        push_task(out, task, palette);
        separator = ", in task ";
    }
    if thread.tasks().is_empty() {
        out.push_str("no task");
    }
    if thread.may_be_stale() {
        out.push_str(" (it went on meanwhile)");
    }
}

fn push_task(out: &mut String, task: &Task, palette: &Palette) {
    push_number(out, task.id().as_u64());
    out.push(' ');
    let name = task
        .name()
        .map_or_else(String::new, |name| name.to_string());
    push_who(out, palette, &name, &role_text(task.site, task.role()));
}

/// Returns the native stack of the task that a thread runs, or an empty text for other tasks. The innermost one is the task
/// whose code runs.
pub(super) fn native_text(thread: Option<&OsThread>, task: u64) -> String {
    let innermost = |thread: &&OsThread| {
        thread
            .tasks
            .first()
            .is_some_and(|it| it.id.as_u64() == task)
    };
    let Some(thread) = thread.filter(innermost) else {
        return String::new();
    };
    let Some(Ok(stack)) = thread.stack() else {
        return String::new();
    };
    let mut out = format!("    on thread {}:\n", thread.id());
    // Writing to a string does not fail.
    let _ = stack.write_task(&mut out, "      ");
    out
}

/// Returns ` (futex)` for the thread that runs a task, or an empty text if the thread is unknown.
pub(super) fn kernel_text(thread: Option<&OsThread>) -> String {
    let Some(thread) = thread else {
        return String::new();
    };
    let mut out = " (".to_owned();
    push_state(&mut out, thread);
    out.push(')');
    out
}
