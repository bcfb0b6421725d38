//! The work of spawned tasks: next to nothing, and the same under every variant.
//!
//! The futures are written by hand and their `poll` is never inlined. No variant then gains or loses by an optimisation
//! around a particular wrapper. As far as the compiler knows, they could panic, like most tasks. Otherwise the compiler
//! would remove the runtime's handling of panics from the raw variant alone.

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future of a certain size that the cases can make any number of.
pub trait Task: Future<Output = ()> + Unpin + Send + 'static {
    /// Another one.
    fn new() -> Self;
}

/// Ends at its first poll.
#[derive(Debug)]
pub struct Ends<const BYTES: usize>(pub [u8; BYTES]);

/// As [`Ends`], and must be dropped: most tasks own something.
#[derive(Debug)]
pub struct Owns<const BYTES: usize>([u8; BYTES]);

/// Never ends.
#[derive(Debug)]
pub struct Waits<const BYTES: usize>([u8; BYTES]);

/// Wakes itself so many times before it ends.
#[derive(Debug)]
pub struct Yields(pub usize);

impl<const BYTES: usize> Task for Ends<BYTES> {
    fn new() -> Self {
        Ends([0; BYTES])
    }
}

impl<const BYTES: usize> Task for Owns<BYTES> {
    fn new() -> Self {
        Owns([0; BYTES])
    }
}

impl<const BYTES: usize> Task for Waits<BYTES> {
    fn new() -> Self {
        Waits([0; BYTES])
    }
}

impl<const BYTES: usize> Future for Ends<BYTES> {
    type Output = ();

    #[inline(never)]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        touch(&self.0);
        Poll::Ready(())
    }
}

impl<const BYTES: usize> Future for Owns<BYTES> {
    type Output = ();

    #[inline(never)]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        touch(&self.0);
        Poll::Ready(())
    }
}

impl<const BYTES: usize> Drop for Owns<BYTES> {
    #[inline(never)]
    fn drop(&mut self) {
        touch(&self.0);
    }
}

impl<const BYTES: usize> Future for Waits<BYTES> {
    type Output = ();

    #[inline(never)]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        touch(&self.0);
        Poll::Pending
    }
}

impl Future for Yields {
    type Output = ();

    #[inline(never)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        touch(&self.0);
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// The work of jobs and threads. The payload fits into the size to which an allocator would round up anyway.
#[inline(never)]
pub fn work(payload: [usize; 3]) {
    touch(&payload);
}

/// Uses a value in a way that could panic.
fn touch<T>(value: &T) {
    assert!(!black_box(false), "never");
    black_box(value);
}
