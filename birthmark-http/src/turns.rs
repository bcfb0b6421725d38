//! How many dumps are made at a time, and who is next.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many turns. Who comes when all are taken waits, the first who came first.
#[derive(Debug)]
pub(crate) struct Turns {
    free: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    most_waiting: usize,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
    waiting: Arc<AtomicUsize>,
}

impl Turns {
    pub(crate) fn new(at_a_time: usize, most_waiting: usize) -> Self {
        Turns {
            free: Arc::new(Semaphore::new(at_a_time)),
            waiting: Arc::default(),
            most_waiting,
        }
    }

    /// A turn; `None` if too many wait for one.
    pub(crate) async fn take(&self) -> Option<Turn> {
        let permit = match self.free.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => self.wait().await?,
        };
        let waiting = self.waiting.clone();
        let _permit = permit;
        Some(Turn { _permit, waiting })
    }

    async fn wait(&self) -> Option<OwnedSemaphorePermit> {
        let waiting = Waiting(&self.waiting);
        if waiting.0.fetch_add(1, Ordering::Relaxed) >= self.most_waiting {
            return None;
        }
        // Fails only once the semaphore is closed, which nobody does.
        self.free.clone().acquire_owned().await.ok()
    }
}

/// Also ends when the client goes.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Turn {
    /// Whether somebody else waits for it.
    pub(crate) fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::{Turn, Turns};

    fn poll<T>(future: impl Future<Output = T>) -> Poll<T> {
        pin!(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[track_caller]
    fn take(turns: &Turns) -> Turn {
        match poll(turns.take()) {
            Poll::Ready(Some(turn)) => turn,
            _ => panic!("no turn is free"),
        }
    }

    #[test]
    fn a_turn_is_wanted_while_somebody_waits() {
        let turns = Turns::new(2, 1);
        let (first, second) = (take(&turns), take(&turns));
        assert!(!first.is_wanted());
        {
            let mut third = pin!(turns.take());
            let mut context = Context::from_waker(Waker::noop());
            assert!(third.as_mut().poll(&mut context).is_pending());
            assert!(first.is_wanted() && second.is_wanted());
            drop(first);
            assert!(third.as_mut().poll(&mut context).is_ready());
            assert!(!second.is_wanted());
        }
        take(&turns);
        assert!(poll(turns.take()).is_ready(), "the third is not kept");
    }

    #[test]
    fn too_many_do_not_wait() {
        let turns = Turns::new(1, 5);
        let held = take(&turns);
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting: Vec<_> = (0..5).map(|_| Box::pin(turns.take())).collect();
        for one in &mut waiting {
            assert!(one.as_mut().poll(&mut context).is_pending());
        }
        assert!(matches!(poll(turns.take()), Poll::Ready(None)));
        // Who goes makes room.
        waiting.pop();
        assert!(poll(turns.take()).is_pending());
        drop((waiting, held));
        take(&turns);
    }
}
