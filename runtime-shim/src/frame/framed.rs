//! The wrapper around an awaited future.

use core::future::{Future, IntoFuture};
use core::pin::Pin;
use core::task::{Context, Poll};

use super::entry::{Entry, Inside};
use super::FrameSite;

/// An awaited future with its frame: two words more than the future. Who awaits it drops it as soon as it is
/// ready, by which the frame is left.
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

/// What stands before an `.await`, with the frame that its future will have.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Awaited<I> {
    awaited: I,
    entry: Entry,
}

/// Wraps what is awaited. It takes anything, so that the compiler complains at the `.await`, and only
/// there, about what is no future.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline]
pub fn frame<I>(site: &'static FrameSite, awaited: I) -> Awaited<I> {
    Awaited {
        awaited,
        entry: Entry::new(site),
    }
}

#[diagnostic::do_not_recommend]
impl<I: IntoFuture> IntoFuture for Awaited<I> {
    type Output = I::Output;
    type IntoFuture = Framed<I::IntoFuture>;

    #[inline]
    #[track_caller]
    fn into_future(self) -> Framed<I::IntoFuture> {
        Framed {
            future: self.awaited.into_future(),
            entry: self.entry,
        }
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
        let _inside = Inside::of(entry);
        future.poll(cx)
    }
}

/// A branch of a macro that awaits it, which may keep it when it is ready.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Branch<F>(Framed<F>);

/// Wraps a branch.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline]
#[track_caller]
pub fn branch<I: IntoFuture>(site: &'static FrameSite, branch: I) -> Branch<I::IntoFuture> {
    Branch(frame(site, branch).into_future())
}

impl<F: Future> Future for Branch<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the only field is structurally pinned.
        let mut framed = unsafe { self.map_unchecked_mut(|this| &mut this.0) };
        let result = framed.as_mut().poll(cx);
        if result.is_ready() {
            // SAFETY: the entry is not pinned, and nothing else is touched.
            unsafe { framed.get_unchecked_mut() }.entry.leave();
        }
        result
    }
}
