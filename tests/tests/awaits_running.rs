//! Await stacks of tasks that are polled while their stacks are read: no stack is impossible.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use birthmark::{AwaitDetail, AwaitStack, Dump, Filter, FrameSource};
use birthmark_integration_tests::{Held, spawn, yield_once};
use birthmark_outside::Target;

/// Code without frames of its own.
mod plain {
    use super::yield_once;

    async fn first() {
        yield_once().await;
    }

    async fn second() {
        inner().await;
    }

    async fn inner() {
        first().await;
    }

    pub async fn plain_spin() {
        loop {
            first().await;
            second().await;
            Box::pin(first()).await;
        }
    }
}

#[birthmark::instrument]
mod instrumented {
    use super::*;

    async fn first() {
        yield_once().await;
    }

    async fn second() {
        inner().await;
    }

    async fn inner() {
        first().await;
    }

    async fn instrumented_spin() {
        loop {
            first().await;
            second().await;
            Box::pin(first()).await;
        }
    }

    pub fn spawn_plain() -> Held {
        Box::pin(spawn(plain::plain_spin()))
    }

    pub fn spawn_instrumented() -> Held {
        Box::pin(spawn(instrumented_spin()))
    }
}

/// Functions of the stacks that both tasks can have.
const POSSIBLE: [&[&str]; 2] = [
    &["spin", "first", "yield_once"],
    &["spin", "second", "inner", "first", "yield_once"],
];

/// Number of samples of each task.
fn samples() -> usize {
    let samples = std::env::var("BIRTHMARK_TEST_SAMPLES").ok();
    samples.map_or(1_000, |samples| samples.parse().expect("a number"))
}

#[test]
fn stack_of_a_task_that_only_yields_is_possible() {
    birthmark::builder()
        .env(false)
        .dump_awaits(AwaitDetail::DebugInfo)
        .install();
    for (role, task) in [
        ("plain_spin", instrumented::spawn_plain()),
        ("instrumented_spin", instrumented::spawn_instrumented()),
    ] {
        while_polled(task, || {
            for reader in [inside, outside] {
                let found = sample(role, reader);
                println!("{role}: {found:?}");
                assert!(found.contains_key("4 frames"), "{role}: {found:?}");
            }
        });
    }
}

/// Calls `f` while another thread polls a task all the time. Between two polls there is the work of an executor.
fn while_polled(task: Held, f: impl FnOnce()) {
    let ends = Arc::new(AtomicBool::new(false));
    let ended = EndOnDrop(ends.clone());
    let executor = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.expect("a runtime can be built").block_on(async {
            drop(tokio::task::spawn(task));
            let mut turn = 0_u32;
            while !ends.load(Ordering::Relaxed) {
                tokio::task::yield_now().await;
                turn += 1;
                // A prime number, so that each suspension of the task is waited in.
                if turn.is_multiple_of(13) {
                    wait_for_a_sample(&ends);
                }
            }
        });
    });
    f();
    drop(ended);
    executor.join().expect("the executor ends");
}

/// Samples that were taken.
static SAMPLES: AtomicUsize = AtomicUsize::new(0);

/// Waits until a sample was begun and ended, so that some samples find the task suspended on any machine.
fn wait_for_a_sample(ends: &AtomicBool) {
    let before = SAMPLES.load(Ordering::Relaxed);
    while SAMPLES.load(Ordering::Relaxed) < before + 2 && !ends.load(Ordering::Relaxed) {
        std::thread::yield_now();
    }
}

/// Ends the polls, also if the test panics.
struct EndOnDrop(Arc<AtomicBool>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn inside(_: &Target, filter: &Filter) -> Dump {
    let dump = birthmark::dump().filter(filter);
    dump.with_awaits(AwaitDetail::DebugInfo)
}

/// Reads this process as another one.
fn outside(target: &Target, filter: &Filter) -> Dump {
    let dump = target.dump().expect("the records are readable");
    target.with_awaits(dump.filter(filter), AwaitDetail::DebugInfo)
}

/// Counts the stacks that were found.
fn sample(role: &str, read: fn(&Target, &Filter) -> Dump) -> BTreeMap<String, usize> {
    let filter = Filter::new().role(role);
    let target = Target::process(std::process::id()).expect("a process may read itself");
    let mut found = BTreeMap::new();
    for _ in 0..samples() {
        let dump = read(&target, &filter);
        for task in dump.tasks() {
            let Some(stack) = task.awaits() else {
                *found.entry("running".to_owned()).or_insert(0) += 1;
                continue;
            };
            if let Some(missing) = stack.missing() {
                assert_eq!(missing.cause(), "the task runs");
                *found.entry("running".to_owned()).or_insert(0) += 1;
                continue;
            }
            check(stack);
            let count = format!("{} frames", stack.frames().len());
            *found.entry(count).or_insert(0) += 1;
        }
        SAMPLES.fetch_add(1, Ordering::Relaxed);
    }
    found
}

/// Checks that a stack is possible, and that frames of both kinds are of the same moment.
fn check(stack: &AwaitStack) {
    let names: Vec<&str> = stack
        .frames()
        .iter()
        .map(|frame| frame.name().rsplit("::").next().expect("a name"))
        .map(|name| {
            name.trim_start_matches("plain_")
                .trim_start_matches("instrumented_")
        })
        .filter(|name| !name.starts_with('{') && *name != "PollFn")
        .collect();
    assert!(POSSIBLE.contains(&&*names), "{names:?}\n{stack}");
    let is_joined = |source| source == FrameSource::Both;
    let sources: Vec<FrameSource> = stack.frames().iter().map(|it| it.source()).collect();
    assert!(
        !sources.contains(&FrameSource::Instrumented),
        "{sources:?}\n{stack}"
    );
    if sources.iter().copied().any(is_joined) {
        let own = sources.iter().filter(|source| is_joined(**source)).count();
        assert_eq!(own, names.len() - 1, "{stack}");
    }
}
