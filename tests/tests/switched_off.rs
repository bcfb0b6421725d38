//! While birthmark is off, spawns go by unrecorded, and nothing is formatted for nobody.

use std::fmt;
use std::future::pending;
use std::thread;

use birthmark::{set_name, with_name, with_name_async};
use birthmark_integration_tests::{block_on, find, own_id, stats_in};

/// An executor that gives the task back.
fn spawn<T>(task: T) -> T {
    task
}

/// A name that nobody must ask for.
struct Never;

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        unreachable!("nobody asks for the name")
    }
}

#[birthmark::instrument]
mod spawning {
    use super::*;

    pub fn while_off() {
        assert_eq!(
            thread::spawn(|| birthmark::current().map(|own| own.id()))
                .join()
                .unwrap(),
            None
        );
        let never = Never;
        assert_eq!(
            thread::spawn(birthmark::named!("{never}" => || 1))
                .join()
                .unwrap(),
            1
        );
        let task = spawn(birthmark::root!(
            birthmark::named!("{}", Never => std::future::ready(2))
        ));
        assert_eq!(block_on(task), 2);
        assert_eq!(
            block_on(spawn(birthmark::named!("{}", Never => async { 3 }))),
            3
        );
    }

    pub fn task() -> impl Future<Output = ()> {
        spawn(async { pending().await })
    }

    pub fn own() -> bool {
        thread::spawn(|| find(own_id()).is_some()).join().unwrap()
    }
}

/// In one test, because there is one switch.
#[test]
fn spawn_while_off_is_not_recorded() {
    assert!(birthmark::is_enabled());
    let lasting = spawning::task();
    set_name("before");
    let before = birthmark::task_count();
    let function = || stats_in(concat!(module_path!(), "::spawning"), "while_off");

    birthmark::disable();
    birthmark::disable();
    assert!(!birthmark::is_enabled());
    spawning::while_off();
    set_name(Never);
    assert_eq!(with_name(Never, || 1), 1);
    assert_eq!(block_on(with_name_async(Never, async { 2 })), 2);
    assert_eq!(
        birthmark::task_count(),
        before,
        "what was recorded before stays"
    );
    assert_eq!(function().len(), 4);
    assert!(function().iter().all(|stats| stats.spawned() == 0));
    assert_eq!(birthmark::dump().coverage().untracked_spawns(), 4);
    assert!(
        birthmark::dump()
            .to_string()
            .contains("; 4 spawned while birthmark was off")
    );

    birthmark::enable();
    assert!(spawning::own());
    let current = birthmark::current().unwrap();
    assert_eq!(current.name().unwrap().as_str(), "before");
    drop(lasting);
    let count = || birthmark::task_count();
    birthmark_integration_tests::wait_until("the rest has gone", || count() == before - 1);
    assert_eq!(birthmark::dump().coverage().untracked_spawns(), 4);
}
