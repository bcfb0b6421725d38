//! The section on OS threads, in renderings for people.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::field::{columns, push_folded, WIDTH};
use super::output::{push, push_number, role_text, ChunkedWriter};
use super::palette::Palette;
use super::summary::{write_coverage, Summary};
use crate::dump::{Dump, ThreadScan};
use crate::snapshot::row::Row;
use crate::threads::{NativeFrame, OsThread, OsThreads, ThreadState, NOT_FOLLOWED};
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
        ThreadScan::Done(threads) => write_threads(f, threads, palette, &|_| None),
    }
}

/// Writes the section below the tasks. A stack that a task shows is not repeated.
pub(super) fn write_section_below_tasks(
    f: &mut fmt::Formatter<'_>,
    dump: &Dump,
    palette: &Palette,
) -> fmt::Result {
    let ThreadScan::Done(threads) = &dump.os_threads else {
        return write_section(f, dump, palette);
    };
    let has_stacks = threads.all.iter().any(|it| it.stack().is_some());
    let shown: HashSet<u64> = match has_stacks {
        true => dump.rows().map(|row| row.id).collect(),
        false => HashSet::new(),
    };
    write_threads(f, threads, palette, &|thread| {
        let task = thread.tasks().first()?.id().as_u64();
        let has_stack = matches!(thread.stack(), Some(Ok(_))) && !thread.may_be_stale();
        (has_stack && shown.contains(&task)).then_some(task)
    })
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
        write_coverage(f, self.dump)
    }
}

fn write_threads(
    f: &mut fmt::Formatter<'_>,
    threads: &OsThreads,
    palette: &Palette,
    shown_at: &dyn Fn(&OsThread) -> Option<u64>,
) -> fmt::Result {
    let mut writer = ChunkedWriter::new(f);
    push_heading(&mut writer.out, threads);
    for alike in Alike::among(&threads.all, shown_at) {
        if alike.first().stack().is_some() {
            writer.out.push('\n');
        }
        alike.push(&mut writer.out, palette);
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

/// Threads of one name in one state, which run no recorded task and have the same stack. A thread with a task is alone.
struct Alike<'a> {
    threads: Vec<&'a OsThread>,
    stack: String,
}

impl<'a> Alike<'a> {
    /// Finds them. `shown_at` returns the task that shows the stack of a thread.
    fn among(threads: &'a [OsThread], shown_at: &dyn Fn(&OsThread) -> Option<u64>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        let mut places = HashMap::new();
        for thread in threads {
            let stack = match shown_at(thread) {
                Some(task) => format!("    stack: at task {task}\n"),
                None => stack_text(thread),
            };
            if has_task(thread) || thread.may_be_stale() {
                all.push(Alike {
                    threads: vec![thread],
                    stack,
                });
                continue;
            }
            let state = state_text(thread);
            let key = (
                thread.name(),
                thread.tasks().is_empty(),
                state,
                stack.clone(),
            );
            let place = *places.entry(key).or_insert(all.len());
            match all.get_mut(place) {
                Some(alike) => alike.threads.push(thread),
                None => all.push(Alike {
                    threads: vec![thread],
                    stack,
                }),
            }
        }
        all
    }

    fn first(&self) -> &'a OsThread {
        self.threads[0]
    }

    /// `thread 4711 "tokio-rt-worker"  epoll_wait of 5  0.02 s of CPU  running task 21 "req-7" audit`
    fn push(&self, out: &mut String, palette: &Palette) {
        let (start, thread) = (out.len(), self.first());
        let count = self.threads.len();
        match count {
            1 => push(out, format_args!("thread {}", thread.id())),
            _ => push(out, format_args!("{count} × thread")),
        }
        // A core file has no names of threads.
        if !thread.name().is_empty() {
            push(out, format_args!(" {}", Quoted::whole(thread.name())));
        }
        push(out, format_args!("  {}", state_text(thread)));
        if let Some(time) = self.cpu_time() {
            push(out, format_args!("  {time} s of CPU"));
        }
        let fields = [tasks_text(thread, count)].into_iter().chain(self.ids());
        push_folded(out, palette, start, &fields.collect::<Vec<_>>());
        out.push('\n');
        out.push_str(&self.stack);
    }

    /// Returns `0.02`, or `0.00 to 0.34` of several threads.
    fn cpu_time(&self) -> Option<String> {
        let times = self.threads.iter().filter_map(|thread| thread.cpu_time());
        let (least, most) = (times.clone().min()?, times.max()?);
        let [least, most] = [least, most].map(|time| format!("{:.2}", time.as_secs_f64()));
        Some(match least == most {
            true => least,
            false => format!("{least} to {most}"),
        })
    }

    /// Returns `threads 4711, 4712, 4713` of several threads, or of many the first and the last one.
    fn ids(&self) -> Option<String> {
        let ids: Vec<String> = self.threads.iter().map(|it| it.id().to_string()).collect();
        match ids.as_slice() {
            [_] => None,
            [first, .., last] if ids.len() > 8 => Some(format!("threads {first} to {last}")),
            ids => Some(format!("threads {}", ids.join(", "))),
        }
    }
}

/// Returns `true` if the thread runs a task that is not the thread of a pool itself.
fn has_task(thread: &OsThread) -> bool {
    thread.tasks().iter().any(|task| !task.runs_no_task())
}

/// Returns the lines of a stack, if stacks were requested. Frames of an executor around the task are left out.
fn stack_text(thread: &OsThread) -> String {
    let mut out = String::new();
    let stack = match thread.stack() {
        None => return out,
        Some(Err(why)) => return format!("    no stack: {why}\n"),
        Some(Ok(stack)) => stack,
    };
    let (frames, around) = stack.without_executor();
    for frame in frames {
        push_frame(&mut out, frame);
    }
    if around > 0 {
        let plural = plural(around);
        push(
            &mut out,
            format_args!("    … {around} frame{plural} of the executor\n"),
        );
    }
    if !stack.is_complete() {
        push(&mut out, format_args!("    {NOT_FOLLOWED}\n"));
    }
    out
}

/// Appends `    read at /usr/src/io.rs:31:5`, with the position on a line of its own if there is no room.
fn push_frame(out: &mut String, frame: &NativeFrame) {
    let text = frame.to_string();
    match text.rsplit_once(" at ") {
        Some((function, place)) if 4 + columns(&text) > WIDTH => {
            push(out, format_args!("    {function}\n        at {place}\n"));
        }
        _ => push(out, format_args!("    {text}\n")),
    }
}

fn state_text(thread: &OsThread) -> String {
    let uninterruptible = match thread.is_uninterruptible() {
        true => ", uninterruptible",
        false => "",
    };
    format!("{}{uninterruptible}", thread.state())
}

/// Returns `running task 21 "req-7" audit, in task 3 worker`, `idle` or `no task`, of the first of `count` threads.
fn tasks_text(thread: &OsThread, count: usize) -> String {
    let mut out = String::new();
    let mut separator = "running task ";
    for task in thread.tasks().iter().filter(|task| !task.runs_no_task()) {
        out.push_str(separator);
        push_task(&mut out, task);
        separator = ", in task ";
    }
    match (thread.tasks(), out.is_empty()) {
        ([], _) => out.push_str("no task"),
        ([task, ..], true) => {
            let state = if thread.sleeps() {
                "idle"
            } else {
                "in no recorded task"
            };
            push(&mut out, format_args!("{state}{}", own_task(task, count)));
        }
        _ => {}
    }
    if thread.may_be_stale() {
        out.push_str(" (it went on meanwhile)");
    }
    out
}

/// Returns `, task 7` for the record of a single thread.
fn own_task(task: &Task, count: usize) -> String {
    match count {
        1 => format!(", task {}", task.id()),
        _ => String::new(),
    }
}

fn push_task(out: &mut String, task: &Task) {
    push_number(out, task.id().as_u64());
    out.push(' ');
    if let Some(name) = task.name() {
        push(out, format_args!("{name} "));
    }
    out.push_str(&role_text(task.site, task.role()));
}

/// Returns the name of the thread that runs a task. Empty if it is unknown, or if the task is the thread.
pub(super) fn name_of_thread<'a>(dump: &'a Dump, row: &Row) -> &'a str {
    if dump.snapshot.is_external(row) {
        return "";
    }
    let recorded = dump.snapshot.thread(row).map_or("", |thread| &*thread.name);
    match recorded {
        "" => dump.thread_of(row).map_or("", OsThread::name),
        name => name,
    }
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

/// Returns the system call in which the thread of a task sleeps: ` in futex`. Empty if it runs or is unknown.
pub(super) fn kernel_text(thread: Option<&OsThread>) -> String {
    match thread.map(OsThread::state) {
        None | Some(ThreadState::Running) => String::new(),
        Some(ThreadState::InCall(call)) => format!(" in {call}"),
        Some(state) => format!(" ({state})"),
    }
}
