//! The wrapper around an awaited future.

use core::future::{Future, IntoFuture};
use core::pin::Pin;
use core::task::{Context, Poll};

use super::entry::FrameEntry;
use super::site_source::SiteSource;

/// An awaited future with its frame, at the site `S`. The frame is left when the future is ready, for a macro may
/// keep it then, or dropped.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Framed<F, S: SiteSource> {
    /// Structurally pinned: nothing takes it out of a pinned `Framed`, whose fields nobody but generated code can name
    /// and which it only makes. The first field, so that it is dropped before its frame is left.
    pub future: F,
    /// The entry.
    pub on_drop: FrameOnDrop<S>,
}

/// The operand of an `.await`, with the site of the frame that its future gets.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Awaited<I, S> {
    pub(super) awaited: I,
    pub(super) site: S,
}

#[diagnostic::do_not_recommend]
impl<I: IntoFuture, S: SiteSource> IntoFuture for Awaited<I, S> {
    type Output = I::Output;
    type IntoFuture = Framed<I::IntoFuture, S>;

    #[inline]
    #[track_caller]
    fn into_future(self) -> Framed<I::IntoFuture, S> {
        Framed {
            future: self.awaited.into_future(),
            on_drop: FrameOnDrop::of(self.site),
        }
    }
}

// The address-sensitive part is `F`; the entry can move.
impl<F: Unpin, S: SiteSource> Unpin for Framed<F, S> {}

impl<F: Future, S: SiteSource> Future for Framed<F, S> {
    type Output = F::Output;

    // A `poll` of the user's that asks for its caller is told the same as without the wrapper.
    #[inline(always)]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is structurally pinned: it is never moved out of, `Framed` has no `Drop`
        // of its own, and it is Unpin only where `F` is.
        let (future, on_drop) = unsafe {
            let this = self.get_unchecked_mut();
            (Pin::new_unchecked(&mut this.future), &mut this.on_drop)
        };
        let inside = on_drop.entry.enter(on_drop.site.site());
        let result = future.poll(cx);
        // In place of `is_ready`, which a debug build would compile anew for each output.
        let is_ready = matches!(result, Poll::Ready(_));
        on_drop.entry.exit(inside, on_drop.site.site(), is_ready);
        result
    }
}

/// An entry, which leaves its frame when it is dropped.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct FrameOnDrop<S: SiteSource> {
    entry: FrameEntry,
    site: S,
}

impl<S: SiteSource> FrameOnDrop<S> {
    #[inline]
    pub(super) fn of(site: S) -> Self {
        FrameOnDrop {
            entry: FrameEntry::NEW,
            site,
        }
    }
}

impl<S: SiteSource> Drop for FrameOnDrop<S> {
    #[inline(always)]
    fn drop(&mut self) {
        self.entry.leave_dropped(self.site.site());
    }
}
