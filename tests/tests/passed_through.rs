//! Arguments of spawn calls that are of no known kind of task: they have no record, and coverage says how many there
//! were. A call that may be no spawn counts as a site once a task came of it.

use std::future::{Future, ready};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use birthmark::{Coverage, Outcome, Spawn, SpawnHook, TaskRef, add_hook, named};
use birthmark_integration_tests::{block_on, only_stats_in, stats_in};

/// Counts are of the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn coverage() -> Coverage {
    birthmark::dump().coverage().clone()
}

/// A task of another kind than the standard library's, as those of futures 0.1.
struct Old;

trait OldFuture {
    fn run(self);
}

impl OldFuture for Old {
    fn run(self) {}
}

/// A trait that each future implements.
trait Work {}

impl<F: Future> Work for F {}

/// Executors whose signatures are not in sight of the attribute.
mod executors {
    use super::*;

    pub fn spawn(task: impl OldFuture) {
        task.run();
    }

    pub fn spawn_local<T: Work>(task: T) -> T {
        task
    }

    pub fn spawn_ok(_: &Old) {}

    pub struct Client;

    impl Client {
        /// Sends a request, or does a job.
        pub fn execute<T>(&self, request: T) -> T {
            request
        }
    }
}

#[birthmark::instrument]
mod calls {
    use super::executors::{self, Client};
    use super::*;

    fn old() -> Old {
        Old
    }

    pub fn value() {
        executors::spawn(old());
    }

    pub fn place() {
        let task = old();
        executors::spawn(task);
    }

    pub fn reference(task: &Old) {
        executors::spawn_ok(task);
    }

    pub fn named() {
        executors::spawn(named!("never seen" => old()));
    }

    pub fn while_off() {
        executors::spawn(old());
    }

    pub fn handed_by_a_recorded_call() {
        block_on(relay::spawn(ready(())));
    }

    pub mod relay {
        use super::*;

        /// The bound does not show that it is a future.
        pub fn spawn<T: Work>(task: T) -> T {
            executors::spawn_local(task)
        }
    }

    pub fn named_for_an_inner_task() {
        executors_in_sight::spawn(named!("lost" => old()));
    }

    pub mod executors_in_sight {
        use super::*;

        pub fn spawn<T: OldFuture + Send + 'static>(task: T) {
            std::thread::spawn(|| task.run()).join().unwrap();
        }
    }

    pub fn request() -> Old {
        Client.execute(old())
    }

    pub fn job() -> impl FnOnce() -> u32 {
        Client.execute(make_job())
    }

    fn make_job() -> impl FnOnce() -> u32 {
        || 5
    }

    pub fn literal_job() -> impl FnOnce() -> u32 {
        Client.execute(move || 6)
    }
}

const CALLS: &str = "passed_through::calls";

/// Asserts how many arguments a site has passed through, and that no task came of it.
#[track_caller]
fn check(function: &str, passed_through: u64) {
    let stats = only_stats_in(CALLS, function);
    assert_eq!(stats.passed_through, passed_through, "{stats:?}");
    assert_eq!((stats.spawned(), stats.refused), (0, 0), "{stats:?}");
}

#[test]
fn arguments_of_no_known_kind_are_counted_in_each_form_of_a_dump() {
    let _alone = alone();
    let before = coverage().passed_through();
    calls::value();
    calls::value();
    calls::place();
    check("value", 2);
    check("place", 1);
    let dump = birthmark::dump();
    let coverage = dump.coverage();
    assert_eq!(coverage.passed_through(), before + 3);
    let sites = coverage.sites_without_task();
    for function in ["value", "place"] {
        assert!(sites.iter().any(|site| site.function() == function));
    }
    let arguments = format!("; {} arguments of ", before + 3);
    let text = coverage.to_string();
    assert!(text.contains(&arguments), "{text}");
    let first = format!(
        " spawn calls were no known kind of task (not recorded: {}, ",
        sites[0]
    );
    assert!(text.contains(&first), "{text}");
    let json: serde_json::Value = serde_json::from_str(&dump.json().to_string()).unwrap();
    let json = &json["coverage"];
    assert_eq!(json["passed_through"], before + 3);
    let listed = json["sites_without_task"].as_array().unwrap();
    assert_eq!(listed.len(), sites.len());
    assert_eq!(listed[0]["line"], sites[0].line());
}

#[test]
fn borrowed_argument_is_no_task() {
    let _alone = alone();
    calls::reference(&Old);
    check("reference", 0);
}

#[test]
fn argument_while_off_is_not_counted() {
    let _alone = alone();
    birthmark::disable();
    calls::while_off();
    birthmark::enable();
    check("while_off", 0);
    calls::while_off();
    check("while_off", 1);
}

/// Attaches itself to each task, and records how it ends.
struct Watcher(Arc<Mutex<Vec<Outcome>>>);

impl SpawnHook for Watcher {
    fn on_spawn(&self, spawn: &mut Spawn<'_>) {
        spawn.enter_with(|| ());
    }

    fn on_end(&self, task: &TaskRef<'_>, outcome: Outcome) {
        if task.site().function() == "named" {
            self.0.lock().unwrap().push(outcome);
        }
    }
}

#[test]
fn named_argument_that_is_no_task_counts_as_none() {
    let _alone = alone();
    calls::named();
    check("named", 1);
    let ends = Arc::new(Mutex::default());
    let hook = add_hook(Watcher(Arc::clone(&ends)));
    calls::named();
    hook.remove();
    assert_eq!(*ends.lock().unwrap(), [Outcome::Cancelled]);
    check("named", 2);
    let refuse = add_hook(|spawn: &mut Spawn<'_>| {
        if spawn.site().function() == "named" {
            spawn.refuse("over the quota");
        }
    });
    calls::named();
    refuse.remove();
    check("named", 3);
}

#[test]
fn named_argument_leaves_the_inner_task_its_record() {
    let _alone = alone();
    calls::named_for_an_inner_task();
    check("named_for_an_inner_task", 1);
    let inner = only_stats_in("passed_through::calls::executors_in_sight", "spawn");
    assert_eq!((inner.spawned(), inner.passed_through), (1, 0));
}

#[test]
fn task_that_is_recorded_by_its_first_call_is_not_unseen_by_the_second() {
    let _alone = alone();
    calls::handed_by_a_recorded_call();
    let outer = only_stats_in(CALLS, "handed_by_a_recorded_call");
    assert_eq!((outer.completed, outer.passed_through), (1, 0));
    let inner = only_stats_in("passed_through::calls::relay", "spawn");
    assert_eq!((inner.spawned(), inner.passed_through), (0, 0));
}

#[test]
fn call_that_may_be_no_spawn_is_a_site_once_a_task_came_of_it() {
    let _alone = alone();
    let is_listed = |function: &str| {
        assert_eq!(coverage().sites(), birthmark::sites().len());
        !stats_in(CALLS, function).is_empty()
    };
    calls::request().run();
    assert!(!is_listed("request"));
    let dump = coverage();
    let is_request = |site: &&birthmark::Site| site.function() == "request";
    assert!(!dump.sites_without_task().iter().any(is_request));
    assert!(!is_listed("job"));
    let job = calls::job();
    assert!(is_listed("job"), "while it is alive");
    assert_eq!(job(), 5);
    assert!(is_listed("job"), "when it has ended");
    assert!(
        is_listed("literal_job"),
        "a closure shows that it is a spawn"
    );
    assert_eq!(calls::literal_job()(), 6);
}
