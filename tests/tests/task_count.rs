//! How many tasks there are, in a process where nobody else spawns.

use std::future::pending;

use birthmark_integration_tests::{only_stats_in, own_id, wait_until};

/// An executor that gives the task back.
fn spawn<T>(task: T) -> T {
    task
}

#[birthmark::instrument]
mod counted {
    use super::*;

    pub fn tasks(count: usize) -> Vec<impl Future<Output = ()>> {
        (0..count)
            .map(|_| spawn(async { pending().await }))
            .collect()
    }

    pub fn thread() {
        std::thread::spawn(|| ()).join().unwrap();
    }
}

#[test]
fn each_live_task_is_counted_once() {
    let mut tasks = counted::tasks(10_000);
    let _adopted = own_id();
    let base = birthmark::task_count() - tasks.len();
    assert_eq!(base, 1, "this thread is a task too");
    for rest in [9_999, 5_000, 70, 1, 0] {
        tasks.truncate(rest);
        assert_eq!(birthmark::task_count(), base + rest);
        assert_eq!(birthmark::tasks().len(), base + rest);
        assert_eq!(birthmark::dump().len(), base + rest);
        let stats = only_stats_in(concat!(module_path!(), "::counted"), "tasks");
        assert_eq!((stats.live, stats.spawned()), (rest as u64, 10_000));
    }
    for _ in 0..100 {
        counted::thread();
    }
    wait_until("the threads have gone", || birthmark::task_count() == base);
}
