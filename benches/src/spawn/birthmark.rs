//! With birthmark: `raw.rs` with the attribute on it. Without frames, which `levels.rs` measures.

use std::hint::black_box;
use std::thread;

use tokio::task::JoinHandle;

use super::{Spawn, SpawnMore};
use crate::work::{Task, work};

/// Annotated code.
#[derive(Debug)]
pub enum Birthmark {}

#[birthmark::instrument]
impl Spawn for Birthmark {
    #[inline(never)]
    fn spawn<F: Future<Output = ()> + Send + 'static>(future: F) -> JoinHandle<()> {
        tokio::spawn(future)
    }
}

#[birthmark::instrument(frames = false)]
impl SpawnMore for Birthmark {
    #[inline(never)]
    fn block<T: Task>(task: T) -> JoinHandle<()> {
        tokio::spawn(async move {
            task.await;
            work([0; 3]);
        })
    }

    #[inline(never)]
    fn job() {
        let payload = black_box([0; 3]);
        rayon::spawn(move || work(payload));
    }

    #[inline(never)]
    fn thread() -> thread::JoinHandle<()> {
        let payload = black_box([0; 3]);
        thread::spawn(move || work(payload))
    }

    /// Records both halves of a `join`, which the attribute does *not* do, to measure the cost.
    #[inline(never)]
    fn join() {
        use birthmark::__private::borrow_parent;
        let payload = black_box([0; 3]);
        let (left, left_end) = borrow_parent().closure();
        let (right, right_end) = borrow_parent().closure();
        rayon::join(
            move || match left.enter_owned() {
                _working => work(payload),
                #[allow(unreachable_patterns, reason = "mentions what is dropped last")]
                _ => left_end.last_owned(),
            },
            move || match right.enter_owned() {
                _working => work(payload),
                #[allow(unreachable_patterns, reason = "mentions what is dropped last")]
                _ => right_end.last_owned(),
            },
        );
    }
}
