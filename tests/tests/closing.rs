//! The task of a closure drops everything that the closure owns, and ends after that.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use birthmark::{SiteStats, State, Task, TaskId};
use birthmark_integration_tests::{only_stats_in, os_thread, spawn, stats_in, wait_until};
use birthmark_test_support as _;

/// How long something is waited for that must come.
const PATIENCE: Duration = Duration::from_secs(120);

/// Observations of a destructor.
struct Seen {
    task: Option<Task>,
    thread: u64,
}

/// A value that a closure owns. Its destructor sends what it sees.
struct Owned(Sender<Seen>, &'static str);

impl Owned {
    fn new() -> (Self, Receiver<Seen>) {
        Self::that("")
    }

    fn that(does: &'static str) -> (Self, Receiver<Seen>) {
        let (sender, receiver) = channel();
        (Owned(sender, does), receiver)
    }

    /// Mentions it in the body of a closure.
    fn touch(&self) {}
}

impl Drop for Owned {
    fn drop(&mut self) {
        let seen = Seen {
            task: birthmark::current(),
            thread: os_thread(),
        };
        self.0.send(seen).unwrap();
        match self.1 {
            "panics" => std::panic::resume_unwind(Box::new("in a destructor")),
            "spawns" => nested::closures(),
            _ => {}
        }
    }
}

/// Checks that the destructor ran in the only task of a site, which was running, and returns the site's counts
/// once the task has ended.
#[track_caller]
fn check(seen: &Receiver<Seen>, module: &str, function: &str) -> SiteStats {
    let seen = seen.recv_timeout(PATIENCE).expect("the destructor runs");
    let task = seen.task.expect("the destructor runs in a task");
    let path = format!("{}::{module}", module_path!());
    let site = task.site().expect("the task has a site");
    assert_eq!((site.module_path(), site.function()), (&*path, function));
    let running = State::Running {
        thread: Some(seen.thread),
    };
    assert_eq!(task.state(), running, "{task}");
    wait_until("the task has ended", || {
        only_stats_in(&path, function).live == 0
    });
    only_stats_in(&path, function)
}

/// How many have completed, panicked, and were cancelled.
fn ends(stats: &SiteStats) -> (u64, u64, u64) {
    (stats.completed, stats.panicked, stats.cancelled)
}

/// A closure that must be called by value.
fn once(owned: Owned) -> impl FnOnce() {
    move || drop(owned)
}

/// A closure that must be called by an exclusive reference.
fn counting(owned: Owned) -> impl FnMut() {
    let mut calls = 0;
    move || {
        owned.touch();
        calls += 1;
        assert!(calls < 3);
    }
}

#[birthmark::instrument]
mod ways {
    use super::*;

    pub fn std_thread(owned: Owned) {
        thread::spawn(move || owned.touch()).join().unwrap();
    }

    pub fn builder(owned: Owned) {
        let builder = thread::Builder::new();
        builder
            .spawn(move || owned.touch())
            .unwrap()
            .join()
            .unwrap();
    }

    pub fn scoped(owned: Owned) {
        thread::scope(|scope| {
            scope.spawn(move || owned.touch());
        });
    }

    /// Moves the variable in, because one way through the body gives it away.
    pub fn without_move(owned: Owned) {
        thread::scope(|scope| {
            scope.spawn(|| {
                if os_thread() == 0 {
                    drop(owned);
                }
            });
        });
    }

    pub fn crossbeam_scope(owned: Owned) {
        crossbeam::thread::scope(|scope| {
            scope.spawn(move |_| owned.touch());
        })
        .unwrap();
    }

    pub fn blocking(owned: Owned) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let job = runtime.spawn_blocking(move || owned.touch());
        runtime.block_on(job).unwrap();
    }

    pub fn rayon_job(owned: Owned) {
        rayon::spawn(move || owned.touch());
    }

    pub fn threadpool_job(owned: Owned) {
        let pool = threadpool::ThreadPool::new(1);
        pool.execute(move || owned.touch());
        pool.join();
    }

    pub fn early_return(owned: Owned) {
        spawn(move || {
            owned.touch();
            if os_thread() != 0 {
                return;
            }
            owned.touch();
        })();
    }

    pub fn variable_once(owned: Owned) {
        let task = once(owned);
        spawn(task)();
    }

    pub fn variable_mut(owned: Owned) {
        let task = counting(owned);
        let mut task = spawn(task);
        task();
        task();
    }

    pub fn variable_shared(owned: Owned) {
        let task = move || owned.touch();
        let task = spawn(task);
        task();
        task();
    }

    pub fn boxed(owned: Owned) {
        let task: Box<dyn FnOnce()> = Box::new(move || owned.touch());
        spawn(task)();
    }

    pub fn called_twice(owned: Owned) {
        let task = spawn(move || owned.touch());
        task();
        task();
    }

    pub fn named(owned: Owned) {
        spawn(birthmark::named!("one" => move || owned.touch()))();
    }

    pub fn spawns_in_its_destructor(owned: Owned) {
        spawn(move || owned.touch())();
    }
}

#[birthmark::instrument]
mod nested {
    use super::*;

    /// The id of this thread's task, which is made by the spawn if there is none.
    pub fn own_id() -> TaskId {
        drop(spawn(|| ()));
        birthmark_integration_tests::own_id()
    }

    /// Closures that end while another one does.
    pub fn closures() {
        let (owned, seen) = Owned::new();
        called(owned);
        check(&seen, "nested", "called");
        let (owned, seen) = Owned::new();
        dropped(owned);
        check(&seen, "nested", "dropped");
    }

    pub fn called(owned: Owned) {
        spawn(move || owned.touch())();
    }

    pub fn dropped(owned: Owned) {
        drop(spawn(move || owned.touch()));
    }
}

#[test]
fn task_goes_on_until_what_its_closure_owns_is_dropped() {
    type Way = (&'static str, fn(Owned));
    let ways: [Way; 15] = [
        ("std_thread", ways::std_thread),
        ("builder", ways::builder),
        ("scoped", ways::scoped),
        ("without_move", ways::without_move),
        ("crossbeam_scope", ways::crossbeam_scope),
        ("blocking", ways::blocking),
        ("rayon_job", ways::rayon_job),
        ("threadpool_job", ways::threadpool_job),
        ("early_return", ways::early_return),
        ("variable_once", ways::variable_once),
        ("variable_mut", ways::variable_mut),
        ("variable_shared", ways::variable_shared),
        ("boxed", ways::boxed),
        ("called_twice", ways::called_twice),
        ("named", ways::named),
    ];
    for (function, way) in ways {
        let (owned, seen) = Owned::new();
        way(owned);
        let stats = check(&seen, "ways", function);
        assert_eq!(ends(&stats), (1, 0, 0), "{function}");
    }
}

#[test]
fn closure_that_ends_inside_of_another_gives_the_thread_back_to_it() {
    let before = nested::own_id();
    let (owned, seen) = Owned::that("spawns");
    ways::spawns_in_its_destructor(owned);
    let stats = check(&seen, "ways", "spawns_in_its_destructor");
    assert_eq!(ends(&stats), (1, 0, 0));
    assert_eq!(nested::own_id(), before);
}

#[birthmark::instrument]
mod badly {
    use super::*;

    pub fn literal(owned: Owned) {
        drop(thread::spawn(move || owned.touch()).join());
    }

    pub fn many_times(owned: Owned) {
        let task = spawn(move || owned.touch());
        task();
        drop(task);
    }

    pub fn variable(owned: Owned) {
        let task = move || owned.touch();
        drop(spawn(task));
    }

    pub fn uncalled(owned: Owned) {
        drop(spawn(move || owned.touch()));
    }

    pub fn future(owned: Owned) {
        drop(spawn(async move { owned.touch() }));
    }

    pub fn body(owned: Owned) {
        let thread = thread::spawn(move || {
            owned.touch();
            std::panic::resume_unwind(Box::new("in the body"));
        });
        drop(thread.join());
    }
}

#[test]
fn destructor_that_panics_makes_its_task_one_that_panicked() {
    type Way = (&'static str, fn(Owned));
    let ways: [Way; 5] = [
        ("literal", badly::literal),
        ("many_times", badly::many_times),
        ("variable", badly::variable),
        ("uncalled", badly::uncalled),
        ("future", badly::future),
    ];
    for (function, way) in ways {
        let (owned, seen) = Owned::that("panics");
        let before = nested::own_id();
        let _ = catch_unwind(AssertUnwindSafe(|| way(owned)));
        assert_eq!(nested::own_id(), before);
        let stats = check(&seen, "badly", function);
        assert_eq!(ends(&stats), (0, 1, 0), "{function}");
    }
}

#[test]
fn closure_whose_body_panics_drops_what_it_owns_as_its_task() {
    let (owned, seen) = Owned::new();
    badly::body(owned);
    assert_eq!(ends(&check(&seen, "badly", "body")), (0, 1, 0));
}

#[birthmark::instrument]
mod never {
    use super::*;

    pub fn literal(owned: Owned) {
        drop(spawn(move || owned.touch()));
    }

    pub fn by_value(owned: Owned) {
        drop(spawn(|| drop(owned)));
    }

    pub fn variable(owned: Owned) {
        let task = once(owned);
        drop(spawn(task));
    }

    pub fn shared_variable(owned: Owned) {
        let task = move || owned.touch();
        drop(spawn(task));
    }

    pub fn future(owned: Owned) {
        drop(spawn(async move { owned.touch() }));
    }
}

#[test]
fn closure_that_is_never_called_drops_what_it_owns_as_its_task() {
    type Way = (&'static str, fn(Owned));
    let ways: [Way; 5] = [
        ("literal", never::literal),
        ("by_value", never::by_value),
        ("variable", never::variable),
        ("shared_variable", never::shared_variable),
        ("future", never::future),
    ];
    for (function, way) in ways {
        let (owned, seen) = Owned::new();
        way(owned);
        let stats = check(&seen, "never", function);
        assert_eq!(ends(&stats), (0, 0, 1), "{function}");
    }
}

thread_local!(static CARRIED: Cell<bool> = const { Cell::new(false) });

/// Notes in its destructor whether a hook carries something here.
struct LooksAround(Sender<bool>);

impl Drop for LooksAround {
    fn drop(&mut self) {
        self.0.send(CARRIED.get()).unwrap();
    }
}

impl LooksAround {
    fn touch(&self) {}
}

#[birthmark::instrument]
mod carried {
    use super::*;

    pub fn once(owned: LooksAround) {
        thread::spawn(move || owned.touch()).join().unwrap();
    }
}

#[test]
fn guard_of_a_hook_is_entered_while_a_closure_drops_its_captures() {
    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            CARRIED.set(false);
        }
    }
    let path = concat!(module_path!(), "::carried");
    let hook = birthmark::add_hook(move |spawn: &mut birthmark::Spawn<'_>| {
        if spawn.site().module_path() == path {
            spawn.enter_with(|| {
                CARRIED.set(true);
                Guard
            });
        }
    });
    let (sender, receiver) = channel();
    carried::once(LooksAround(sender));
    assert!(receiver.recv_timeout(PATIENCE).unwrap());
    drop(hook);
    assert_eq!(stats_in(path, "once")[0].completed, 1);
}

#[birthmark::instrument]
mod lent {
    use super::*;

    pub fn scope(owned: Owned) {
        spawn(|| {
            rayon::scope(move |_| owned.touch());
            assert!(birthmark::current().is_some());
        })();
    }
}

#[test]
fn closure_that_works_for_a_task_which_waits_drops_what_it_owns_as_that() {
    let (owned, seen) = Owned::new();
    lent::scope(owned);
    let seen = seen.recv_timeout(PATIENCE).unwrap();
    let task = seen
        .task
        .expect("the destructor runs for the task that waits");
    assert_eq!(task.site().map(|site| site.function()), Some("scope"));
}
