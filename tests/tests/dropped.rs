//! Awaits that are dropped before they are ready. Each test has functions of its own, whose counts it reads.

use birthmark_test_support as _;

use std::future::{pending, poll_fn};
use std::task::Poll;

use birthmark::DroppedAwait;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;

fn current_thread() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

fn of(function: &str) -> Option<DroppedAwait> {
    let all = birthmark::dropped();
    all.into_iter().find(|it| it.function() == function)
}

/// A worker that takes deliveries out of a channel, and loses those that it waits for when a tick comes.
#[birthmark::instrument]
mod account {
    use super::*;

    pub struct Delivery {
        pub is_slow: bool,
        pub done: oneshot::Sender<()>,
    }

    async fn ingest(delivery: &Delivery) {
        yield_now().await;
        if delivery.is_slow {
            pending::<()>().await;
        }
    }

    async fn next_event(deliveries: &mut mpsc::Receiver<Delivery>) -> Option<()> {
        let delivery = deliveries.recv().await?;
        ingest(&delivery).await;
        let _ = delivery.done.send(());
        Some(())
    }

    pub async fn worker(mut deliveries: mpsc::Receiver<Delivery>, mut ticks: mpsc::Receiver<()>) {
        loop {
            tokio::select! {
                biased;
                event = next_event(&mut deliveries) => if event.is_none() {
                    return;
                },
                tick = ticks.recv() => assert!(tick.is_some()),
            }
        }
    }

    pub fn start(deliveries: mpsc::Receiver<Delivery>, ticks: mpsc::Receiver<()>) {
        tokio::spawn(worker(deliveries, ticks));
    }
}

#[test]
fn function_that_loses_what_it_has_taken_is_named_with_the_await_that_it_was_past() {
    let text = current_thread().block_on(async {
        let (deliveries, inbox) = mpsc::channel(1);
        let (ticks, ticked) = mpsc::channel(1);
        account::start(inbox, ticked);
        let tick = async || {
            ticks.send(()).await.unwrap();
            while ticks.capacity() == 0 {
                yield_now().await;
            }
            yield_now().await;
        };
        // The worker waits in `recv`, which a drop does not harm.
        for _ in 0..2 {
            yield_now().await;
            tick().await;
        }
        for is_slow in [true, false, true, true] {
            let (done, wait) = oneshot::channel();
            let delivery = account::Delivery { is_slow, done };
            deliveries.send(delivery).await.ok().unwrap();
            for _ in 0..8 {
                yield_now().await;
            }
            if is_slow {
                tick().await;
            }
            assert_eq!(wait.await.is_err(), is_slow);
        }
        birthmark::dump().to_string()
    });
    let found = of("next_event").expect("it was dropped");
    assert_eq!((found.dropped(), found.past()), (5, 3));
    assert_eq!(found.site().awaited(), "ingest");
    assert_eq!(
        found.passed().map(|site| site.awaited()),
        Some("deliveries.recv")
    );
    let site = found.site();
    let line = format!(
        "\n  next_event {}:{}:{}: dropped 5 of {} times, 3 of them past `deliveries.recv`\n",
        file!(),
        site.line(),
        site.column(),
        found.of().unwrap()
    );
    assert!(found.of().unwrap() >= 5);
    assert!(text.contains(&line), "{line}{text}");
    assert!(
        of("account::worker").is_none() && of("worker").is_none(),
        "branches are no awaits"
    );
}

#[birthmark::instrument]
mod well {
    use super::*;

    async fn waits_first() {
        pending::<()>().await;
    }

    async fn waits_twice() {
        yield_now().await;
        pending::<()>().await;
    }

    /// Loses a branch at its first await, in the poll in which it suspends.
    pub async fn race() {
        for _ in 0..3 {
            tokio::select! {
                biased;
                () = waits_first() => unreachable!(),
                () = async {} => {}
            }
        }
    }

    /// Runs a future as a task, because frames of a thread out of sight are not recorded.
    pub fn run(future: impl Future<Output = ()> + Send + 'static) {
        current_thread().block_on(async { tokio::spawn(future).await.unwrap() });
    }

    pub async fn aborted() {
        let task = tokio::spawn(waits_twice());
        yield_now().await;
        yield_now().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }

    async fn both_wait() {
        let ready = poll_fn(|_| Poll::Ready(()));
        ready.await;
        tokio::join!(first_of_two(), second_of_two());
    }

    async fn first_of_two() {
        pending::<()>().await;
    }

    async fn second_of_two() {
        pending::<()>().await;
    }

    pub async fn branches() {
        tokio::select! {
            biased;
            () = both_wait() => unreachable!(),
            () = yield_now() => {}
        }
    }
}

#[test]
fn drop_at_the_first_await_is_counted_and_not_in_the_text() {
    well::run(well::race());
    let found = of("waits_first").expect("it was dropped");
    assert_eq!((found.dropped(), found.past(), found.of()), (3, 0, Some(3)));
    assert!(!birthmark::dump().to_string().contains("waits_first "));
}

#[test]
fn task_that_is_cancelled_as_a_whole_is_not_counted() {
    well::run(well::aborted());
    assert!(of("waits_twice").is_none());
}

#[test]
fn branches_of_a_function_are_not_behind_each_other() {
    well::run(well::branches());
    let all = birthmark::dropped();
    let of_branches = all.iter().filter(|it| it.function().ends_with("_of_two"));
    assert_eq!(of_branches.count(), 2, "{all:?}");
    assert!(of("both_wait").is_none_or(|it| it.past() == 0), "{all:?}");
}
