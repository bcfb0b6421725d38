//! How code learns that its subtree was cancelled.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;

use super::tree::{self, Subtree};

/// Returns a future that is ready once the subtree of the current task was cancelled: its deadline is
/// [enforced](crate::WithDeadline::enforce) and has passed, or its [scope](crate::AbortScope) was aborted.
///
/// The future concerns the task that calls this function. If that task is in no subtree, the future is never ready. Tasks use
/// the future that cannot be aborted, or that have something to finish first.
///
/// # Examples
///
/// ```
/// # #[birthmark::instrument]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::time::Duration;
///
/// let late = birthmark::with_timeout(Duration::from_millis(10), async {
///     birthmark::cancelled().await;
///     std::future::pending::<()>().await
/// });
/// assert!(late.enforce().await.is_err());
/// # }
/// ```
pub fn cancelled() -> Cancelled {
    Cancelled::of(tree::current())
}

/// Returns `true` if the subtree of the current task was cancelled, for blocking jobs and threads; see [`cancelled`].
///
/// # Examples
///
/// ```
/// assert!(!birthmark::is_cancelled());
/// ```
pub fn is_cancelled() -> bool {
    tree::with_current(|subtree| subtree.is_some_and(|subtree| subtree.is_cancelled()))
}

/// The future that [`cancelled`] returns.
#[must_use = "futures do nothing unless polled"]
pub struct Cancelled {
    subtree: Option<Arc<Subtree>>,
    /// Key of the waker in the subtree.
    waker: Option<u64>,
}

impl Cancelled {
    pub(super) fn of(subtree: Option<Arc<Subtree>>) -> Self {
        Cancelled {
            subtree,
            waker: None,
        }
    }
}

impl Future for Cancelled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let Some(subtree) = &this.subtree else {
            return Poll::Pending;
        };
        if subtree.is_cancelled() {
            return Poll::Ready(());
        }
        // Cloned and dropped outside of the lock, because both are code of the executor.
        let waker = cx.waker().clone();
        let Some(mut inner) = subtree.lock() else {
            return Poll::Pending;
        };
        if subtree.is_cancelled() {
            drop(inner);
            return Poll::Ready(());
        }
        let key = *this.waker.get_or_insert_with(|| {
            inner.next_waker += 1;
            inner.next_waker
        });
        let before = inner.wakers.insert(key, waker);
        drop(inner);
        drop(before);
        Poll::Pending
    }
}

impl Drop for Cancelled {
    fn drop(&mut self) {
        let (Some(subtree), Some(key)) = (&self.subtree, self.waker) else {
            return;
        };
        let waker = match subtree.lock() {
            Some(mut inner) => inner.wakers.remove(&key),
            None => None,
        };
        drop(waker);
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancelled").finish_non_exhaustive()
    }
}
