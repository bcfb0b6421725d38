//! A process amid spawns, ends, renames and polls, read as another process would read it.
//!
//! Each task in each dump is one that existed, with the name, the labels and the parent that it had.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};

use birthmark::{NameOrigin, State, Task};
use birthmark_integration_tests::{own_id, wait_until, with_role, yield_once};
use birthmark_outside::Target;
use birthmark_test_support as _;

static DONE: AtomicBool = AtomicBool::new(false);

/// Returns the name that a task gives itself: its id, and text of a length that depends on the id, so that a mixture of
/// two names is noticed.
fn name_of(id: u64) -> String {
    format!("of {id} {}", "x".repeat((id % 97) as usize))
}

#[birthmark::instrument]
mod program {
    use super::*;

    async fn leaf(deep: u32) {
        if deep > 0 {
            return Box::pin(leaf(deep - 1)).await;
        }
        yield_once().await;
    }

    /// Of a known type, because branches spawn branches.
    fn boxed(deep: u32) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(branch(deep))
    }

    async fn branch(deep: u32) {
        let id = own_id().as_u64();
        birthmark::set_name(name_of(id));
        birthmark::set_label("id", id);
        let children: Vec<_> = (0..3)
            .map(|number| match deep {
                0 => tokio::spawn(leaf(number)),
                _ => tokio::spawn(boxed(deep - 1)),
            })
            .collect();
        yield_once().await;
        birthmark::set_name(name_of(id));
        drop(tokio::spawn(leaf(1)));
        for child in children {
            leaf(2).await;
            let _ = child.await;
        }
    }

    pub async fn keeps_on() {
        while !DONE.load(Ordering::Relaxed) {
            let _ = tokio::spawn(boxed(3)).await;
        }
    }

    pub async fn witness() {
        std::future::pending().await
    }
}

/// Returns the id in a name, if the name is whole.
fn id_in(name: &str) -> u64 {
    let id = name.split(' ').nth(1).and_then(|id| id.parse().ok());
    let id = id.unwrap_or_else(|| panic!("{name:?} has no id"));
    assert_eq!(name, name_of(id), "a mixture of two names");
    id
}

fn check(task: &Task) {
    let (id, lineage) = (task.id().as_u64(), task.lineage());
    let parent = lineage.first().map(|parent| parent.id().as_u64());
    match task.role() {
        "boxed" | "leaf" => {}
        _ => return,
    }
    if let Some(name) = task.name() {
        match name.origin() {
            NameOrigin::Inherited { .. } => {
                if let Some(parent) = parent {
                    assert_eq!(id_in(name.as_str()), parent, "{task:?}");
                }
            }
            _ => assert_eq!(id_in(name.as_str()), id, "{task:?}"),
        }
    }
    if let Some(label) = task.labels().get("id") {
        let of: u64 = label.value().parse().expect("a number");
        assert!(
            of == id || Some(of) == parent || parent.is_none(),
            "{task:?}"
        );
    }
    for (below, above) in lineage.iter().zip(lineage.iter().skip(1)) {
        assert_ne!(below.id(), above.id());
    }
    assert!(!matches!(task.state(), State::Ended(_)), "{task:?}");
    for frame in task.stack().frames() {
        let functions = ["leaf", "branch"];
        assert!(functions.contains(&frame.site().function()), "{frame:?}");
    }
}

#[test]
fn each_dump_of_a_storm_is_consistent() {
    read_a_storm(300);
}

/// `cargo test --release -p birthmark-integration-tests --test outside_storm -- --ignored`
#[test]
#[ignore = "takes minutes"]
fn each_of_many_dumps_of_a_storm_is_consistent() {
    read_a_storm(100_000);
}

fn read_a_storm(dumps: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.spawn(birthmark::root!(program_start()));
    wait_until("all witnesses are there", || {
        with_role("witness").len() == 100
    });
    let target = Target::process(std::process::id()).unwrap();
    let (mut tasks, mut uncertain) = (0, 0);
    for _ in 0..dumps {
        let dump = target.dump().unwrap();
        let mut last = 0;
        for task in dump.tasks() {
            assert!(task.id().as_u64() > last, "ids rise");
            last = task.id().as_u64();
            check(&task);
            tasks += 1;
        }
        let witnesses = dump.tasks().filter(|task| task.role() == "witness").count();
        assert_eq!(
            witnesses, 100,
            "a task that lives throughout is in the dump"
        );
        uncertain += dump.coverage().uncertain_records();
    }
    println!("{dumps} dumps, {tasks} tasks, {uncertain} uncertain");
    assert!(tasks > 100 * dumps);
    DONE.store(true, Ordering::Relaxed);
    runtime.shutdown_background();
}

#[birthmark::instrument]
async fn program_start() {
    for _ in 0..4 {
        tokio::spawn(program::keeps_on());
    }
    for _ in 0..100 {
        tokio::spawn(program::witness());
    }
}
