//! OS threads in dumps, recorded or not.
#![cfg(target_os = "linux")]

use std::sync::mpsc::channel;

use birthmark::render::Format;
use birthmark::{Dump, Filter, Kind, OsThread, ThreadDetail, ThreadState};
use birthmark_integration_tests::stuck::{Stuck, one_worker};
use birthmark_integration_tests::{schema, wait_for, wait_until};
use serde_json::Value;

fn dump() -> Dump {
    birthmark::dump().with_threads(ThreadDetail::States)
}

fn named(dump: &Dump, name: &str) -> Option<OsThread> {
    let mut threads = dump.threads().unwrap().iter();
    threads.find(|thread| thread.name() == name).cloned()
}

/// A thread, once the kernel says that it does this.
#[track_caller]
fn wait_for_call(name: &str, call: &str) -> OsThread {
    wait_for(&format!("{name} is in {call}"), || {
        named(&dump(), name).filter(|thread| match thread.state() {
            ThreadState::InCall(it) => it.name() == Some(call),
            state => state.to_string() == call,
        })
    })
}

#[test]
fn kernel_says_in_which_call_a_thread_waits() {
    Stuck::hold(|_| {
        for (name, call) in [
            ("in-lock", "futex"),
            ("in-park", "futex"),
            ("in-read", "read"),
            ("in-sleep", "clock_nanosleep"),
            ("in-epoll", "epoll_wait"),
            ("spins", "running"),
            ("a) S (b", "futex"),
            ("blocks-signals", "futex"),
        ] {
            let thread = wait_for_call(name, call);
            assert!(thread.tasks().is_empty(), "it is no task: {thread:?}");
            let line = format!("\nthread {} \"{name}\"  {call}", thread.id());
            wait_until("it is in the text, too", || {
                dump().to_string().contains(&line)
            });
        }
        let read = wait_for_call("in-read", "read");
        let ThreadState::InCall(call) = read.state() else {
            unreachable!()
        };
        assert!(call.descriptor().is_some_and(|fd| fd > 2), "{read:?}");
        assert_eq!(call.number(), libc::SYS_read);
        let spent = || named(&dump(), "spins").unwrap().cpu_time().unwrap();
        wait_until("CPU time grows", || spent().as_millis() > 30);
    });
}

#[birthmark::instrument]
fn block_an_executor(
    begun: std::sync::mpsc::Sender<u64>,
) -> (tokio::runtime::Runtime, std::sync::mpsc::Sender<()>) {
    let runtime = one_worker("blocked");
    let (release, released) = channel();
    runtime.spawn(birthmark::named!("upload-7" => async move {
        let _ = begun.send(birthmark::current().unwrap().id().as_u64());
        let _ = released.recv();
    }));
    (runtime, release)
}

#[test]
fn thread_is_shown_with_the_task_that_it_runs_and_the_other_way_round() {
    let (begun, begins) = channel();
    let (runtime, release) = block_an_executor(begun);
    let id = begins.recv().unwrap();
    let thread = wait_for_call("blocked", "futex");
    let task = &thread.tasks()[0];
    assert_eq!(task.id().as_u64(), id);
    assert_eq!(task.kind(), Kind::Future);
    assert!(!thread.may_be_stale());
    let text = dump().to_string();
    let line = format!("thread {} \"blocked\"  futex  ", thread.id());
    let line = text.lines().find(|it| it.starts_with(&line)).unwrap();
    let what = format!("  running task {id} \"upload-7\" block_an_executor::{{async}}");
    assert!(line.contains(&what), "{line}");
    let of_task = format!(" in futex on blocked ({})\n", thread.id());
    assert!(text.contains(&of_task), "{text}");
    let blocked = dump().filter(&Filter::new().blocked());
    let mut blocked = blocked.tasks().map(|task| task.id().as_u64());
    assert!(blocked.any(|blocked| blocked == id));
    drop(release);
    drop(runtime);
}

#[birthmark::instrument]
fn keep_an_executor_busy() -> tokio::runtime::Runtime {
    let runtime = one_worker("busy");
    for _ in 0..2 {
        runtime.spawn(async {
            loop {
                tokio::task::yield_now().await;
            }
        });
    }
    runtime
}

#[test]
fn thread_that_goes_from_task_to_task_says_so() {
    let runtime = keep_an_executor_busy();
    let _thread = wait_for("it runs one and then another", || {
        named(&dump(), "busy").filter(|it| it.may_be_stale() && !it.tasks().is_empty())
    });
    let text = wait_for("the text says it", || {
        let text = dump().to_string();
        text.contains(" (it went on meanwhile)\n").then_some(text)
    });
    // What it waits for says nothing of a task that it may not run any more.
    assert!(!text.contains(" in futex on busy"), "{text}");
    runtime.shutdown_background();
}

#[test]
fn dump_without_threads_says_nothing_of_them() {
    let silent = birthmark::dump();
    assert!(silent.threads().is_none());
    assert!(!silent.to_string().contains("\nthread "));
    assert!(!silent.json().to_string().contains("\"threads\":"));
    let off = dump().with_threads(ThreadDetail::Off);
    assert!(off.threads().is_none());
    // A filter selects tasks, not threads.
    let none = dump().filter(&"role=nobody".parse().unwrap());
    assert!(!none.threads().unwrap().is_empty());
    for format in [Format::Text, Format::Tree, Format::Groups] {
        let mut text = Vec::new();
        none.write(format, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let heading = format!("\n{} OS threads", none.threads().unwrap().len());
        assert!(text.contains(&heading), "{text}");
    }
}

#[test]
fn programs_read_the_same() {
    Stuck::hold(|_| {
        wait_for_call("in-read", "read");
        let dump = dump();
        let json: Value = serde_json::from_str(&dump.json().to_string()).unwrap();
        schema::assert_valid(&json);
        let threads = json["threads"].as_array().unwrap();
        assert_eq!(threads.len(), dump.threads().unwrap().len());
        for (object, thread) in threads.iter().zip(dump.threads().unwrap()) {
            assert_eq!(object["id"], thread.id());
            assert_eq!(object["name"], thread.name());
            assert_eq!(object["doing"], thread.state().to_string());
        }
        let read = threads.iter().find(|it| it["name"] == "in-read").unwrap();
        assert_eq!(read["call"], "read");
        assert_eq!(read["state"], "waiting");
        assert_eq!(read["tasks"], Value::Array(vec![]));
    });
}

/// Not instrumented.
fn builder() -> std::thread::Builder {
    std::thread::Builder::new().name("made elsewhere".to_owned())
}

#[birthmark::instrument]
mod elsewhere {
    use std::sync::mpsc::Receiver;
    use std::thread::JoinHandle;

    pub fn start(until: Receiver<()>) -> JoinHandle<()> {
        let thread = super::builder().spawn(move || assert!(until.recv().is_err()));
        thread.unwrap()
    }
}

#[test]
fn thread_of_a_builder_from_elsewhere_has_a_record_as_a_thread() {
    let (end, until) = channel();
    let thread = elsewhere::start(until);
    let seen = wait_for_call("made elsewhere", "futex");
    let [task] = seen.tasks() else {
        panic!("{seen:?}")
    };
    assert_eq!(task.kind(), Kind::Thread);
    let text = dump().to_string();
    assert!(
        text.contains(" by super::builder().spawn in start, "),
        "{text}"
    );
    drop(end);
    thread.join().unwrap();
}

#[test]
fn threads_may_end_while_they_are_looked_at() {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..250 {
                    std::thread::spawn(|| ()).join().unwrap();
                }
            });
        }
        for _ in 0..50 {
            assert!(!dump().threads().unwrap().is_empty());
        }
    });
}
