//! The wrapper around an awaited future.

use core::future::{Future, IntoFuture};
use core::pin::Pin;
use core::task::{Context, Poll};

use super::entry::{Entry, Inside};
use super::FrameSite;

/// An awaited future with its frame: two words more than the future.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Framed<F> {
    /// Structurally pinned. The first field, so that it is dropped before its frame is left.
    future: F,
    entry: Entry,
}

/// Wraps what is awaited.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline]
#[track_caller]
pub fn frame<I: IntoFuture>(site: &'static FrameSite, awaited: I) -> Framed<I::IntoFuture> {
    Framed {
        future: awaited.into_future(),
        entry: Entry::new(site),
    }
}

// The address-sensitive part is `F`; the entry can move.
impl<F: Unpin> Unpin for Framed<F> {}

impl<F: Future> Future for Framed<F> {
    type Output = F::Output;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is structurally pinned: it is never moved out of, `Framed` has no `Drop`
        // of its own, and it is Unpin only where `F` is.
        let (future, entry) = unsafe {
            let this = self.get_unchecked_mut();
            (Pin::new_unchecked(&mut this.future), &mut this.entry)
        };
        let inside = Inside::of(entry);
        let result = future.poll(cx);
        drop(inside);
        if result.is_ready() {
            entry.leave();
        }
        result
    }
}
