//! Scopes, by which a part of a program is aborted.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::error::Error;
use std::sync::Arc;

use super::cancelled::Cancelled;
use super::limit::{with_owned_change, Limit};
use super::tree::Subtree;
use crate::context::name::{Change, WithContext};
use crate::hook::SubtreeTask;

/// Tasks that can be aborted together: those that are spawned within the scope, and all that descend from them.
///
/// Clones are the same scope. A scope that is dropped aborts nothing. Tasks under [`root!`](crate::root), and tasks of pools, belong to no scope.
///
/// A scope within another scope, or within a deadline, belongs to both.
///
/// # Examples
///
/// ```
/// # #[birthmark::instrument]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// async fn serve() {
///     std::future::pending().await
/// }
///
/// let scope = birthmark::AbortScope::new();
/// let server = scope.enter(|| tokio::spawn(serve()));
/// # tokio::task::yield_now().await;
/// let tasks = scope.abort();
/// assert!(tasks[0].is_aborted());
/// assert!(server.await.unwrap_err().is_cancelled());
/// # }
/// ```
#[derive(Clone)]
pub struct AbortScope(Arc<Owner>);

/// The owner of a scope, whose drop closes it.
struct Owner(Arc<Subtree>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Default for AbortScope {
    fn default() -> Self {
        AbortScope::new()
    }
}

impl AbortScope {
    /// Returns a scope without tasks.
    pub fn new() -> Self {
        AbortScope(Arc::new(Owner(Subtree::of_scope())))
    }

    /// Calls `f` within the scope. Tasks that `f` spawns belong to the scope.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[birthmark::instrument]
    /// # fn main() {
    /// let scope = birthmark::AbortScope::new();
    /// let thread = scope.enter(|| {
    ///     std::thread::spawn(|| while !birthmark::is_cancelled() {})
    /// });
    /// let tasks = scope.abort();
    /// assert!(!tasks[0].is_aborted() && tasks[0].kind().is_thread());
    /// thread.join().unwrap();
    /// # }
    /// ```
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        match Limit::NONE.subtree(false, Some(&self.0 .0)) {
            Some(subtree) => with_owned_change(Change::Local(subtree.change()), f),
            None => f(),
        }
    }

    /// Runs a future within the scope. Tasks that the future spawns belong to the scope. If the scope is aborted, the future is
    /// dropped, and the result is an error.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let scope = birthmark::AbortScope::new();
    /// let running = scope.run(std::future::pending::<()>());
    /// scope.abort();
    /// assert_eq!(running.await.unwrap_err().to_string(), "the scope was aborted");
    /// # }
    /// ```
    pub fn run<F: Future>(&self, future: F) -> Abortable<F> {
        let scope = Some(self.0 .0.clone());
        Abortable::new(Limit::NONE, false, scope, WithContext::unchanged(future))
    }

    /// Aborts the tasks of the scope, and returns those that were alive, in the order of their spawns.
    ///
    /// A task [is aborted](SubtreeTask::is_aborted) if its spawn has returned a handle with a method `abort_handle`, as those of tokio do.
    /// All others go on. They are asked to end: [`cancelled`](crate::cancelled) is ready, and [`is_cancelled`](crate::is_cancelled)
    /// returns `true`. Tasks that are spawned within the scope afterwards are aborted as soon as their spawn has returned.
    pub fn abort(&self) -> Vec<SubtreeTask> {
        self.0 .0.cancel(false)
    }

    /// Returns `true` if the scope was aborted.
    ///
    /// # Examples
    ///
    /// ```
    /// let scope = birthmark::AbortScope::new();
    /// assert!(!scope.is_aborted());
    /// scope.abort();
    /// assert!(scope.is_aborted());
    /// ```
    pub fn is_aborted(&self) -> bool {
        self.0 .0.is_cancelled()
    }
}

impl fmt::Debug for AbortScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortScope")
            .field("is_aborted", &self.is_aborted())
            .finish_non_exhaustive()
    }
}

/// The error of a future whose deadline was exceeded, or whose scope was aborted.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let never = std::future::pending::<()>();
/// let late = birthmark::with_timeout(std::time::Duration::ZERO, never).enforce();
/// assert!(late.await.unwrap_err().is_late());
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aborted {
    is_late: bool,
}

impl Aborted {
    /// Returns `true` if a deadline was exceeded, and `false` if a scope or a tree was aborted.
    pub fn is_late(&self) -> bool {
        self.is_late
    }
}

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.is_late {
            true => "the deadline was exceeded",
            false => "the scope was aborted",
        })
    }
}

impl Error for Aborted {}

/// The future that [`WithDeadline::enforce`](crate::WithDeadline::enforce) and [`AbortScope::run`] return.
///
/// # Panics
///
/// The future panics if it is polled after it was ready.
#[must_use = "futures do nothing unless polled"]
pub struct Abortable<F> {
    limit: Limit,
    is_enforced: bool,
    scope: Option<Arc<Subtree>>,
    is_started: bool,
    cancelled: Cancelled,
    subtree: Option<Arc<Subtree>>,
    /// Structurally pinned. `None` once this future was ready.
    future: Option<WithContext<F>>,
}

impl<F> Abortable<F> {
    pub(super) fn new(
        limit: Limit,
        is_enforced: bool,
        scope: Option<Arc<Subtree>>,
        future: WithContext<F>,
    ) -> Self {
        Abortable {
            limit,
            is_enforced,
            scope,
            is_started: false,
            cancelled: Cancelled::of(None),
            subtree: None,
            future: Some(future),
        }
    }
}

impl<F: Future> Future for Abortable<F> {
    type Output = Result<F::Output, Aborted>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: `future` is structurally pinned: it is never moved, and dropped in place. Nothing else is pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        let mut slot = unsafe { Pin::new_unchecked(&mut this.future) };
        let mut future = slot
            .as_mut()
            .as_pin_mut()
            .expect("the future was polled after it was ready");
        if !std::mem::replace(&mut this.is_started, true) {
            this.subtree = this.limit.subtree(this.is_enforced, this.scope.as_ref());
            this.scope = None;
            if let Some(subtree) = &this.subtree {
                future.as_mut().set_change(Change::Local(subtree.change()));
                this.cancelled = Cancelled::of(Some(subtree.clone()));
            }
        }
        let result = future.poll(cx).map(Ok);
        let result = match &this.subtree {
            Some(subtree) if result.is_pending() => {
                let cancelled = Pin::new(&mut this.cancelled).poll(cx);
                cancelled.map(|()| {
                    Err(Aborted {
                        is_late: subtree.is_late(),
                    })
                })
            }
            _ => result,
        };
        if result.is_ready() {
            slot.set(None);
            this.cancelled = Cancelled::of(None);
            this.subtree = None;
        }
        result
    }
}

impl<F: fmt::Debug> fmt::Debug for Abortable<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Abortable")
            .field("limit", &self.limit)
            .field("future", &self.future)
            .finish_non_exhaustive()
    }
}
