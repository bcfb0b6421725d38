//! Ancestors are taken out of a long lineage, and their slots become others', while somebody looks at it.

use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::task::{Context, Waker};

use birthmark::{Outcome, Spawn, SpawnHook, TaskId, TaskRef};
use birthmark_integration_tests::{Held, spawn, start};

#[birthmark::instrument]
mod tasks {
    use super::*;

    /// A task that ends at once, and so does its child. The child of that lives on.
    pub fn ancestor(to: Sender<Held>) -> Held {
        Box::pin(spawn(async move {
            let last = to.clone();
            let child = spawn(async move {
                birthmark::set_name("ancestor");
                last.send(survivor(last.clone())).unwrap();
            });
            to.send(Box::pin(child)).unwrap();
        }))
    }

    /// Spawns the first of many generations, under a name that hides the one above; then panics.
    fn survivor(to: Sender<Held>) -> Held {
        Box::pin(spawn(async move {
            birthmark::set_name("survivor");
            to.send(generation(to.clone())).unwrap();
            birthmark_integration_tests::yield_once().await;
            panic!("the survivor panics");
        }))
    }

    /// Spawns the next one, and ends.
    fn generation(to: Sender<Held>) -> Held {
        Box::pin(spawn(async move {
            to.send(generation(to.clone())).unwrap();
        }))
    }

    /// Fills free slots with the text of its name.
    pub fn named_at_length() -> Held {
        start(Box::pin(spawn(async {
            birthmark::set_name("A".repeat(255));
            std::future::pending::<()>().await;
        })))
    }
}

fn finish(mut task: Held) {
    let ready = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(ready.is_ready());
}

/// The survivor, and from where the generations below it come.
fn survivor() -> (Held, Receiver<Held>) {
    let (to, from) = channel();
    finish(tasks::ancestor(to));
    finish(from.recv().unwrap());
    (start(from.recv().unwrap()), from)
}

/// So many generations that all ended ancestors but the nearest are taken out; then their slots are used.
fn cut_lineage(from: &Receiver<Held>) {
    (0..200).for_each(|_| finish(from.recv().unwrap()));
    std::mem::forget(Vec::from_iter((0..100).map(|_| tasks::named_at_length())));
}

/// In a process of its own, because of the function through which names go: between two ancestors that the
/// report shows, it has the lineage cut.
#[test]
#[ignore = "run by the one below"]
fn panics() {
    static CUT: OnceLock<Box<dyn Fn() + Send + Sync>> = OnceLock::new();
    birthmark::builder()
        .redact_names(|name| {
            if name == "ancestor" && std::thread::panicking() {
                CUT.get().unwrap()();
            }
            name.into()
        })
        .install();
    let (survivor, from) = survivor();
    let from = Mutex::new(from);
    let cut = move || cut_lineage(&from.lock().unwrap());
    assert!(CUT.set(Box::new(cut)).is_ok());
    assert!(std::thread::spawn(|| finish(survivor)).join().is_err());
}

#[test]
fn panic_shows_no_ancestor_that_is_another_by_now() {
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", "panics", "--ignored", "--nocapture"];
    let output = Command::new(program).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{} {text}", output.status);
    let line = text.lines().find(|line| line.starts_with("    by "));
    let rest = r#"    by       3 "ancestor" ancestor::{async} < ? (ended while it was read)"#;
    assert!(line.is_some_and(|line| line.ends_with(rest)), "{text}");
}

type Parents = [Option<TaskId>; 2];

struct AtEnd(Mutex<Sender<Parents>>);

impl SpawnHook for AtEnd {
    fn on_spawn(&self, _: &mut Spawn<'_>) {}

    fn on_end(&self, task: &TaskRef<'_>, _: Outcome) {
        if task.role() == "survivor::{async}" {
            let parents = [task.parent(), birthmark::Task::of(task).parent()];
            self.0.lock().unwrap().send(parents).unwrap();
        }
    }
}

#[test]
fn hook_is_told_no_ancestor_for_the_parent() {
    let (to, parents) = channel();
    let _hook = birthmark::add_hook(AtEnd(Mutex::new(to)));
    let (survivor, from) = survivor();
    cut_lineage(&from);
    drop(survivor);
    assert_eq!(parents.recv().unwrap(), [None, None]);
}
