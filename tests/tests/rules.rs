//! Rules in one process: for which tasks they hold, how often they report, and what their functions may do.
//!
//! A rule stays, so each test has a role of its own.

use birthmark_test_support as _;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use birthmark::{Action, RuleReport, RuleStats, add_rule};
use birthmark_integration_tests::wait_until;
use tokio::runtime::{Builder, Runtime};

fn runtime(workers: usize) -> Runtime {
    birthmark::install();
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap()
}

/// The reports of one rule.
#[derive(Clone, Default)]
struct Reports(Arc<Mutex<Vec<RuleReport>>>);

impl Reports {
    #[track_caller]
    fn of(rule: &str) -> Self {
        let reports = Reports::default();
        let to = reports.clone();
        let note = move |report: &RuleReport| {
            to.0.lock().unwrap().push(report.clone());
        };
        add_rule(rule, Action::call(note)).unwrap();
        reports
    }

    fn all(&self) -> Vec<RuleReport> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    #[track_caller]
    fn wait(&self, count: usize) -> Vec<RuleReport> {
        wait_until("the rule reports", || self.all().len() >= count);
        self.all()
    }
}

fn stats(rule: &str) -> RuleStats {
    let mut rules = birthmark::rules().into_iter();
    rules.find(|it| &*it.rule == rule).unwrap()
}

static GO: AtomicBool = AtomicBool::new(false);

#[birthmark::instrument]
mod work {
    use super::*;
    use tokio::sync::oneshot;

    pub async fn spin_one(over: Arc<AtomicBool>) {
        while !over.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub async fn spins(over: &Arc<AtomicBool>) {
        tokio::spawn(spin_one(over.clone()));
    }

    pub async fn starve_one() {
        tokio::task::yield_now().await;
    }

    pub async fn hog(over: Arc<AtomicBool>) {
        tokio::spawn(starve_one());
        // The other one has had its first poll, and waits for the second.
        tokio::task::yield_now().await;
        while !over.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub async fn starves(over: &Arc<AtomicBool>) {
        tokio::spawn(hog(over.clone()));
    }

    pub async fn wait_one(end: oneshot::Receiver<()>) {
        let _ = end.await;
    }

    pub async fn waits(count: usize) -> Vec<oneshot::Sender<()>> {
        let mut ends = Vec::new();
        for _ in 0..count {
            let (end, receiver) = oneshot::channel();
            tokio::spawn(wait_one(receiver));
            ends.push(end);
        }
        ends
    }

    pub async fn lost_one() {
        std::future::pending::<()>().await;
    }

    pub async fn loses() {
        tokio::spawn(lost_one());
    }

    pub async fn churn_one(number: usize) {
        tokio::task::yield_now().await;
        assert!(!number.is_multiple_of(7), "every seventh panics");
    }

    pub async fn churn() {
        while !GO.load(Ordering::Relaxed) {
            let tasks: Vec<_> = (1..200)
                .map(|number| tokio::spawn(churn_one(number)))
                .collect();
            for (number, task) in tasks.into_iter().enumerate() {
                if number % 3 == 0 {
                    task.abort();
                }
                let _ = task.await;
            }
        }
    }

    pub async fn named_one(end: oneshot::Receiver<()>) {
        let _ = end.await;
    }

    pub async fn named(tenants: &[&str]) -> Vec<oneshot::Sender<()>> {
        let mut ends = Vec::new();
        for tenant in tenants {
            let (end, receiver) = oneshot::channel();
            birthmark::with_label("tenant", *tenant, || {
                tokio::spawn(birthmark::named!("{tenant}" => named_one(receiver)))
            });
            ends.push(end);
        }
        ends
    }

    pub fn nested() {
        thread::spawn(|| ()).join().unwrap();
    }
}

#[test]
fn poll_that_does_not_end_is_reported_with_its_end() {
    let (runtime, over) = (runtime(2), Arc::new(AtomicBool::new(false)));
    let reports = Reports::of("role=*spin_one&state=running&for=200ms");
    runtime.block_on(work::spins(&over));
    let first = reports.wait(1).remove(0);
    assert!(!first.has_ended());
    assert_eq!((first.task_count(), first.tasks().len()), (1, 1));
    assert_eq!(first.tasks()[0].role(), "spin_one");
    assert!(
        first
            .line()
            .contains("spin_one has been in one poll for 0."),
        "{first}"
    );
    assert!(first.to_string().contains("on thread"), "{first}");
    assert_eq!(stats(first.rule()).active, 1);
    over.store(true, Ordering::Relaxed);
    let last = reports.wait(2).remove(1);
    assert!(last.has_ended(), "{last}");
    assert!(
        last.line().contains(" ended after ") || last.line().contains(" ran on after "),
        "{last}"
    );
    wait_until("the rule holds no longer", || {
        stats(first.rule()).active == 0
    });
    assert_eq!(stats(first.rule()).fired, 1);
}

#[test]
fn runnable_task_without_a_turn_is_reported() {
    let (runtime, over) = (runtime(1), Arc::new(AtomicBool::new(false)));
    let reports = Reports::of("role=*starve_one&state=runnable&for=200ms");
    let hogs = Reports::of("role=*hog&state=running&for=400ms");
    runtime.block_on(work::starves(&over));
    let report = reports.wait(1).remove(0);
    assert!(report.line().contains("and has had no turn"), "{report}");
    let hog = hogs.wait(1).remove(0);
    assert!(
        hog.line().contains(" runnable meanwhile, for up to 0."),
        "{hog}"
    );
    assert!(
        hog.to_string().contains("  runnable meanwhile\n    task "),
        "{hog}"
    );
    over.store(true, Ordering::Relaxed);
    assert!(reports.wait(2)[1].has_ended());
}

#[test]
fn tasks_of_one_place_are_one_report() {
    let runtime = runtime(1);
    let ends = runtime.block_on(work::waits(20));
    wait_until("all wait", || {
        let waiting = birthmark::tasks().into_iter();
        waiting
            .filter(|task| task.role() == "wait_one" && task.polls() == 1)
            .count()
            == 20
    });
    let reports = Reports::of("role=*wait_one&older=100ms");
    let counts = Reports::of("count(role)>19&role=*wait_one");
    let report = reports.wait(1).remove(0);
    assert_eq!((report.task_count(), report.tasks().len()), (20, 16));
    assert!(report.line().ends_with("; 19 more such tasks"), "{report}");
    let count = counts.wait(1).remove(0);
    assert_eq!(count.line(), "20 tasks with the role \"wait_one\"");
    let more = runtime.block_on(work::waits(1));
    wait_until("the new one is suppressed", || {
        stats(report.rule()).suppressed == 1
    });
    drop((ends, more));
    assert_eq!(reports.wait(2)[1].task_count(), 20);
    assert!(counts.wait(2)[1].has_ended());
    assert_eq!(stats(report.rule()).fired, 1);
}

#[test]
fn task_that_nothing_can_wake_is_reported() {
    let runtime = runtime(1);
    let reports = Reports::of("no-waker&role=*lost_one&for=300ms");
    runtime.block_on(work::loses());
    let report = reports.wait(1).remove(0);
    assert!(report.line().contains(" and no waker is left"), "{report}");
    drop(runtime);
    assert!(reports.wait(2)[1].line().contains(" ended after "));
}

#[test]
fn tasks_are_selected_and_counted_by_name_and_label() {
    let runtime = runtime(1);
    let tenants = ["acme", "acme", "acme", "globex"];
    let ends = runtime.block_on(work::named(&tenants));
    let by_name = Reports::of("count(name)>2&role=*named_one");
    let by_label = Reports::of("count(label.tenant)>2&role=*named_one");
    let one = Reports::of("label=tenant=globex&role=*named_one&older=100ms");
    assert_eq!(by_name.wait(1)[0].line(), "3 tasks with the name \"acme\"");
    assert_eq!(
        by_label.wait(1)[0].line(),
        "3 tasks with the label \"tenant=acme\""
    );
    assert_eq!(one.wait(1)[0].tasks()[0].label("tenant"), Some("globex"));
    drop(ends);
    assert!(by_name.wait(2)[1].has_ended());
}

#[test]
fn reports_beyond_the_limit_are_counted() {
    birthmark::install();
    let reports = Reports::of("kind=thread&name=limited-*&at-most=1/min");
    let (stop, wait) = std::sync::mpsc::channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    threads::three(&wait);
    wait_until("two are suppressed", || {
        stats("kind=thread&name=limited-*&at-most=1/min").suppressed == 2
    });
    drop(stop);
    wait_until("the rule holds no longer", || {
        stats("kind=thread&name=limited-*&at-most=1/min").active == 0
    });
    assert_eq!(reports.wait(2).len(), 2);
}

#[birthmark::instrument]
mod threads {
    use super::*;
    use std::sync::mpsc::Receiver;

    /// Three threads at three sites.
    pub fn three(wait: &Arc<Mutex<Receiver<()>>>) {
        let hold = |wait: Arc<Mutex<Receiver<()>>>| {
            move || {
                let _ = wait.lock().unwrap_or_else(PoisonError::into_inner).recv();
            }
        };
        birthmark::with_name("limited-1", || thread::spawn(hold(wait.clone())));
        birthmark::with_name("limited-2", || thread::spawn(hold(wait.clone())));
        birthmark::with_name("limited-3", || thread::spawn(hold(wait.clone())));
    }
}

#[test]
fn function_of_a_rule_may_spawn_dump_and_add_a_rule() {
    let runtime = runtime(1);
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let act = Action::call(|_| {
        work::nested();
        println!("{}", birthmark::dump().tree());
        add_rule("role=none-of-this-name&older=1h", Action::log()).unwrap();
        assert!(birthmark::write_dump().is_ok());
        CALLS.fetch_add(1, Ordering::Relaxed);
    });
    let rule = "name=acting&role=*block_one&older=100ms";
    add_rule(rule, act.and(Action::stacks())).unwrap();
    let ends = birthmark::with_name("acting", || runtime.block_on(blocks::one()));
    wait_until("the function has returned", || {
        CALLS.load(Ordering::Relaxed) == 1
    });
    assert_eq!(stats("role=none-of-this-name&older=1h").fired, 0);
    drop(ends);
    wait_until("its end is noted", || stats(rule).active == 0);
}

#[test]
fn function_that_blocks_stops_no_other_rule() {
    let runtime = runtime(1);
    let (stop, wait) = std::sync::mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let started = Arc::new(AtomicBool::new(false));
    let note = started.clone();
    let block = Action::call(move |_| {
        note.store(true, Ordering::Relaxed);
        let _ = wait.lock().unwrap_or_else(PoisonError::into_inner).recv();
    });
    add_rule("name=blocking&role=*block_one&older=100ms", block).unwrap();
    let ends = birthmark::with_name("blocking", || runtime.block_on(blocks::one()));
    wait_until("the function runs", || started.load(Ordering::Relaxed));
    let other = Reports::of("name=blocking&role=*block_one&older=200ms");
    other.wait(1);
    drop(ends);
    // The end is left out, because the function has not returned.
    wait_until("a call is left out", || {
        stats("name=blocking&role=*block_one&older=100ms").suppressed == 1
    });
    drop(stop);
}

#[birthmark::instrument]
mod blocks {
    use tokio::sync::oneshot;

    pub async fn block_one(end: oneshot::Receiver<()>) {
        let _ = end.await;
    }

    pub async fn one() -> oneshot::Sender<()> {
        let (end, receiver) = oneshot::channel();
        tokio::spawn(block_one(receiver));
        end
    }
}

/// Tasks end, panic and are aborted while rules look at them.
#[test]
fn rules_hold_while_tasks_come_and_go() {
    let runtime = runtime(2);
    let quiet = Action::call(|_| ());
    for rule in [
        "role=*churn_one&older=1h",
        "role=*churn_one&state=running",
        "role=*churn_one&state=runnable",
        "role=*churn_one&name=",
        "count(name)>1&role=*churn_one",
        "count(site)>100&role=*churn_one",
    ] {
        add_rule(rule, quiet.clone()).unwrap();
    }
    let churning = runtime.spawn(work::churn());
    wait_until("rules have seen tasks", || {
        stats("count(site)>100&role=*churn_one").fired > 0
            && stats("role=*churn_one&name=").fired > 0
    });
    GO.store(true, Ordering::Relaxed);
    runtime.block_on(churning).unwrap();
    wait_until("nothing is followed any more", || {
        let rules = birthmark::rules().into_iter();
        rules
            .filter(|rule| rule.rule.contains("churn_one"))
            .all(|rule| rule.active == 0)
    });
}

#[birthmark::instrument]
mod boxed {
    use super::*;
    use tokio::sync::oneshot;

    pub async fn boxed_one(end: oneshot::Receiver<()>) {
        let _ = birthmark::timebox(Duration::from_millis(200), end).await;
    }

    pub async fn box_tasks() -> Vec<oneshot::Sender<()>> {
        let mut ends = Vec::new();
        let (end, receiver) = oneshot::channel();
        tokio::spawn(boxed_one(receiver));
        ends.push(end);
        let (end, receiver) = oneshot::channel();
        tokio::spawn(hooked_one(receiver));
        ends.push(end);
        tokio::spawn(birthmark::timebox(Duration::from_millis(100), async {}));
        ends
    }

    pub async fn hooked_one(end: oneshot::Receiver<()>) {
        let _ = end.await;
    }
}

#[test]
fn future_and_task_that_exceed_their_timebox_are_reported() {
    use birthmark::TimeboxSpawn;

    let runtime = runtime(1);
    let reports = Reports::of("timebox");
    let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| {
        if spawn.role() == "hooked_one" {
            spawn.timebox(Duration::from_millis(100));
        }
    });
    let mut ends = runtime.block_on(boxed::box_tasks());
    let hooked = reports.wait(1).remove(0);
    assert!(
        hooked
            .line()
            .starts_with("the timebox at tests/tests/rules.rs:"),
        "{hooked}"
    );
    assert!(
        hooked
            .line()
            .contains(" has taken longer than 100ms: task "),
        "{hooked}"
    );
    assert_eq!(hooked.tasks()[0].role(), "hooked_one");
    // The first call of a function is over before the next report.
    wait_until("both last", || stats("timebox").active == 2);
    ends.truncate(0);
    wait_until("both have ended", || stats("timebox").active == 0);
    hook.remove();
    let count = stats("timebox");
    assert_eq!(count.fired, 2, "{count}");
}

/// Timeboxes come and go on several threads, some in time and some late.
#[test]
fn timeboxes_end_on_any_thread() {
    birthmark::install();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            thread::spawn(|| {
                for _ in 0..2000 {
                    let boxed = birthmark::timebox(Duration::from_secs(100), async { 1 });
                    assert_eq!(birthmark_integration_tests::block_on(boxed), 1);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[birthmark::instrument]
mod trees {
    pub async fn tree_leaf() {
        std::future::pending::<()>().await;
    }

    pub async fn tree_root() {
        let _leaf = tokio::spawn(tree_leaf());
        std::future::pending::<()>().await;
    }

    pub fn plant() {
        tokio::spawn(tree_root());
    }
}

#[test]
fn rule_aborts_a_task_and_its_subtree() {
    let runtime = runtime(1);
    let count = || {
        let tasks = birthmark::tasks().into_iter();
        tasks.filter(|task| task.role().contains("tree_")).count()
    };
    let scope = birthmark::AbortScope::new();
    scope.enter(|| {
        let _inside = runtime.enter();
        trees::plant();
    });
    wait_until("both wait", || count() == 2);
    add_rule("role=*tree_root&older=100ms", Action::abort_tree()).unwrap();
    wait_until("both are aborted", || count() == 0);
    wait_until("the report is written", || {
        stats("role=*tree_root&older=100ms").fired == 1
    });
}

/// A rule of very many tasks follows some of them. The others do not end because of that, and other rules have room.
#[test]
fn rule_of_very_many_tasks_alleges_no_end() {
    let runtime = runtime(1);
    let many = Reports::of("role=*many_one&older=100ms");
    let one = Reports::of("role=*one_of_many&older=100ms");
    let first = runtime.block_on(many::many(3000));
    many.wait(1);
    // Slots of tasks that have ended are used again, so the walk meets others first.
    let (ends, late) = runtime.block_on(async {
        let mut ends = many::many(3000).await;
        ends.truncate(2000);
        (ends, many::one().await)
    });
    one.wait(1);
    for pass in 0..5 {
        thread::sleep(Duration::from_millis(150));
        assert!(
            many.all().iter().all(|report| !report.has_ended()),
            "pass {pass}"
        );
    }
    drop((first, ends, late));
    let reports = many.wait(2);
    assert!(reports[1].has_ended());
    assert!(one.wait(2)[1].has_ended());
}

#[birthmark::instrument]
mod many {
    use tokio::sync::oneshot;

    pub async fn many_one(end: oneshot::Receiver<()>) {
        let _ = end.await;
    }

    pub async fn many(count: usize) -> Vec<oneshot::Sender<()>> {
        let mut ends = Vec::new();
        for _ in 0..count {
            let (end, receiver) = oneshot::channel();
            tokio::spawn(many_one(receiver));
            ends.push(end);
        }
        ends
    }

    pub async fn one_of_many(end: oneshot::Receiver<()>) {
        let _ = end.await;
    }

    pub async fn one() -> oneshot::Sender<()> {
        let (end, receiver) = oneshot::channel();
        tokio::spawn(one_of_many(receiver));
        end
    }
}
