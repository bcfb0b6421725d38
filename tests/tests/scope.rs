//! Scopes: futures that are tasks although nothing spawns them.

use birthmark_test_support as _;

use std::fmt;
use std::future::{Future, pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use birthmark::{Filter, Task, scope};
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn named(name: &str) -> Vec<Task> {
    let tasks = birthmark::tasks().into_iter();
    let is_named = |task: &Task| task.name().is_some_and(|own| own.as_str() == name);
    tasks.filter(is_named).collect()
}

#[birthmark::instrument]
mod server {
    use super::*;

    pub async fn handle(steps: u32) -> u64 {
        for _ in 0..steps {
            tokio::task::yield_now().await;
        }
        birthmark::current().unwrap().id().as_u64()
    }

    pub async fn wait() {
        pending::<()>().await;
    }

    pub fn start(name: &'static str) -> tokio::task::JoinHandle<()> {
        tokio::spawn(async move {
            scope(name, wait()).label("route", "/a").await;
        })
    }

    pub async fn connection() -> (u64, u64, u64) {
        let own = birthmark::current().unwrap().id().as_u64();
        let first = scope("first", handle(2)).await;
        let second = scope("second", handle(0)).await;
        assert_eq!(birthmark::current().unwrap().id().as_u64(), own);
        (own, first, second)
    }

    pub async fn spawned() -> (u64, u64, u64) {
        tokio::spawn(connection()).await.unwrap()
    }

    pub async fn spawn_in_scope() -> String {
        let child = scope("parent", async {
            tokio::spawn(async { birthmark::current().unwrap() })
                .await
                .unwrap()
        });
        let child = child.role("request").await;
        let parent = &child.lineage()[0];
        format!("{} {}", child.name().unwrap(), parent.role())
    }
}

#[test]
fn scopes_of_one_task_are_tasks_one_after_the_other() {
    let (own, first, second) = runtime().block_on(server::spawned());
    assert!(own != first && first != second && own != second);
}

#[test]
fn scope_is_shown_with_lineage_frames_labels_and_place() {
    let runtime = runtime();
    let task = runtime.block_on(async {
        let _handle = server::start("shown");
        tokio::task::yield_now().await;
        named("shown").pop().expect("the scope is alive")
    });
    assert_eq!(task.role(), "wait");
    assert_eq!(task.label("route"), Some("/a"));
    assert_eq!(task.lineage()[0].role(), "start::{async}");
    assert_eq!(task.polls(), 1);
    let site = task.site().expect("a place");
    assert!(site.file().ends_with("scope.rs") && site.line() > 0);
    let text = task.to_string();
    assert!(
        text.contains("by birthmark::scope") && !text.contains(" in ,"),
        "{text}"
    );
    assert!(text.contains("awaits"), "{text}");
}

#[test]
fn child_of_a_scope_inherits_its_name() {
    let text = runtime().block_on(server::spawn_in_scope());
    assert_eq!(text, "\"parent\" request");
}

#[test]
fn scope_ends_with_its_future_with_a_drop_and_with_a_panic() {
    let runtime = runtime();
    runtime.block_on(async { scope("completed", ready(())).await });
    assert!(named("completed").is_empty());
    {
        let mut dropped = Box::pin(scope("dropped", pending::<()>()));
        let mut context = Context::from_waker(Waker::noop());
        assert!(dropped.as_mut().poll(&mut context).is_pending());
        assert_eq!(named("dropped").len(), 1);
    }
    assert!(named("dropped").is_empty());
    let panics = scope(
        "panicked",
        poll_fn(|_| -> Poll<()> { panic!("as it shall") }),
    );
    catch_unwind(AssertUnwindSafe(|| runtime.block_on(panics))).unwrap_err();
    assert!(named("panicked").is_empty());
}

#[test]
fn scope_that_is_never_polled_has_no_record() {
    let unpolled = scope("unpolled", pending::<()>());
    assert!(named("unpolled").is_empty());
    drop(unpolled);
    assert!(named("unpolled").is_empty());
}

#[test]
fn parent_is_the_task_of_the_first_poll() {
    let role = runtime().block_on(async {
        let made_here = scope("late", async { birthmark::current().unwrap() });
        let poll = async move {
            let task = made_here.await;
            task.lineage()[0].role().to_owned()
        };
        spawned(poll).await
    });
    assert_eq!(role, "poller");
}

#[birthmark::instrument]
async fn spawned(poll: impl Future<Output = String> + Send + 'static) -> String {
    async fn poller(poll: impl Future<Output = String>) -> String {
        poll.await
    }
    tokio::spawn(poller(poll)).await.unwrap()
}

#[test]
fn hostile_name_is_cut_and_a_panicking_one_reaches_the_caller() {
    let long = "n".repeat(10_000);
    let text = runtime().block_on(scope(&long, async {
        birthmark::current().unwrap().to_string()
    }));
    assert!(text.lines().next().unwrap().len() < 500, "{text}");

    struct Broken;
    impl fmt::Display for Broken {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("cannot be shown")
        }
    }
    catch_unwind(|| drop(scope(Broken, ready(())))).unwrap_err();
    // A name that is empty takes an inherited one away.
    let name = runtime().block_on(scope("outer", async {
        scope("", async { birthmark::current().unwrap().name().is_none() }).await
    }));
    assert!(name);
}

#[test]
fn scopes_in_scopes_are_a_lineage() {
    let lineage = runtime().block_on(scope("outer", async {
        scope("inner", async {
            birthmark::current().unwrap().lineage().to_string()
        })
        .await
    }));
    assert!(lineage.contains("outer"), "{lineage}");
}

#[test]
fn scope_with_many_places_stays_bounded() {
    // One place, many scopes: one site.
    let context = &mut Context::from_waker(Waker::noop());
    for number in 0..5000 {
        let mut one = pin!(scope(number, ready(())));
        assert!(one.as_mut().poll(context).is_ready());
    }
    let filter = Filter::new().try_with("name", "4999").unwrap();
    assert_eq!(birthmark::dump().filter(&filter).len(), 0);
}
