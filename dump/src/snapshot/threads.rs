//! The threads that tasks run on, as they were when the dump was taken. By the time it is shown, a thread may have
//! ended and another one may have its number.

use std::sync::Arc;

use super::compact::shapes::TaskShapes;
use crate::source::{Source, ThreadFacts};
use birthmark_core::__reader::record::words::CompactStatus;

/// Threads by their number, in order.
#[derive(Debug, Default)]
pub(crate) struct Threads(Vec<(u32, Thread)>);

#[derive(Debug)]
pub(crate) struct Thread {
    /// The system id, if the thread has not ended.
    pub(crate) os_id: Option<u64>,
    pub(crate) name: Arc<str>,
    /// `true` if the thread is known to run no task except its own.
    pub(crate) runs_nothing: bool,
    /// The state of the thread, if OS threads were read.
    seen: Option<SeenThread>,
}

/// The state of an OS thread, read after the tasks.
#[derive(Debug)]
pub(crate) struct SeenThread {
    pub(crate) sleeps: bool,
    /// The tasks that the thread ran during the whole reading.
    pub(crate) tasks: Vec<u64>,
}

impl Threads {
    /// Reads all threads.
    pub(crate) fn now(source: impl Source) -> Self {
        Threads(source.threads().map(Thread::of).collect())
    }

    /// Reads the thread that runs a task with this status.
    pub(crate) fn only(source: impl Source, status: CompactStatus) -> Self {
        let thread = status
            .thread_index()
            .and_then(|number| source.thread(number));
        Threads(thread.map(Thread::of).into_iter().collect())
    }

    /// Returns the thread with this number.
    pub(crate) fn numbered(&self, number: u32) -> Option<&Thread> {
        let place = self.0.binary_search_by_key(&number, |(index, _)| *index);
        Some(&self.0[place.ok()?].1)
    }

    /// Returns the thread that runs a task with this status.
    pub(crate) fn of(&self, status: CompactStatus) -> Option<&Thread> {
        Some(&self.0[self.place(status)?].1)
    }

    fn place(&self, status: CompactStatus) -> Option<usize> {
        let index = status.thread_index()?;
        let place = self.0.binary_search_by_key(&index, |(index, _)| *index);
        place.ok()
    }

    /// Notes the states of OS threads, which `look` returns by their system id.
    pub(crate) fn note_states(&mut self, look: impl Fn(u64) -> Option<SeenThread>) {
        for (_, thread) in &mut self.0 {
            thread.seen = thread.os_id.and_then(&look);
        }
    }

    /// Notes the threads that run no task. `shapes` are those of all live tasks.
    pub(crate) fn note_tasks(&mut self, shapes: &TaskShapes) {
        for (_, thread) in &mut self.0 {
            thread.runs_nothing = true;
        }
        for shape in shapes.iter().filter(|shape| !shape.is_carrier()) {
            if let Some(place) = self.place(shape.status) {
                self.0[place].1.runs_nothing = false;
            }
        }
    }
}

impl Thread {
    /// Returns `true` if the thread sleeps and runs the task, `false` if it does not sleep, and `None` if that is not known.
    pub(crate) fn sleeps_in(&self, task: u64) -> Option<bool> {
        let seen = self.seen.as_ref()?;
        seen.tasks.contains(&task).then_some(seen.sleeps)
    }

    fn of(facts: ThreadFacts) -> (u32, Self) {
        let ThreadFacts {
            number,
            os_id,
            name,
        } = facts;
        let thread = Thread {
            os_id,
            name,
            runs_nothing: false,
            seen: None,
        };
        (number, thread)
    }
}
