//! The thread that writes reports and dumps.
//!
//! Standard error may be a pipe that nobody reads, and a directory may be on a disk that does not answer. Then a write does not
//! return. So the thread of rules hands over what is to be written, and waits for it no longer than [`PATIENCE`].
//!
//! The thread runs while there is something to write.

use std::collections::VecDeque;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::per_process::PerProcess;
use birthmark_core::__reader::internal_thread;

/// Number of reports that wait for the thread. Further ones are left out.
const MAX_WAITING: usize = 64;
/// How long the thread of rules waits for a report to be written.
const PATIENCE: Duration = Duration::from_secs(1);

type Job = Box<dyn FnOnce() + Send>;

/// The reports of a process that are not written yet.
#[derive(Default)]
struct Writer {
    queue: Mutex<Queue>,
    /// The thread has written all.
    is_done: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Job>,
    has_thread: bool,
    /// A write has taken longer than the thread of rules waits.
    is_slow: bool,
}

static WRITER: PerProcess<Writer> = PerProcess::new();

/// Has the thread write, and waits a moment for it. Returns `false` if the report is left out, because too many others wait or
/// there is no thread.
pub(super) fn write(job: impl FnOnce() + Send + 'static) -> bool {
    WRITER
        .get_or_init(Writer::default)
        .write(Box::new(job), PATIENCE)
}

/// Waits until all is written, but not for ever.
pub(super) fn flush(patience: Duration) {
    if let Some(writer) = WRITER.get() {
        let queue = writer.lock();
        drop(writer.wait(queue, patience));
    }
}

impl Writer {
    fn write(&'static self, job: Job, patience: Duration) -> bool {
        let mut queue = self.lock();
        if queue.waiting.len() >= MAX_WAITING {
            return false;
        }
        queue.waiting.push_back(job);
        if !queue.has_thread {
            let run = || while self.write_next() {};
            let thread = internal_thread::spawn("birthmark-write", 1024 * 1024, run);
            queue.has_thread = thread.is_ok();
            if thread.is_err() {
                queue.waiting.pop_back();
                return false;
            }
        }
        if !queue.is_slow {
            queue = self.wait(queue, patience);
            queue.is_slow = queue.has_thread;
        }
        true
    }

    /// Writes one report. Returns `false` if none waits.
    fn write_next(&self) -> bool {
        let mut queue = self.lock();
        let Some(job) = queue.waiting.pop_front() else {
            (queue.has_thread, queue.is_slow) = (false, false);
            self.is_done.notify_all();
            return false;
        };
        drop(queue);
        // A report may call code of the program, such as a logger.
        let _panic = catch_unwind(AssertUnwindSafe(job));
        true
    }

    fn wait<'a>(
        &self,
        mut queue: MutexGuard<'a, Queue>,
        patience: Duration,
    ) -> MutexGuard<'a, Queue> {
        let start = Instant::now();
        while queue.has_thread {
            let Some(left) = patience.checked_sub(start.elapsed()) else {
                break;
            };
            let waited = self.is_done.wait_timeout(queue, left);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        queue
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::sync::Arc;

    const NEVER: Duration = Duration::from_secs(3600);

    fn writer() -> &'static Writer {
        Box::leak(Box::default())
    }

    #[test]
    fn report_is_written_when_the_call_returns() {
        let (writer, done) = (writer(), Arc::new(Mutex::new(0)));
        for number in 1..4 {
            let note = done.clone();
            assert!(writer.write(Box::new(move || *note.lock().unwrap() = number), NEVER));
            assert_eq!(*done.lock().unwrap(), number);
        }
        assert!(writer.write(Box::new(|| panic!("the logger is broken")), NEVER));
        assert!(writer.write(Box::new(|| ()), NEVER));
    }

    #[test]
    fn write_that_does_not_return_stops_no_caller() {
        let (writer, (stop, wait), (started, starts)) = (writer(), channel::<()>(), channel());
        let block = move || {
            started.send(()).unwrap();
            let _ = wait.recv();
        };
        assert!(writer.write(Box::new(block), Duration::ZERO));
        starts.recv().unwrap();
        let (sender, written) = channel();
        for number in 0..MAX_WAITING {
            let sender = sender.clone();
            let job = move || sender.send(number).unwrap();
            assert!(writer.write(Box::new(job), NEVER), "it is slow already");
        }
        assert!(!writer.write(Box::new(|| ()), NEVER), "it is full");
        drop((stop, sender));
        let numbers: Vec<_> = written.iter().collect();
        assert_eq!(numbers, Vec::from_iter(0..MAX_WAITING));
        drop(writer.wait(writer.lock(), NEVER));
        assert!(writer.write(Box::new(|| ()), NEVER));
        assert!(!writer.lock().is_slow, "it is fast again");
    }
}
