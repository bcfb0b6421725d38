//! Results of spawns of any type, in code that is instrumented by the attribute: it compiles, and the result is the callee's.

#![deny(warnings)]

use birthmark_test_support as _;

use std::cell::Cell;
use std::future::{Future, pending, ready};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use birthmark::AbortScope;

/// Counts, so that results can be told apart.
static ABORTS: AtomicU32 = AtomicU32::new(0);

/// Takes a future, and never polls it.
#[derive(Default)]
struct Group {
    count: Cell<u32>,
}

impl Group {
    fn spawn<F: Future>(&self, _: F) -> &Self {
        self.count.set(self.count.get() + 1);
        self
    }
}

/// As [`Group`], and may be shared by threads.
#[derive(Default)]
struct SharedGroup {
    count: AtomicU32,
}

impl SharedGroup {
    fn spawn<F: Future>(&self, _: F) -> &Self {
        self.count.fetch_add(1, Ordering::Relaxed);
        self
    }
}

/// A handle that borrows, and that may be cloned.
#[derive(Clone)]
struct Borrowed<'a>(&'a AtomicU32);

impl Borrowed<'_> {
    fn abort(&self) {
        ABORTS.fetch_add(1, Ordering::Relaxed);
    }
}

struct Lending(AtomicU32);

impl Lending {
    fn spawn<F: Future>(&self, _: F) -> Borrowed<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Borrowed(&self.0)
    }
}

/// A handle that lends its abort handle.
struct Keeper(Stopper);

#[derive(Debug)]
struct Stopper;

impl Stopper {
    fn abort(&self) {
        ABORTS.fetch_add(1, Ordering::Relaxed);
    }
}

impl Keeper {
    fn abort_handle(&self) -> &Stopper {
        &self.0
    }

    async fn abort(&self) {
        self.0.abort();
    }
}

/// A handle whose `abort` takes it by value.
struct Consumed(u32);

impl Consumed {
    fn abort(self) -> u32 {
        self.0
    }

    fn abort_handle(self) -> u32 {
        self.0
    }
}

/// A trait of the program with methods of these names.
trait Handle {
    fn abort(&self);
    fn abort_handle(&self) -> Stopper;
}

struct Mine;

impl Handle for Mine {
    fn abort(&self) {
        ABORTS.fetch_add(1, Ordering::Relaxed);
    }

    fn abort_handle(&self) -> Stopper {
        Stopper
    }
}

trait Executor {
    type Handle: Handle;

    fn spawn<F: Future>(&self, future: F) -> Self::Handle;
}

struct Simple;

impl Executor for Simple {
    type Handle = Mine;

    fn spawn<F: Future>(&self, _: F) -> Mine {
        Mine
    }
}

struct Started {
    task: Option<Mine>,
    pair: (Rc<Mine>, u32),
}

#[birthmark::instrument]
mod spawns {
    use super::*;

    pub fn chained(group: &Group) -> u32 {
        group.spawn(ready(1)).spawn(async {}).count.get()
    }

    pub fn chained_shared(group: &SharedGroup) -> u32 {
        let count = &group.spawn(ready(1)).spawn(async {}).count;
        count.load(Ordering::Relaxed)
    }

    pub fn borrowed(from: &Lending) -> u32 {
        let handle = from.spawn(pending::<()>());
        handle.0.load(Ordering::Relaxed)
    }

    pub fn kept() -> Keeper {
        fn spawn<F: Future>(_: F) -> Keeper {
            Keeper(Stopper)
        }
        spawn(pending::<()>())
    }

    pub fn consumed() -> u32 {
        fn spawn<F: Future>(_: F) -> Consumed {
            Consumed(7)
        }
        spawn(async {}).abort() + spawn(async {}).abort_handle()
    }

    pub fn by_trait() -> Mine {
        Simple.spawn(pending::<()>())
    }

    pub fn generic<E: Executor>(executor: &E) -> E::Handle {
        executor.spawn(pending::<()>())
    }

    pub fn opaque() -> impl Handle {
        fn spawn<F: Future>(_: F) -> impl Handle {
            Mine
        }
        spawn(async {})
    }

    pub fn boxed() -> Box<dyn Handle> {
        fn spawn<F: Future>(_: F) -> Box<dyn Handle> {
            Box::new(Mine)
        }
        spawn(async {})
    }

    pub fn in_a_literal() -> Started {
        fn spawn<F: Future>(_: F) -> Rc<Mine> {
            Rc::new(Mine)
        }
        Started {
            task: Some(Simple.spawn(async {})),
            pair: (spawn(async {}), 3),
        }
    }

    pub fn maybe(is_on: bool) -> Option<tokio::task::JoinHandle<u32>> {
        fn spawn<F: Future<Output = u32> + Send + 'static>(
            future: F,
            is_on: bool,
        ) -> Option<tokio::task::JoinHandle<u32>> {
            is_on.then(|| tokio::spawn(future))
        }
        spawn(async { 5 }, is_on)
    }
}

/// Runs all of the above in a scope, in which handles are looked at, and outside of one.
fn everything() {
    assert_eq!(spawns::chained(&Group::default()), 2);
    assert_eq!(spawns::chained_shared(&SharedGroup::default()), 2);
    assert_eq!(spawns::borrowed(&Lending(AtomicU32::new(4))), 5);
    spawns::kept().abort_handle().abort();
    drop(spawns::kept().abort());
    assert_eq!(spawns::consumed(), 14);
    spawns::by_trait().abort();
    spawns::generic(&Simple).abort_handle().abort();
    spawns::opaque().abort();
    spawns::boxed().abort();
    let started = spawns::in_a_literal();
    started.task.unwrap().abort();
    started.pair.0.abort();
    assert_eq!(started.pair.1, 3);
}

#[test]
fn results_of_all_types_are_those_of_the_callee() {
    everything();
    let before = ABORTS.load(Ordering::Relaxed);
    let scope = AbortScope::new();
    scope.enter(everything);
    let once = before;
    assert_eq!(ABORTS.load(Ordering::Relaxed), 2 * once);
    scope.abort();
}

#[tokio::test]
async fn handle_within_an_option_is_returned() {
    let scope = AbortScope::new();
    let task = scope.enter(|| spawns::maybe(true)).unwrap();
    assert_eq!(task.await.unwrap(), 5);
    assert!(scope.enter(|| spawns::maybe(false)).is_none());
}
