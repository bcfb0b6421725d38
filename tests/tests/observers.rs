//! Hooks with a filter: what they see, and what they do not.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use birthmark::{Exceeded, HookHandle, Outcome, Spawn, SpawnHook, TaskRef, add_hook_for};
use birthmark_integration_tests::{block_on, wait_until};

/// Writes down what it sees.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl SpawnHook for Log {
    fn on_spawn(&self, spawn: &mut Spawn<'_>) {
        self.add(format!("spawned {}", spawn.role()));
    }

    fn on_start(&self, task: &TaskRef<'_>) {
        self.add(format!("started {}", task.role()));
    }

    fn on_end(&self, task: &TaskRef<'_>, outcome: Outcome) {
        let age = task.age().expect("it is exact");
        assert!(age < Duration::from_secs(3600));
        self.add(format!("ended {} {outcome}", task.role()));
    }

    fn on_exceeded(&self, exceeded: &Exceeded) {
        let tasks: Vec<_> = exceeded.tasks().iter().map(|task| task.role()).collect();
        self.add(format!("exceeded {}", tasks.join(" ")));
    }
}

#[track_caller]
fn observe(filter: &str) -> (HookHandle, Log) {
    let log = Log::default();
    (add_hook_for(filter, log.clone()).unwrap(), log)
}

#[birthmark::instrument]
mod billing {
    use super::*;

    pub fn pay() -> thread::JoinHandle<()> {
        thread::spawn(charge)
    }

    pub fn pay_late() -> tokio::task::JoinHandle<()> {
        tokio::spawn(charge_late())
    }

    pub fn pay_hook_that_panics() -> tokio::task::JoinHandle<()> {
        tokio::spawn(charge_hook_that_panics())
    }

    async fn charge_late() {
        pending().await
    }

    async fn charge_hook_that_panics() {
        pending().await
    }

    pub fn below() -> birthmark::TaskId {
        let child = thread::spawn(|| {
            let id = birthmark_integration_tests::own_id();
            let (hook, log) = observe(&format!("under={id}&role=charge"));
            pay().join().unwrap();
            (id, hook, log)
        });
        let (id, hook, log) = child.join().unwrap();
        pay().join().unwrap();
        wait_until("it has ended", || log.0.lock().unwrap().len() >= 3);
        assert_eq!(log.take(), LIFE);
        drop(hook);
        id
    }

    fn charge() {}
}

#[birthmark::instrument]
mod other {
    use super::*;

    pub fn work() -> thread::JoinHandle<()> {
        thread::spawn(toil)
    }

    fn toil() {}
}

const LIFE: [&str; 3] = ["spawned charge", "started charge", "ended charge completed"];

#[test]
fn hook_sees_the_tasks_of_its_filter_only() {
    let pay = || birthmark::with_label("test", "filter", billing::pay);
    for filter in [
        "label=test=filter",
        "kind=thread&role=ch*&label=test=filter",
        "site=tests/tests/observers.rs:*&role=charge&label=test=filter",
        "label=test=filter&name=",
    ] {
        let (hook, log) = observe(filter);
        other::work().join().unwrap();
        pay().join().unwrap();
        wait_until("it has ended", || log.0.lock().unwrap().len() >= 3);
        drop(hook);
        pay().join().unwrap();
        assert_eq!(log.take(), LIFE, "{filter}");
    }
}

#[test]
fn labels_and_names_are_those_at_the_spawn() {
    let (hook, log) = observe("label=tenant=acme&role=charge&name=req-*");
    let threads = [
        birthmark::with_label("tenant", "acme", billing::pay),
        birthmark::with_name("req-1", billing::pay),
        birthmark::with_name("req-1", || {
            birthmark::with_label("tenant", "acme", billing::pay)
        }),
    ];
    for thread in threads {
        thread.join().unwrap();
    }
    wait_until("it has ended", || log.0.lock().unwrap().len() >= 3);
    assert_eq!(log.take(), LIFE);
    drop(hook);
}

#[test]
fn descendants_of_a_task_are_selected_by_its_id() {
    let id = billing::below();
    assert!(
        birthmark_integration_tests::find(id).is_none(),
        "it has ended"
    );
}

#[test]
fn keys_that_are_not_known_at_a_spawn_are_errors() {
    for (filter, key) in [
        ("state=running", "state"),
        ("role=charge&older=5s", "older"),
        ("for=1s", "for"),
        ("polls=3", "polls"),
        ("stack=serve", "stack"),
        ("text=pay", "text"),
    ] {
        let error = add_hook_for(filter, Log::default()).unwrap_err();
        let expected = format!(
            "\"{key}\" of a task is not known at its spawn, where a hook is chosen\nhelp: use name, label, role, site, kind \
             or under"
        );
        assert_eq!(error.to_string(), expected);
    }
    assert!(add_hook_for("colour=red", Log::default()).is_err());
    assert!(add_hook_for("role", Log::default()).is_err());
}

#[test]
fn exceeded_deadline_is_seen_by_hooks_of_its_tasks() {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let _entered = runtime.enter();
    let (hook, log) = observe("role=charge_late");
    let (other_hook, other_log) = observe("role=no_task");
    let late = birthmark::with_timeout(Duration::from_millis(20), async {
        let task = billing::pay_late();
        let _ended = task.await;
        pending::<()>().await;
    });
    assert!(block_on(late.enforce()).is_err());
    wait_until("it is reported", || log.0.lock().unwrap().len() >= 4);
    let mut seen = log.take();
    seen.sort();
    let expected = [
        "ended charge_late cancelled",
        "exceeded charge_late",
        "spawned charge_late",
        "started charge_late",
    ];
    assert_eq!(seen, expected);
    assert!(other_log.take().is_empty());
    drop((hook, other_hook));
}

#[test]
fn observer_that_panics_harms_nothing() {
    struct Panics(Log);
    impl SpawnHook for Panics {
        fn on_spawn(&self, _: &mut Spawn<'_>) {
            panic!("on purpose");
        }
        fn on_start(&self, _: &TaskRef<'_>) {
            panic!("on purpose");
        }
        fn on_end(&self, _: &TaskRef<'_>, _: Outcome) {
            panic!("on purpose");
        }
        fn on_exceeded(&self, _: &Exceeded) {
            self.0.add("exceeded".to_owned());
            panic!("on purpose");
        }
    }
    let log = Log::default();
    let hook = add_hook_for("role=charge_hook_that_panics", Panics(log.clone())).unwrap();
    let (second, second_log) = observe("role=charge_hook_that_panics");
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let _entered = runtime.enter();
    let late = birthmark::with_timeout(Duration::from_millis(20), async {
        let task = billing::pay_hook_that_panics();
        let _ended = task.await;
        pending::<()>().await;
    });
    assert!(block_on(late.enforce()).is_err());
    // A task that is aborted before its first poll has not started: it is spawned, exceeded, and ended.
    wait_until("both have seen it", || {
        !log.0.lock().unwrap().is_empty() && second_log.0.lock().unwrap().len() >= 3
    });
    drop((hook, second));
}
