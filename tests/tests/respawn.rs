//! A task that respawns itself for ever has ever more ancestors, and must not need ever more memory.

use std::sync::mpsc::{Sender, channel};

use birthmark::Task;
use birthmark_integration_tests::{own_id, resident_bytes};

/// Bytes that may remain: the registry of one thread, and some stacks.
const BOUND: u64 = 4 << 20;

#[birthmark::instrument]
mod respawning {
    use super::*;

    /// The far end of the lineage is a task that ends at once.
    pub fn job_of_a_root(generations: u32, to: Sender<Task>) {
        let root = std::thread::spawn(birthmark::root!(move || job(generations, to)));
        root.join().unwrap();
    }

    pub fn future(generations: u32, to: Sender<Task>) {
        tokio::spawn(async move {
            match generations {
                0 => to.send(birthmark::current().unwrap()).unwrap(),
                _ => future(generations - 1, to),
            }
        });
    }

    pub fn job(generations: u32, to: Sender<Task>) {
        rayon::spawn(move || match generations {
            0 => to.send(birthmark::current().unwrap()).unwrap(),
            _ => job(generations - 1, to),
        });
    }

    /// Each generation has a name, which stands between it and the next.
    pub fn named_future(generations: u32, to: Sender<Task>) {
        tokio::spawn(async move {
            birthmark::set_name(format_args!(
                "a name that is too long for one slot: {generations}"
            ));
            match generations {
                0 => to.send(birthmark::current().unwrap()).unwrap(),
                _ => named_future(generations - 1, to),
            }
        });
    }

    pub fn thread(generations: u32, to: Sender<Task>) {
        std::thread::spawn(move || match generations {
            0 => to.send(birthmark::current().unwrap()).unwrap(),
            _ => thread(generations - 1, to),
        });
    }
}

fn on_tokio(generations: u32, spawn: fn(u32, Sender<Task>)) -> Task {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let (to, from) = channel();
    let _inside = runtime.enter();
    spawn(generations, to);
    from.recv().unwrap()
}

/// Every ancestor is either shown or counted where it was left out.
#[track_caller]
fn check_lineage(task: &Task, generations: u64) {
    let lineage = task.lineage();
    let cut: u64 = lineage
        .iter()
        .map(|ancestor| ancestor.elided_before())
        .sum();
    // The generations above this one, and the thread that began.
    assert_eq!(lineage.len() as u64 + cut, generations + 1, "{task}");
    assert!(task.lineage().is_complete());
    assert!(lineage.len() < 200, "it is not bounded: {}", lineage.len());
    let nearest = lineage
        .iter()
        .take_while(|ancestor| ancestor.elided_before() == 0);
    assert!(nearest.count() >= 8, "the near end is kept: {task}");
    let far = lineage.last().unwrap();
    assert!(
        far.id() == own_id() || far.role() == "job",
        "the far end is kept: {task}"
    );
    assert!(
        task.to_string().contains(" cut …"),
        "the cut is marked: {task}"
    );
}

/// Compares the memory after some generations to that after many more.
#[track_caller]
fn check(generations: u32, run: impl Fn(u32) -> Task) {
    run(generations / 10);
    let before = resident_bytes();
    let task = run(generations);
    let after = resident_bytes();
    assert!(
        after < before + BOUND,
        "{generations} generations need {} KiB",
        (after - before) / 1024
    );
    check_lineage(&task, generations.into());
}

fn check_all(generations: u32) {
    check(generations, |generations| {
        on_tokio(generations, respawning::future)
    });
    check(generations, |generations| {
        on_tokio(generations, respawning::named_future)
    });
    check(generations, |generations| {
        let (to, from) = channel();
        respawning::job(generations, to);
        from.recv().unwrap()
    });
}

/// In one test, because memory is measured.
#[test]
fn task_that_respawns_itself_does_not_grow_memory() {
    check_all(200_000);
    check(200_000, |generations| {
        let (to, from) = channel();
        respawning::job_of_a_root(generations, to);
        from.recv().unwrap()
    });
    check(5_000, |generations| {
        let (to, from) = channel();
        respawning::thread(generations, to);
        from.recv().unwrap()
    });
}

#[test]
#[ignore = "takes half a minute in release mode, minutes in debug mode"]
fn task_that_respawns_itself_ten_million_times_does_not_grow_memory() {
    check_all(10_000_000);
}
