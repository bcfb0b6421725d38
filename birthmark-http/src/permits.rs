//! How many dumps are made at a time, and who is next.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many permits. Who comes when all are taken waits, the first who came first.
#[derive(Debug)]
pub(crate) struct Permits {
    free: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    max_waiting: usize,
}

/// A permit, until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    _permit: OwnedSemaphorePermit,
    waiting: Arc<AtomicUsize>,
}

impl Permits {
    pub(crate) fn new(at_a_time: usize, max_waiting: usize) -> Self {
        Permits {
            free: Arc::new(Semaphore::new(at_a_time)),
            waiting: Arc::default(),
            max_waiting,
        }
    }

    /// A permit; `None` if too many wait for one.
    pub(crate) async fn take(&self) -> Option<Permit> {
        let permit = match self.free.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => self.wait().await?,
        };
        let waiting = self.waiting.clone();
        let _permit = permit;
        Some(Permit { _permit, waiting })
    }

    async fn wait(&self) -> Option<OwnedSemaphorePermit> {
        let waiting = Waiting(&self.waiting);
        if waiting.0.fetch_add(1, Ordering::Relaxed) >= self.max_waiting {
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

impl Permit {
    /// Returns `true` if another request waits for a permit.
    pub(crate) fn has_waiters(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::{Permit, Permits};

    fn poll<T>(future: impl Future<Output = T>) -> Poll<T> {
        pin!(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[track_caller]
    fn take(permits: &Permits) -> Permit {
        match poll(permits.take()) {
            Poll::Ready(Some(permit)) => permit,
            _ => panic!("no permit is free"),
        }
    }

    #[test]
    fn permit_has_waiters_while_a_request_waits() {
        let permits = Permits::new(2, 1);
        let (first, second) = (take(&permits), take(&permits));
        assert!(!first.has_waiters());
        {
            let mut third = pin!(permits.take());
            let mut context = Context::from_waker(Waker::noop());
            assert!(third.as_mut().poll(&mut context).is_pending());
            assert!(first.has_waiters() && second.has_waiters());
            drop(first);
            assert!(third.as_mut().poll(&mut context).is_ready());
            assert!(!second.has_waiters());
        }
        take(&permits);
        assert!(poll(permits.take()).is_ready(), "the third is not kept");
    }

    #[test]
    fn requests_beyond_the_limit_do_not_wait() {
        let permits = Permits::new(1, 5);
        let held = take(&permits);
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting: Vec<_> = (0..5).map(|_| Box::pin(permits.take())).collect();
        for one in &mut waiting {
            assert!(one.as_mut().poll(&mut context).is_pending());
        }
        assert!(matches!(poll(permits.take()), Poll::Ready(None)));
        // A client that goes makes room.
        waiting.pop();
        assert!(poll(permits.take()).is_pending());
        drop((waiting, held));
        take(&permits);
    }
}
