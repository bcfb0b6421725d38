//! Deadlines of futures and closures.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::scope::Abortable;
use super::tree::{self, OwnDeadline, Purpose, Subtree};
use crate::context::name::{with_change, Change, WithContext};
use crate::platform::clock::HAS_CLOCK;

/// A deadline, as a call has set it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit(Option<OwnDeadline>);

impl Limit {
    pub(super) const NONE: Limit = Limit(None);

    fn at(at: Instant, place: &'static Location<'static>) -> Self {
        let timeout = at.saturating_duration_since(Instant::now());
        Limit(Some(OwnDeadline { at, timeout, place }))
    }

    /// A time that is too long for the clock is no limit.
    fn after(timeout: Duration, place: &'static Location<'static>) -> Self {
        let at = match HAS_CLOCK {
            true => Instant::now().checked_add(timeout),
            false => None,
        };
        Limit(at.map(|at| OwnDeadline { at, timeout, place }))
    }

    /// Makes the subtree of the current task under this limit. Returns `None` if the task's present one is as good.
    pub(super) fn subtree(
        self,
        is_enforced: bool,
        scope: Option<&Arc<Subtree>>,
    ) -> Option<Arc<Subtree>> {
        let outer = tree::current();
        let earliest = outer.as_ref().and_then(|outer| outer.deadline());
        let own = self.0.filter(|own| earliest.is_none_or(|it| own.at < it));
        let is_enforced = is_enforced && (own.is_some() || earliest.is_some());
        if own.is_none() && !is_enforced && scope.is_none() {
            return None;
        }
        let parents = scope.cloned().into_iter().chain(outer).collect();
        Some(Subtree::new(parents, Purpose { own, is_enforced }))
    }
}

/// Runs a future with a deadline, which the tasks that it spawns inherit.
///
/// The future and its tasks have until `deadline`. A deadline within another one can only be earlier. Tasks that are spawned
/// under [`root!`](crate::root), and tasks of pools, have none.
///
/// If the future, or a task that descends from it, is not done by then, the deadline is exceeded. This is reported once, by the
/// panic report of `birthmark::install` and by [`SpawnHook::on_exceeded`](crate::SpawnHook::on_exceeded). Nothing else happens, unless the deadline is
/// [enforced](WithDeadline::enforce). If all are done within a few milliseconds after the deadline, there may be no report.
///
/// A task outside of instrumented code inherits nothing. In the child of a fork, deadlines that the parent has set can be read, but
/// do not pass.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, Instant};
///
/// # #[birthmark::instrument]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let deadline = Instant::now() + Duration::from_secs(5);
/// let seen = birthmark::with_deadline(deadline, async {
///     tokio::spawn(async { birthmark::deadline() }).await.unwrap()
/// });
/// assert_eq!(seen.await, Some(deadline));
/// # }
/// ```
#[track_caller]
pub fn with_deadline<F: Future>(deadline: Instant, future: F) -> WithDeadline<F> {
    let limit = Limit::at(deadline, Location::caller());
    WithDeadline::new(limit, future)
}

/// As [`with_deadline`], with the time from this call on. A time that the clock cannot express is no limit.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let second = birthmark::with_timeout(Duration::from_secs(1), async {
///     birthmark::with_timeout(Duration::from_secs(60), async { birthmark::remaining() }).await
/// });
/// assert!(second.await.unwrap() <= Duration::from_secs(1));
/// # }
/// ```
#[track_caller]
pub fn with_timeout<F: Future>(timeout: Duration, future: F) -> WithDeadline<F> {
    let limit = Limit::after(timeout, Location::caller());
    WithDeadline::new(limit, future)
}

/// Calls `f` with a deadline, as [`with_deadline`] runs a future.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, Instant};
///
/// # #[birthmark::instrument]
/// # fn main() {
/// let deadline = Instant::now() + Duration::from_secs(5);
/// birthmark::with_deadline_blocking(deadline, || {
///     let child = std::thread::spawn(|| birthmark::deadline());
///     assert_eq!(child.join().unwrap(), Some(deadline));
/// });
/// # }
/// ```
#[track_caller]
pub fn with_deadline_blocking<R>(deadline: Instant, f: impl FnOnce() -> R) -> R {
    run(Limit::at(deadline, Location::caller()), f)
}

/// Calls `f` with the time that it has, as [`with_timeout`] runs a future.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// let left = birthmark::with_timeout_blocking(Duration::from_secs(1), || birthmark::remaining());
/// assert!(left.unwrap() <= Duration::from_secs(1));
/// ```
#[track_caller]
pub fn with_timeout_blocking<R>(timeout: Duration, f: impl FnOnce() -> R) -> R {
    run(Limit::after(timeout, Location::caller()), f)
}

fn run<R>(limit: Limit, f: impl FnOnce() -> R) -> R {
    let change = limit.subtree(false, None).map(|subtree| subtree.change());
    match change {
        Some(change) => {
            let change = Change::Local(change);
            with_owned_change(change, f)
        }
        None => f(),
    }
}

/// Does `f` after a change that the node alone has meanwhile, so that its values are dropped with the node.
pub(super) fn with_owned_change<R>(change: Change, f: impl FnOnce() -> R) -> R {
    match crate::context::name::node_with(&change) {
        Some(node) => {
            drop(change);
            node.with(f)
        }
        None => with_change(&change, f),
    }
}

/// Returns the deadline of the current task, if it has one. The deadline may have passed.
///
/// # Examples
///
/// ```
/// assert_eq!(birthmark::deadline(), None);
/// ```
pub fn deadline() -> Option<Instant> {
    tree::with_current(|subtree| subtree?.deadline())
}

/// Returns the time until the deadline of the current task, if it has one. The time is zero if the deadline has passed.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// // A request to another service gets what is left of the time.
/// let timeout = birthmark::remaining().unwrap_or(Duration::from_secs(30));
/// assert_eq!(timeout, Duration::from_secs(30));
/// ```
pub fn remaining() -> Option<Duration> {
    deadline().map(|at| at.saturating_duration_since(Instant::now()))
}

/// The future that [`with_deadline`] and [`with_timeout`] return.
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
pub struct WithDeadline<F> {
    limit: Limit,
    is_started: bool,
    /// Structurally pinned.
    future: WithContext<F>,
}

impl<F: Future> WithDeadline<F> {
    fn new(limit: Limit, future: F) -> Self {
        WithDeadline {
            limit,
            is_started: false,
            future: WithContext::unchanged(future),
        }
    }

    /// Enforces the deadline, and that of the enclosing subtree if it is earlier.
    ///
    /// When the deadline passes:
    ///
    /// - The future is dropped, and the result is an error.
    /// - Tasks whose spawn has returned a handle with a method `abort_handle` are aborted, as those of tokio and of
    ///   `JoinSet`. Their handles return the error of a cancelled task.
    /// - All others are asked: [`cancelled`](crate::cancelled) is ready, and [`is_cancelled`](crate::is_cancelled) returns
    ///   `true`. These are threads, blocking jobs, and tasks of executors such as smol, whose handle cancels only by its own drop.
    ///
    /// The future is polled before the deadline is looked at, so that a future that is ready in time is never late.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # #[birthmark::instrument]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut tasks = Vec::new();
    /// let late = birthmark::with_timeout(Duration::from_millis(10), async {
    ///     tasks.push(tokio::spawn(std::future::pending::<()>()));
    ///     std::future::pending::<()>().await
    /// });
    /// let error = late.enforce().await.unwrap_err();
    /// assert_eq!(error.to_string(), "the deadline was exceeded");
    /// assert!(tasks.pop().unwrap().await.unwrap_err().is_cancelled());
    /// # }
    /// ```
    pub fn enforce(self) -> Abortable<F> {
        Abortable::new(self.limit, true, None, self.future)
    }
}

impl<F: Future> Future for WithDeadline<F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is structurally pinned: it is never moved, and dropped in place.
        let (limit, is_started, mut future) = unsafe {
            let this = self.get_unchecked_mut();
            (
                this.limit,
                &mut this.is_started,
                Pin::new_unchecked(&mut this.future),
            )
        };
        if !std::mem::replace(is_started, true) {
            if let Some(subtree) = limit.subtree(false, None) {
                future.as_mut().set_change(Change::Local(subtree.change()));
            }
        }
        let result = future.as_mut().poll(cx);
        if result.is_ready() {
            future.end_change();
        }
        result
    }
}
