//! The wrapper around an awaited future.

use core::future::{Future, IntoFuture};
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::entry::Entry;
use super::inside::Inside;
use super::site::{FrameSite, FrameSites};

/// An awaited future with its frame: one word more than the future, which knows its site by its type, the `N`th
/// of a table. The frame is left when the future is ready, for a macro may keep it then, or dropped.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Framed<F, T: FrameSites, const N: usize> {
    /// Structurally pinned. The first field, so that it is dropped before its frame is left.
    future: F,
    held: Held<T, N>,
}

/// What stands before an `.await`, with the frame that its future will have.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Awaited<I, T, const N: usize>(I, PhantomData<T>);

/// Wraps what is awaited. It takes anything, so that the compiler complains at the `.await`, and only
/// there, about what is no future.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline]
pub fn frame<I, T: FrameSites, const N: usize>(awaited: I) -> Awaited<I, T, N> {
    Awaited(awaited, PhantomData)
}

/// Wraps a branch of a macro that awaits it.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline]
#[track_caller]
pub fn branch<I: IntoFuture, T: FrameSites, const N: usize>(
    branch: I,
) -> Framed<I::IntoFuture, T, N> {
    frame(branch).into_future()
}

#[diagnostic::do_not_recommend]
impl<I: IntoFuture, T: FrameSites, const N: usize> IntoFuture for Awaited<I, T, N> {
    type Output = I::Output;
    type IntoFuture = Framed<I::IntoFuture, T, N>;

    #[inline]
    #[track_caller]
    fn into_future(self) -> Framed<I::IntoFuture, T, N> {
        Framed {
            future: self.0.into_future(),
            held: Held(Entry::NEW, PhantomData),
        }
    }
}

// The address-sensitive part is `F`; the entry can move.
impl<F: Unpin, T: FrameSites, const N: usize> Unpin for Framed<F, T, N> {}

impl<F: Future, T: FrameSites, const N: usize> Future for Framed<F, T, N> {
    type Output = F::Output;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is structurally pinned: it is never moved out of, `Framed` has no `Drop`
        // of its own, and it is Unpin only where `F` is.
        let (future, entry) = unsafe {
            let this = self.get_unchecked_mut();
            (Pin::new_unchecked(&mut this.future), &mut this.held.0)
        };
        let inside = Inside::of(entry, Held::<T, N>::SITE);
        let result = future.poll(cx);
        // In place of `is_ready`, which a debug build would compile anew for each output.
        if matches!(result, Poll::Ready(_)) {
            inside.leave(entry, Held::<T, N>::SITE);
        }
        result
    }
}

/// An entry, which leaves its frame when it is dropped.
#[derive(Debug)]
struct Held<T: FrameSites, const N: usize>(Entry, PhantomData<T>);

impl<T: FrameSites, const N: usize> Held<T, N> {
    const SITE: &'static FrameSite = &T::SITES[N];
}

impl<T: FrameSites, const N: usize> Drop for Held<T, N> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        self.0.leave(Self::SITE);
    }
}
