//! The program's one hook.

use birthmark_test_support as _;

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use birthmark::Spawn;

static TOLD: AtomicU32 = AtomicU32::new(0);

#[birthmark::instrument]
fn spawn_one() {
    std::thread::spawn(|| ()).join().unwrap();
}

#[test]
fn hook_can_be_set_once() {
    spawn_one();
    assert_eq!(TOLD.load(SeqCst), 0);
    let first = birthmark::set_hook(|_: &mut Spawn<'_>| {
        TOLD.fetch_add(1, SeqCst);
    });
    assert!(first.is_ok());
    spawn_one();
    assert_eq!(TOLD.load(SeqCst), 1);
    let error =
        birthmark::set_hook(|_: &mut Spawn<'_>| unreachable!("it was not set")).unwrap_err();
    assert!(error.to_string().contains("already been set"));
    assert!(
        error.to_string().contains("`birthmark::add_hook`"),
        "it names the remedy"
    );
    spawn_one();
    assert_eq!(TOLD.load(SeqCst), 2);
    birthmark::disable();
    spawn_one();
    assert_eq!(
        TOLD.load(SeqCst),
        2,
        "a hook is told of nothing while birthmark is off"
    );
    birthmark::enable();
    spawn_one();
    assert_eq!(TOLD.load(SeqCst), 3);
}
