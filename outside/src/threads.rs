//! The OS threads of a target: the kernel's state of each, and the task that it runs.

use std::collections::HashMap;
use std::sync::Arc;

use birthmark_dump::{Dump, NativeStack, OsThread, StackError, ThreadState};
use birthmark_stacks::{CoreFile, CoreThread, Mapping};

use crate::memory::Memory;
use crate::native::{self, Walks};
use crate::procfs::{self, ThreadId};

/// Maximum number of ranges of a core file that are looked at for loaded files.
const MAX_RANGES: usize = 1 << 16;

/// The threads of a target, without those of birthmark.
pub(crate) struct Found {
    /// By id.
    pub(crate) all: Vec<OsThread>,
    /// Number of all threads of the target.
    pub(crate) count: usize,
    /// Stacks of which the functions are not looked up, in the order of the threads.
    pub(crate) walks: Option<Walks>,
}

/// Reads the threads of a running process. `known` are the ids that are shown. Returns `None` if the process has ended.
pub(crate) fn of_process(id: u32, known: &[u64], memory: &Memory, stacks: bool) -> Option<Found> {
    let all = procfs::threads(id)?;
    let count = all.len();
    let shown = all.into_iter().filter(|it| known.contains(&it.own));
    let mut threads: Vec<(ThreadId, OsThread)> = shown
        .filter_map(|it| Some((it, procfs::look(id, it)?)))
        .collect();
    threads.sort_unstable_by_key(|(_, thread)| thread.id);
    let walks = stacks.then(|| {
        let maps = procfs::maps(id).unwrap_or_default();
        let is_file = |it: &Mapping| it.name.starts_with('/') || it.name == "[vdso]";
        let files = Mapping::parse(&maps).into_iter();
        let files = files.filter(|it| it.offset == 0 && is_file(it));
        let ids: Vec<u64> = threads.iter().map(|(id, _)| id.outer).collect();
        native::of_process(id, memory, files.map(|it| it.start), &ids)
    });
    Some(Found {
        all: threads.into_iter().map(|(_, thread)| thread).collect(),
        count,
        walks,
    })
}

/// Reads the threads of a core file. `names` are those that the records have.
pub(crate) fn of_core_file(
    core: &CoreFile,
    known: &[u64],
    names: &HashMap<u64, Arc<str>>,
    memory: &Memory,
    stacks: bool,
) -> Found {
    let all = core.threads();
    let first = all.first().map(|thread| thread.id);
    let mut shown: Vec<&CoreThread> = all
        .iter()
        .filter(|it| known.contains(&u64::from(it.id)))
        .collect();
    shown.sort_unstable_by_key(|thread| thread.id);
    shown.dedup_by_key(|thread| thread.id);
    let walks = stacks.then(|| {
        let files = core.mapped_files().filter(|(.., offset)| *offset == 0);
        let ranges = core.ranges().take(MAX_RANGES).map(|(start, _)| start);
        let mut starts: Vec<u64> = files.map(|(_, start, ..)| start).chain(ranges).collect();
        starts.sort_unstable();
        starts.dedup();
        native::of_core_file(memory, starts.into_iter(), &shown)
    });
    let thread = |it: &&CoreThread| OsThread {
        id: it.id.into(),
        name: names
            .get(&it.id.into())
            .map_or_else(String::new, |it| it.to_string()),
        state: match native::system_call(it) {
            _ if Some(it.id) == first && it.signal != 0 => {
                ThreadState::Signalled { signal: it.signal }
            }
            Some(call) => ThreadState::InCall(call),
            None => ThreadState::Running,
        },
        uninterruptible: false,
        cpu: Some(it.cpu),
        tasks: Vec::new(),
        stale: false,
        stack: None,
    };
    Found {
        all: shown.iter().map(thread).collect(),
        count: all.len(),
        walks,
    }
}

impl Found {
    pub(crate) fn put_stacks(&mut self, stacks: Vec<Result<NativeStack, StackError>>) {
        for (thread, stack) in self.all.iter_mut().zip(stacks) {
            thread.stack = Some(stack);
        }
    }

    /// Notes the tasks that each thread runs. `later` is a dump that was taken after the threads were read, unless nothing
    /// changes.
    pub(crate) fn put_tasks(&mut self, dump: &Dump, later: Option<&Dump>) {
        let mut running = by_thread(dump);
        let after = later.map(by_thread);
        let polls = |tasks: &Vec<birthmark_dump::Task>| -> Vec<_> {
            tasks.iter().map(|task| (task.id(), task.polls())).collect()
        };
        for thread in &mut self.all {
            let tasks = running.remove(&thread.id).unwrap_or_default();
            let now = |after: &HashMap<_, _>| after.get(&thread.id).map(polls).unwrap_or_default();
            let is_moved = |after| polls(&tasks) != now(after);
            thread.stale = after.as_ref().is_some_and(is_moved);
            thread.tasks = tasks;
        }
    }
}

fn by_thread(dump: &Dump) -> HashMap<u64, Vec<birthmark_dump::Task>> {
    let mut running: HashMap<u64, Vec<_>> = HashMap::new();
    for (thread, task) in dump.running_tasks() {
        running.entry(thread).or_default().push(task);
    }
    running
}
