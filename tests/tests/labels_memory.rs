//! Labels are given back: in a process of its own, because its memory is measured.

use birthmark::{MAX_LABEL_LEN, set_label};
use birthmark_integration_tests::{resident_bytes, spawn};

/// Bytes that may remain: the registry of one thread.
const BOUND: u64 = 2 << 20;

/// Does something often, and asserts that it needs no more memory than doing it a little.
#[track_caller]
fn check(what: &str, mut once: impl FnMut(usize)) {
    (0..1_000).for_each(&mut once);
    let before = resident_bytes();
    (0..30_000).for_each(once);
    let after = resident_bytes();
    assert!(
        after < before + BOUND,
        "{what}: {before} bytes, then {after}"
    );
}

#[test]
#[birthmark::instrument]
fn labels_are_given_back() {
    let long = "x".repeat(MAX_LABEL_LEN);
    check("set again", |number| {
        set_label("number", number);
        set_label("long", &long);
    });
    check("for a while", |number| {
        birthmark::with_label(&long, number, || {
            birthmark::with_label("inner", &long, || set_label("number", number));
        });
    });
    check("of a task and its child that end", |number| {
        let parent = spawn(birthmark::root!(move || {
            set_label("number", format_args!("{number:0100}"));
            spawn(|| assert_eq!(birthmark::current().unwrap().labels().len(), 1))
        }));
        let child = parent();
        child();
    });
}
