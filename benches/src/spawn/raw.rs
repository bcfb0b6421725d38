//! Without instrumentation. Line for line what `birthmark.rs` says.

use std::hint::black_box;
use std::thread;

use tokio::task::JoinHandle;

use super::{Spawn, SpawnMore};
use crate::work::{Task, work};

/// The runtime alone.
#[derive(Debug)]
pub enum Raw {}

impl Spawn for Raw {
    #[inline(never)]
    fn spawn<F: Future<Output = ()> + Send + 'static>(future: F) -> JoinHandle<()> {
        tokio::spawn(future)
    }
}

impl SpawnMore for Raw {
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

    #[inline(never)]
    fn join() {
        let payload = black_box([0; 3]);
        rayon::join(move || work(payload), move || work(payload));
    }
}
