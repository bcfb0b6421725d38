//! Random trees of combinators, whose stack is compared with what is known to be true at each suspension.
//!
//! Each leaf and each node enters itself into a list when it is first polled, as its own
//! frame is, and takes itself out when it is dropped. So the list is the truth, however the tree
//! was built, and a frame that was left must not be shown.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use birthmark::TaskId;
use birthmark_integration_tests::{find, spawn};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

/// Trees, each of its own seed.
const ROUNDS: u64 = 2_000;

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A generator of numbers; the seed says all.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// How many futures are awaited now, by the function that awaits them.
#[derive(Clone, Default)]
struct Truth(Arc<Mutex<BTreeMap<&'static str, usize>>>);

/// A future, which counts as awaited from its first poll until it is ready or dropped: as a frame does.
struct Counted<F> {
    future: F,
    function: &'static str,
    truth: Truth,
    counts: bool,
}

impl Truth {
    fn of<F>(&self, function: &'static str, future: F) -> Counted<F> {
        let truth = self.clone();
        Counted {
            future,
            function,
            truth,
            counts: false,
        }
    }

    fn add(&self, function: &'static str, one: isize) {
        let mut counts = self.0.lock().unwrap();
        let count = counts.entry(function).or_default();
        *count = count.checked_add_signed(one).unwrap();
        counts.retain(|_, count| *count > 0);
    }
}

impl<F: Future + Unpin> Future for Counted<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if !std::mem::replace(&mut self.counts, true) {
            self.truth.add(self.function, 1);
        }
        let result = Pin::new(&mut self.future).poll(cx);
        if result.is_ready() && std::mem::take(&mut self.counts) {
            self.truth.add(self.function, -1);
        }
        result
    }
}

impl<F> Drop for Counted<F> {
    fn drop(&mut self) {
        if self.counts {
            self.truth.add(self.function, -1);
        }
    }
}

/// Pending so many times.
struct Pends(u64);

impl Future for Pends {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match self.0.checked_sub(1) {
            None => Poll::Ready(()),
            Some(less) => {
                self.0 = less;
                Poll::Pending
            }
        }
    }
}

/// The only task that is alive in this process beside the threads.
fn spawned_last() -> TaskId {
    let tasks = birthmark::tasks();
    tasks.iter().map(birthmark::Task::id).max().unwrap()
}

/// Compares what a suspended task shows with what is awaited. What has no room is only counted.
fn check(id: TaskId, truth: &Truth, seed: u64) {
    let task = find(id).unwrap();
    let truth = truth.0.lock().unwrap();
    let mut shown = BTreeMap::<_, usize>::new();
    for frame in task.stack().frames() {
        *shown.entry(frame.site().function()).or_default() += 1;
    }
    let never_left = |(function, count): (&&str, &usize)| truth.get(function) >= Some(count);
    let all = shown.values().sum::<usize>() + task.stack().omitted_frames() as usize;
    assert!(
        shown.iter().all(never_left) && all == truth.values().sum::<usize>(),
        "seed {seed}: {truth:?} are awaited, {shown:?} and {} are shown\n{}",
        task.stack().omitted_frames(),
        task.stack(),
    );
}

#[birthmark::instrument]
mod trees {
    use super::*;

    async fn leaf(turns: u64, truth: Truth) {
        truth.of("leaf", Pends(turns)).await;
    }

    async fn chain(inner: Job, truth: Truth) {
        truth.of("chain", inner).await;
        truth.of("chain", Box::pin(leaf(1, truth.clone()))).await;
    }

    async fn joined(left: Job, right: Job, truth: Truth) {
        tokio::join!(truth.of("joined", left), truth.of("joined", right));
    }

    async fn selected(left: Job, right: Job, truth: Truth) {
        tokio::select! {
            () = truth.of("selected", left) => {}
            () = truth.of("selected", right) => {}
        }
    }

    async fn held(mut inner: Job, truth: Truth) {
        for _ in 0..3 {
            tokio::select! {
                biased;
                () = truth.of("held", &mut inner) => return,
                () = truth.of("held", Pends(1)) => {}
            }
        }
        truth.of("held", inner).await;
    }

    async fn streamed(jobs: Vec<Job>, truth: Truth) {
        let mut jobs: FuturesUnordered<Job> = jobs.into_iter().collect();
        while truth.of("streamed", jobs.next()).await.is_some() {}
    }

    async fn given_up(inner: Job, turns: u64, truth: Truth) {
        let both = futures::future::select(inner, Pends(turns));
        drop(truth.of("given_up", both).await);
    }

    /// A tree of this depth.
    pub fn tree(random: &mut Random, depth: u64, truth: &Truth) -> Job {
        let truth = truth.clone();
        if depth == 0 {
            let turns = random.below(4);
            let leaf = leaf(turns, truth.clone());
            return Box::pin(async move { truth.of("tree", Box::pin(leaf)).await });
        }
        let mut next = || tree(random, depth - 1, &truth);
        let (first, second) = (next(), next());
        let turns = random.below(3);
        let node: Job = match random.below(6) {
            0 => Box::pin(chain(first, truth.clone())),
            1 => Box::pin(joined(first, second, truth.clone())),
            2 => Box::pin(selected(first, second, truth.clone())),
            3 => Box::pin(held(first, truth.clone())),
            4 => Box::pin(streamed(vec![first, second], truth.clone())),
            _ => Box::pin(given_up(first, turns, truth.clone())),
        };
        Box::pin(async move { truth.of("tree", node).await })
    }

    #[test]
    fn stack_is_what_is_awaited() {
        let mut suspensions = 0;
        for seed in 1..=ROUNDS {
            let mut random = Random(seed);
            let truth = Truth::default();
            let depth = random.below(4);
            let job = tree(&mut random, depth, &truth);
            let mut task = Box::pin(spawn(job));
            let id = spawned_last();
            let aborted_after = random.below(60);
            for turn in 0.. {
                let polled = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                if polled.is_ready() || turn == aborted_after {
                    break;
                }
                suspensions += 1;
                check(id, &truth, seed);
            }
            drop(task);
            assert!(truth.0.lock().unwrap().is_empty());
        }
        assert!(suspensions > ROUNDS);
    }
}
