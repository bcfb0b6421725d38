//! A closure that several threads call at once: one task, which each of them names, labels and spawns from.

use std::thread;

use birthmark::{Task, set_label, set_name, with_name};
use birthmark_integration_tests::{own_id, spawn, stats_in};

/// How often each thread calls it, and how many there are.
const CALLS: usize = 6_000;
const THREADS: usize = 4;

/// What a task that was spawned there must say of itself.
#[track_caller]
fn check(child: &Task, parent: birthmark::TaskId) {
    assert_eq!(child.parent(), Some(parent), "{child}");
    assert!(child.is_lineage_complete(), "{child}");
    let name = child.name().expect("one of the names").as_str();
    assert!(name.starts_with("shared"), "{child}");
    for label in child.labels() {
        assert!(
            label.key() == "shared" && label.value().starts_with("value"),
            "{child}"
        );
    }
}

#[birthmark::instrument]
mod shared {
    use super::*;

    pub fn closure() -> impl Fn(usize) + Sync {
        spawn(move |number: usize| {
            let child = || spawn(|| birthmark::current().unwrap())();
            set_name(format_args!(
                "shared {number}, too long for one slot of the registry"
            ));
            check(&child(), own_id());
            set_label("shared", format_args!("value {number}"));
            check(&child(), own_id());
            with_name("shared for a while", || check(&child(), own_id()));
        })
    }

    /// Takes the slots that are given back, so that who still uses one notices.
    pub fn noise(number: usize) {
        spawn(|| {
            set_name(format_args!(
                "noise {number}, which is as long as those of the others are"
            ));
            set_label("noise", number);
            spawn(|| assert!(birthmark::current().unwrap().name().is_some()))();
        })();
    }
}

#[test]
fn a_closure_that_several_threads_call_keeps_its_names() {
    let closure = birthmark::with_name("shared from the start", shared::closure);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            let closure = &closure;
            scope.spawn(move || (0..CALLS).for_each(closure));
            scope.spawn(|| (0..CALLS).for_each(shared::noise));
        }
    });
    drop(closure);
    let live = |function| stats_in(concat!(module_path!(), "::shared"), function);
    for stats in live("closure").iter().chain(&live("noise")) {
        assert_eq!(stats.live, 0, "{stats:?}");
    }
}
