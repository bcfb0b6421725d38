//! Threads that a pool keeps, as `cargo birthmark --deps` records those of runtimes.

use std::future::pending;
use std::pin::pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Waker};
use std::thread::JoinHandle;

use birthmark::{Dump, Filter, State, Task};
use birthmark_integration_tests::{own_id, spawn};
use birthmark_test_support as _;

birthmark::__private::table! { POOL 1
    ("pool.rs", 3, 5, "Pool::start", "Builder::spawn", "Pool::start::{closure}", Thread, false, true)
}

type Job = Box<dyn FnOnce() + Send>;

/// A thread that runs jobs, one after the other, as its own record says a thread of a pool.
struct Worker {
    jobs: Sender<Job>,
    done: Receiver<()>,
    thread: JoinHandle<()>,
    id: birthmark::TaskId,
}

impl Worker {
    fn start() -> Worker {
        let (jobs, given) = channel::<Job>();
        let (tell, done) = channel();
        let (tell_id, id) = channel();
        let (first, last) = birthmark::__private::record_spawn_as!(POOL.at(0), pooled).closure();
        let thread = std::thread::spawn(move || match first.enter_owned() {
            _entered => {
                tell_id.send(own_id()).unwrap();
                for job in given {
                    job();
                    tell.send(()).unwrap();
                }
            }
            #[allow(unreachable_patterns, reason = "mentions what is dropped last")]
            _ => last.last_owned(),
        });
        let id = id.recv().unwrap();
        Worker {
            jobs,
            done,
            thread,
            id,
        }
    }

    fn give(&self, job: impl FnOnce() + Send + 'static) {
        self.jobs.send(Box::new(job)).unwrap();
    }

    fn run(&self, job: impl FnOnce() + Send + 'static) {
        self.give(job);
        self.done.recv().unwrap();
    }

    fn end(self) {
        drop(self.jobs);
        self.thread.join().unwrap();
    }

    /// The thread in a dump.
    fn of(&self, dump: &Dump) -> Task {
        let mut tasks = dump.tasks();
        tasks.find(|task| task.id() == self.id).unwrap()
    }
}

/// Returns a dump of the threads of pools, and of tasks whose role begins with `role`.
fn dump_of(role: &str) -> Dump {
    let of_pool = Filter::new().role("Pool::start*").role(&format!("{role}*"));
    birthmark::dump().filter(&of_pool)
}

#[test]
fn pool_thread_that_a_named_task_makes_first_is_nobodys_child() {
    #[birthmark::instrument]
    fn first_request() -> Worker {
        let request = spawn(|| {
            birthmark::set_name("request 1");
            birthmark::set_label("tenant", "acme");
            Worker::start()
        });
        request()
    }
    let worker = first_request();
    let dump = birthmark::dump();
    let task = worker.of(&dump);
    assert!(task.is_pooled() && task.is_root());
    assert_eq!(
        (task.lineage().len(), task.name(), task.parent()),
        (0, None, None)
    );
    assert!(task.labels().iter().next().is_none());
    let text = task.to_string();
    assert!(text.contains(", root (pool)\n"), "{text}");
    worker.end();
}

#[birthmark::instrument]
fn a_job(started: Sender<()>, go_on: Receiver<()>) -> Job {
    Box::new(spawn(move || {
        started.send(()).unwrap();
        // An error is an end, too.
        let _ = go_on.recv();
    }))
}

#[test]
fn pool_threads_without_a_task_are_told_from_those_with_one_and_come_last() {
    let (started, has_started) = channel();
    let (ends, go_on) = channel();
    let idle: Vec<Worker> = (0..6).map(|_| Worker::start()).collect();
    let busy = Worker::start();
    busy.give(a_job(started, go_on));
    has_started.recv().unwrap();
    let dump = dump_of("a_job");
    assert!(!busy.of(&dump).runs_no_task());
    for worker in &idle {
        let task = worker.of(&dump);
        assert!(task.runs_no_task() && task.state() == State::Idle);
        let first = task.to_string();
        let end_of_first = "  idle";
        assert!(
            first.lines().next().unwrap().ends_with(end_of_first),
            "{first}"
        );
    }

    let groups = dump.groups();
    let without_task = |group: &birthmark::render::Group| group.runs_no_task();
    let idle_group = groups.list().iter().position(without_task).unwrap();
    assert!(groups.list()[idle_group].count() >= 6);
    // Though they are more than all others.
    assert!(idle_group > 0 && groups.list()[idle_group..].iter().all(without_task));
    let text = groups.to_string();
    let first_line = text.lines().next().unwrap();
    assert!(first_line.contains(" idle"), "{text}");
    assert!(
        text.contains("× Pool::start::{closure}                                  idle  tasks "),
        "{text}"
    );
    assert!(
        text.contains("1 × Pool::start::{closure}                                  running "),
        "{text}"
    );

    let tree = dump.tree().to_string();
    assert!(
        tree.contains("× Pool::start::{closure}  idle  tasks "),
        "{tree}"
    );

    let json: serde_json::Value = serde_json::from_str(&dump.json().to_string()).unwrap();
    let tasks = json["tasks"].as_array().unwrap();
    let of = |worker: &Worker| {
        tasks
            .iter()
            .find(|task| task["id"] == worker.id.as_u64())
            .unwrap()
    };
    assert_eq!(of(&idle[0])["runs_no_task"], true);
    assert!(of(&busy).get("runs_no_task").is_none() && of(&busy)["pooled"] == true);

    drop(ends);
    busy.done.recv().unwrap();
    busy.end();
    idle.into_iter().for_each(Worker::end);
}

/// Awaits in a frame that whoever polls it has.
#[birthmark::instrument]
async fn unseen() {
    pending::<()>().await;
}

#[test]
fn frames_of_futures_without_a_record_are_not_those_of_the_thread_that_polls_them() {
    let worker = Worker::start();
    let mut future = Box::pin(unseen());
    worker.run(move || {
        let polled = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        std::mem::forget(future);
    });
    let dump = dump_of("nothing");
    let task = worker.of(&dump);
    assert!(task.stack().is_unrecorded());
    let text = task.to_string();
    let head = "\n    polls    pending in unseen ";
    assert!(text.contains(head), "{text}");

    let only = Filter::new().under(worker.id);
    let dump = dump.filter(&only);
    assert_eq!(dump.len(), 1);
    let line = dump.tree().to_string();
    assert!(line.contains("  polls pending in unseen "), "{line}");
    let folded = dump.folded().to_string();
    let expected = "Pool::start::{closure};[futures without a record];unseen;pending;";
    assert!(folded.starts_with(expected), "{folded}");
    let json: serde_json::Value = serde_json::from_str(&dump.json().to_string()).unwrap();
    assert_eq!(json["tasks"][0]["unrecorded"], true);
    worker.end();
}

/// Polls on a thread of the program, which may await the future itself.
#[test]
fn frames_on_a_thread_of_the_programs_own_are_its_own() {
    #[birthmark::instrument]
    fn internal_thread() -> JoinHandle<()> {
        std::thread::spawn(|| {
            let mut future = pin!(unseen());
            let polled = future
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
            let task = birthmark::current().unwrap();
            assert!(!task.stack().is_unrecorded() && !task.is_pooled() && !task.runs_no_task());
            assert!(
                task.to_string()
                    .contains("\n    awaited  pending in unseen "),
                "{task}"
            );
        })
    }
    internal_thread().join().unwrap();
}
