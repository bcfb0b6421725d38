//! Leaks in tests: tasks that outlive the scope of a check. A check whose grace is zero depends on no time.

use birthmark_test_support as _;

use std::future::pending;
use std::sync::{Arc, Barrier, mpsc};
use std::time::{Duration, Instant};

use birthmark::{LeakCheck, Leaks};
use tokio::runtime::Runtime;
use tokio::task::{JoinHandle, yield_now};

fn current_thread() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

fn impatient() -> LeakCheck {
    LeakCheck::new().grace(Duration::ZERO)
}

#[birthmark::instrument]
mod conn {
    use super::*;

    async fn read(socket: u32) {
        assert!(socket < 3);
        pending::<()>().await
    }

    pub async fn read_loop(socket: u32) {
        read(socket).await
    }

    pub async fn ends_in_its_turn() {
        for _ in 0..5 {
            yield_now().await;
        }
    }

    pub fn open(socket: u32) -> JoinHandle<()> {
        tokio::spawn(read_loop(socket))
    }

    pub async fn leaves_two_loops() {
        open(1);
        open(2);
        yield_now().await;
    }

    pub async fn leaves_a_grandchild() {
        tokio::spawn(async {
            tokio::spawn(read_loop(0));
        })
        .await
        .unwrap();
    }

    pub async fn leaves_what_ends_soon() {
        tokio::spawn(ends_in_its_turn());
    }

    pub async fn aborts_at_its_end() {
        open(1).abort();
    }

    pub async fn leaves_a_root() {
        tokio::spawn(birthmark::root!(read_loop(0)));
    }

    pub async fn leaves_a_labelled_one() {
        birthmark::with_label("shared", "yes", || tokio::spawn(read_loop(1)));
        tokio::spawn(read_loop(2));
        yield_now().await;
    }

    pub fn flush(until: mpsc::Receiver<()>) -> std::thread::JoinHandle<()> {
        std::thread::spawn(move || {
            let _ = until.recv();
        })
    }

    pub fn joined() {
        std::thread::spawn(|| 1 + 1).join().unwrap();
    }

    pub fn on_a_thread<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
        std::thread::spawn(test).join().unwrap()
    }
}

fn leaks(check: LeakCheck, future: impl Future<Output = ()>) -> Result<(), Leaks> {
    current_thread().block_on(check.run(future)).1
}

#[test]
fn tasks_that_outlive_the_scope_are_counted_in_groups() {
    let leaks = leaks(impatient(), conn::leaves_two_loops()).unwrap_err();
    assert_eq!(leaks.count(), 2);
    let text = leaks.to_string();
    let (line, tree) = text.split_once("\n\n").unwrap();
    let (start, end) = line.split_once(" spawned at ").unwrap();
    assert_eq!(start, "2 tasks outlived the test: 2 × read_loop");
    let file = file!();
    assert!(end.starts_with(&format!("{file}:")), "{line}");
    assert!(end.contains(&format!(", waiting at {file}:")), "{line}");
    assert!(end.ends_with(" for pending"), "{line}");
    assert!(tree.contains("read_loop  waiting"), "{tree}");
    assert!(!tree.contains("coverage: "), "{tree}");
}

#[test]
fn grandchild_whose_parent_has_ended_is_a_leak() {
    let leaks = leaks(impatient(), conn::leaves_a_grandchild()).unwrap_err();
    assert_eq!(leaks.count(), 1);
}

#[test]
fn scope_that_is_clean_waits_for_nothing() {
    let hour = LeakCheck::new().grace(Duration::from_secs(3600));
    let start = Instant::now();
    leaks(hour.clone(), async { conn::joined() }).unwrap();
    leaks(hour.clone(), conn::leaves_a_root()).unwrap();
    // These end in turns of their executor, and not by a time.
    leaks(hour.clone(), conn::leaves_what_ends_soon()).unwrap();
    leaks(hour, conn::aborts_at_its_end()).unwrap();
    assert!(start.elapsed() < Duration::from_secs(3600));
}

#[test]
fn ignored_tasks_are_no_leaks() {
    let ignore = |filter: &str| impatient().ignore(filter.parse().unwrap());
    leaks(ignore("role=read_loop"), conn::leaves_two_loops()).unwrap();
    leaks(ignore("site=*leaks.rs:*"), conn::leaves_two_loops()).unwrap();
    let one = leaks(ignore("label=shared=yes"), conn::leaves_a_labelled_one()).unwrap_err();
    assert_eq!(one.count(), 1);
    let both = ignore("role=other").ignore("role=read*".parse().unwrap());
    leaks(both, conn::leaves_two_loops()).unwrap();
}

#[test]
fn assertion_panics_with_the_groups() {
    let runtime = current_thread();
    let assert = impatient().assert(conn::leaves_two_loops());
    let result =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(assert)));
    let payload = result.unwrap_err();
    let message = payload.downcast_ref::<String>().unwrap();
    assert!(
        message.starts_with("2 tasks outlived the test: 2 × read_loop "),
        "{message}"
    );
    runtime.block_on(birthmark::assert_no_leaks(async { conn::joined() }));
}

#[test]
fn scope_of_a_thread_finds_threads_of_its_own_alone() {
    let (until, wait) = mpsc::channel::<()>();
    let (early, early_wait) = mpsc::channel::<()>();
    let message = conn::on_a_thread(move || {
        let before = conn::flush(early_wait);
        let clean = impatient().scope();
        conn::joined();
        drop(clean);
        let scope = impatient().scope();
        let after = conn::flush(wait);
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(scope)));
        drop((until, early));
        before.join().unwrap();
        after.join().unwrap();
        *panic.unwrap_err().downcast::<String>().unwrap()
    });
    let line = message.lines().next().unwrap();
    assert!(
        line.starts_with("1 task outlived the test: 1 × Receiver::recv (thread) spawned at "),
        "{line}"
    );
    assert!(
        line.ends_with(", running") || line.ends_with(", created"),
        "{line}"
    );
}

#[test]
fn parallel_scopes_do_not_disturb_each_other() {
    let meet = Arc::new(Barrier::new(8));
    let tests = (0..8).map(|number| {
        let meet = meet.clone();
        std::thread::spawn(move || {
            let runtime = current_thread();
            let result = runtime.block_on(impatient().run(async {
                if number % 2 == 0 {
                    conn::leaves_two_loops().await;
                }
                // Each has spawned before any is checked.
                meet.wait();
            }));
            meet.wait();
            result.1.map_err(|leaks| leaks.count())
        })
    });
    let tests: Vec<_> = tests.collect();
    for (number, test) in tests.into_iter().enumerate() {
        let expected = if number % 2 == 0 { Err(2) } else { Ok(()) };
        assert_eq!(test.join().unwrap(), expected, "{number}");
    }
}

/// Tests that are tests: with the attribute alone, above that of tokio, and with arguments.
mod attribute {
    use super::*;

    #[birthmark::test]
    fn thread_that_is_joined_is_no_leak() {
        conn::joined();
        let task = birthmark::current().unwrap();
        let name = task.name().unwrap().as_str();
        assert_eq!(name, "attribute::thread_that_is_joined_is_no_leak");
    }

    #[birthmark::test]
    async fn test_is_a_root_with_its_name() -> Result<(), std::num::ParseIntError> {
        "7".parse::<u32>()?;
        let child = tokio::spawn(async { birthmark::current().unwrap() })
            .await
            .unwrap();
        let test = "attribute::test_is_a_root_with_its_name";
        assert_eq!(child.name().unwrap().as_str(), test);
        let root = child.lineage().last().unwrap();
        assert_eq!(
            (root.role(), root.name().unwrap().as_str()),
            ("test_is_a_root_with_its_name", test)
        );
        if child.polls() == 1 {
            return Ok(());
        }
        Ok(())
    }

    #[birthmark::test(ignore("role=read_loop"), grace_ms = 0)]
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn ignored_task_is_no_leak() {
        conn::open(1);
    }

    #[birthmark::test(grace_ms = 0)]
    #[tokio::test]
    #[should_panic(expected = "1 task outlived the test: 1 × read_loop spawned at ")]
    async fn task_that_is_left_fails_the_test() {
        conn::open(1);
    }

    #[birthmark::test(grace_ms = 0)]
    #[should_panic(expected = "the body's own panic")]
    fn panic_of_the_body_is_the_one_that_counts() {
        let (_until, wait) = mpsc::channel();
        let _thread = conn::flush(wait);
        panic!("the body's own panic");
    }
}
