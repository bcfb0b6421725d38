//! A very long line of live tasks.

use std::future::pending;
use std::pin::Pin;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Waker};

use birthmark::Filter;
use birthmark_integration_tests::{own_id, spawn};

type Held = Pin<Box<dyn Future<Output = ()> + Send>>;

const DEPTH: usize = 100_000;

#[birthmark::instrument]
mod chain {
    use super::*;

    /// A task that spawns the next one when it is polled, and lives on.
    pub fn link(depth: usize, to: Sender<Held>) -> Held {
        Box::pin(spawn(async move {
            if depth > 0 {
                to.send(link(depth - 1, to.clone())).unwrap();
            }
            pending().await
        }))
    }
}

#[test]
fn deep_chain_of_live_tasks_overflows_neither_stack_nor_memory() {
    let (to, from) = channel();
    // Held from outside: one inside of the other, dropping them would overflow the stack without us.
    let mut chain = vec![chain::link(DEPTH, to)];
    while chain.len() <= DEPTH {
        let last = chain.last_mut().unwrap().as_mut();
        let polled = last.poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        chain.push(from.recv().unwrap());
    }
    let dump = birthmark::dump();
    let deepest = dump.tasks().last().unwrap();
    let lineage = deepest.lineage();
    let cut: u64 = lineage.iter().map(|above| above.elided_before()).sum();
    assert_eq!(lineage.len() as u64 + cut, DEPTH as u64 + 1);
    assert_eq!(lineage.last().unwrap().id(), own_id());
    assert!(deepest.lineage().is_complete());
    // Whole lineages would make it a hundred gigabytes.
    let (text, tree) = (
        dump.text().expanded(true).to_string(),
        dump.tree().to_string(),
    );
    assert!(text.lines().count() > DEPTH && tree.lines().count() > DEPTH);
    assert!(text.len() + tree.len() < 300 << 20);
    // All but one are ancestors that were not selected. To go up from each would take minutes.
    let dump = dump.filter(&Filter::new().under(deepest.id()));
    assert!(dump.tree().to_string().lines().count() > DEPTH);
}
