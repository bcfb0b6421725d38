//! Tasks that ended before they were ready, in later dumps. Tests in this file leave few of them behind, so that none
//! displaces those of another test.

use birthmark_test_support as _;

use std::collections::HashMap;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, mpsc as channel};
use std::thread;

use birthmark::{DroppedBy, GoneTask, Outcome, TaskId};
use birthmark_integration_tests::{unwrapped, wait_for, wait_until};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, yield_now};

fn current_thread() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

/// A session whose answers come from one task. That task panics, and whoever waits for an answer waits forever.
#[birthmark::instrument]
mod session {
    use super::*;

    type Waiting = Arc<Mutex<HashMap<usize, oneshot::Sender<&'static str>>>>;

    #[derive(Clone)]
    pub struct Session {
        waiting: Waiting,
        wire: mpsc::Sender<usize>,
    }

    fn parse(frame: usize) -> &'static str {
        ["id", "name", "age"][frame]
    }

    async fn read_frames(mut wire: mpsc::Receiver<usize>, waiting: Waiting) {
        while let Some(stream) = wire.recv().await {
            let answer = parse(stream);
            if let Some(waiter) = waiting.lock().unwrap().remove(&stream) {
                let _ = waiter.send(answer);
            }
        }
    }

    impl Session {
        pub fn connect() -> Self {
            let (wire, frames) = mpsc::channel(100);
            let waiting = Waiting::default();
            tokio::spawn(read_frames(frames, waiting.clone()));
            Session { waiting, wire }
        }

        pub async fn execute(self, stream: usize) -> &'static str {
            let (sender, answer) = oneshot::channel();
            self.waiting.lock().unwrap().insert(stream, sender);
            let _ = self.wire.send(stream).await;
            answer.await.unwrap()
        }
    }

    pub fn request(session: &Session, stream: usize) -> JoinHandle<&'static str> {
        tokio::spawn(birthmark::named!("req-{stream}" => session.clone().execute(stream)))
    }
}

#[test]
fn panic_that_nobody_joins_is_in_a_later_dump_with_its_message_and_place() {
    birthmark::install();
    let text = current_thread().block_on(async {
        let session = session::Session::connect();
        assert_eq!(session::request(&session, 1).await.unwrap(), "name");
        let lost = session::request(&session, 3);
        for _ in 0..8 {
            yield_now().await;
        }
        assert!(!lost.is_finished(), "nobody answers it");
        unwrapped(&birthmark::dump().to_string())
    });
    assert!(text.contains("\"req-3\" Session::execute  "), "{text}");
    let lines = lines(&text, "read_frames");
    let [end, origin, by] = &lines[..] else {
        panic!("three lines are not {lines:?} in {text}")
    };
    assert!(end.starts_with("  task "), "{end}");
    assert!(end.contains(" read_frames (future) panicked"), "{end}");
    assert!(end.contains(&format!(", at {}:", file!())), "{end}");
    let message = ": index out of bounds: the len is 3 but the index is 3";
    assert!(end.ends_with(message), "{end}");
    assert!(
        origin.ends_with(" by tokio::spawn in Session::connect"),
        "{origin}"
    );
    assert!(by.starts_with("    by       "), "{by}");
}

/// Returns the lines of the section about the tasks of this role.
fn lines<'a>(text: &'a str, role: &str) -> Vec<&'a str> {
    let section = text.split("\ngone before they were ready: ").nth(1);
    let section = section.unwrap_or_else(|| panic!("no section in {text}"));
    let section = section.split("\n\n").next().unwrap();
    let mut lines = section.lines().skip_while(|line| {
        let is_head = !line.starts_with("    ");
        !(is_head && line.contains(&format!(" {role} (")))
    });
    let head = lines.next();
    let rest = lines.take_while(|line| line.starts_with("    "));
    head.into_iter().chain(rest).collect()
}

/// The only task of this role that is gone.
fn gone(role: &str) -> Option<GoneTask> {
    let dump = birthmark::dump();
    let mut tasks = dump.gone().iter().filter(|task| task.role() == role);
    let task = tasks.next().cloned();
    assert!(tasks.next().is_none(), "several tasks of {role}");
    task
}

#[birthmark::instrument]
mod client {
    use super::*;

    /// Serves a connection, on the runtime of the task that asks first.
    pub async fn connection(mut requests: mpsc::Receiver<oneshot::Sender<()>>) {
        while let Some(request) = requests.recv().await {
            let _ = request.send(());
        }
    }

    pub type Requests = mpsc::Sender<oneshot::Sender<()>>;

    pub fn connect() -> Requests {
        let (requests, inbox) = mpsc::channel(1);
        tokio::spawn(connection(inbox));
        requests
    }

    pub async fn fetch(requests: Requests) -> Result<(), &'static str> {
        let (answer, answered) = oneshot::channel();
        requests.send(answer).await.map_err(|_| "closed")?;
        answered.await.map_err(|_| "closed")
    }

    pub fn test_one(share: channel::Sender<Requests>) -> thread::JoinHandle<TaskId> {
        let test = thread::Builder::new().name("test_one".to_owned());
        let test = test.spawn(move || {
            let runtime = current_thread();
            runtime.block_on(async {
                let requests = connect();
                fetch(requests.clone()).await.unwrap();
                share.send(requests).unwrap();
            });
            birthmark::current().unwrap().id()
        });
        test.unwrap()
    }
}

#[test]
fn task_that_is_cancelled_with_the_runtime_of_another_test_names_that_test() {
    let (share, shared) = channel::channel();
    let owner = client::test_one(share).join().unwrap();
    let requests = shared.recv().unwrap();
    let failed = current_thread().block_on(client::fetch(requests));
    assert_eq!(failed, Err("closed"));
    wait_until("the thread has ended", || {
        birthmark::tasks().iter().all(|task| task.id() != owner)
    });
    let text = unwrapped(&birthmark::dump().to_string());
    let lines = lines(&text, "connection");
    let end = lines.first().copied().unwrap_or_default();
    assert!(end.contains(" connection (future) cancelled"), "{text}");
    let by = format!(
        ", dropped by task {owner} test_one::{{closure}} on thread \"test_one\", which has ended"
    );
    assert!(end.ends_with(&by), "{end}\n{text}");
    assert!(
        lines[2].ends_with(&format!("    by       {owner} test_one::{{closure}}")),
        "{lines:?}"
    );
}

#[birthmark::instrument]
mod aborted {
    use super::*;

    pub async fn waits_on_this_thread() {
        pending::<()>().await;
    }

    pub async fn waits_on_a_worker() {
        pending::<()>().await;
    }

    pub async fn never_polled() {}

    pub fn on_this_thread() -> JoinHandle<()> {
        tokio::spawn(waits_on_this_thread())
    }

    pub fn on_a_worker(runtime: &Runtime) -> JoinHandle<()> {
        runtime.spawn(waits_on_a_worker())
    }

    pub fn drop_unpolled(runtime: &Runtime) {
        runtime.spawn(never_polled());
    }

    pub fn drive(work: impl FnOnce() + Send + 'static) {
        thread::spawn(work).join().unwrap();
    }

    pub fn block_on(runtime: &Runtime) {
        runtime.block_on(async {
            let handle = on_this_thread();
            yield_now().await;
            handle.abort();
            assert!(handle.await.unwrap_err().is_cancelled());
        });
    }
}

#[test]
fn abort_within_a_block_on_is_by_the_executor() {
    aborted::drive(|| aborted::block_on(&current_thread()));
    let task = gone("waits_on_this_thread").expect("it was aborted");
    assert_eq!((task.outcome(), task.polls()), (Outcome::Cancelled, 1));
    assert!(
        matches!(task.dropped_by(), Some(DroppedBy::BlockOn { label, .. }) if label.starts_with("abort_within_")),
        "{task:?}"
    );
}

#[test]
fn abort_on_a_worker_names_the_thread_alone() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let handle = aborted::on_a_worker(&runtime);
    wait_until("it waits", || {
        let tasks = birthmark::tasks();
        let mut its = tasks
            .iter()
            .filter(|task| task.role() == "waits_on_a_worker");
        its.any(|task| task.polls() == 1 && task.is_suspended())
    });
    handle.abort();
    let task = wait_for("it is aborted", || gone("waits_on_a_worker"));
    let by = task.dropped_by().expect("it was dropped").to_string();
    assert!(by.starts_with("dropped on thread "), "{by}");
    assert!(by.contains("in no task)"), "{by}");
}

#[test]
fn task_that_was_never_polled_says_so() {
    let runtime = current_thread();
    aborted::drop_unpolled(&runtime);
    drop(runtime);
    let text = unwrapped(&birthmark::dump().to_string());
    let lines = lines(&text, "never_polled");
    let end = lines.first().copied().unwrap_or_default();
    assert!(end.contains(" cancelled before its first poll"), "{text}");
}

#[birthmark::instrument]
mod caught {
    use super::*;

    pub async fn panics_again_in_a_later_poll() {
        let caught = catch_unwind(|| panic!("the first panic"));
        assert!(caught.is_err());
        yield_now().await;
        resume_unwind(Box::new("without a message"));
    }

    pub async fn goes_on_with_the_panic() {
        let caught = catch_unwind(AssertUnwindSafe(|| panic!("the \"only\" panic")));
        let payload = caught.unwrap_err();
        resume_unwind(payload);
    }

    pub async fn survives_its_panic() {
        let caught = catch_unwind(|| panic!("the caught panic"));
        assert!(caught.is_err());
    }

    pub async fn all() {
        let tasks = [
            tokio::spawn(panics_again_in_a_later_poll()),
            tokio::spawn(goes_on_with_the_panic()),
            tokio::spawn(survives_its_panic()),
        ];
        for task in tasks {
            let _ = task.await;
        }
    }
}

#[test]
fn message_is_that_of_the_panic_which_ended_the_task() {
    birthmark::install();
    current_thread().block_on(caught::all());
    let again = gone("panics_again_in_a_later_poll").expect("it has panicked");
    assert_eq!(
        (again.outcome(), again.message()),
        (Outcome::Panicked, None)
    );
    let only = gone("goes_on_with_the_panic").expect("it has panicked");
    assert_eq!(only.message(), Some("the \"only\" panic"));
    assert_eq!(only.panic_place().map(|place| place.file()), Some(file!()));
    assert!(gone("survives_its_panic").is_none());
}

#[birthmark::instrument]
mod refused {
    pub async fn refused_by_this_test() {}

    pub fn spawn() {
        tokio::spawn(refused_by_this_test());
    }
}

#[test]
fn refusal_has_its_reason() {
    let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| {
        if spawn.site().role() == "refused_by_this_test" {
            spawn.refuse("the queue is full");
        }
    });
    current_thread().block_on(async { refused::spawn() });
    drop(hook);
    let task = gone("refused_by_this_test").expect("it was refused");
    assert_eq!(task.outcome(), Outcome::Refused);
    assert_eq!(task.message(), Some("the queue is full"));
    let text = unwrapped(&birthmark::dump().to_string());
    assert!(text.contains(" refused by a hook"), "{text}");
}
