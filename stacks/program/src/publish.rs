//! Futures that print where they are.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

static PUBLISHED: AtomicUsize = AtomicUsize::new(0);
static PENDING: AtomicUsize = AtomicUsize::new(0);

/// Returns the number of futures that were published.
pub fn published() -> usize {
    PUBLISHED.load(Ordering::Relaxed)
}

/// Returns the number of published futures that have been pending once.
pub fn pending() -> usize {
    PENDING.load(Ordering::Relaxed)
}

/// A future that prints its address and its type's anchors at its first poll.
pub struct Published<F> {
    label: &'static str,
    was_polled: bool,
    /// Count of polls, twice: it is odd during a poll.
    sequence: AtomicUsize,
    future: F,
}

impl<F: Future<Output = ()> + 'static> Published<F> {
    pub fn new(label: &'static str, future: F) -> Self {
        PUBLISHED.fetch_add(1, Ordering::Relaxed);
        Self {
            label,
            was_polled: false,
            sequence: AtomicUsize::new(0),
            future,
        }
    }
}

/// Polls a root. Its address leads to the type `F`.
#[inline(never)]
fn poll_root<F: Future>(future: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
    future.poll(context)
}

/// Returns the address of the vtable of `F`.
fn vtable<F: Future<Output = ()> + 'static>(future: &F) -> usize {
    let future: *const dyn Future<Output = ()> = future as *const F;
    // SAFETY: a pointer to a trait object is two words, the address and the vtable.
    let words: [usize; 2] = unsafe { std::mem::transmute(future) };
    words[1]
}

impl<F: Future<Output = ()> + 'static> Future for Published<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // SAFETY: `future` is not moved out, and is pinned again below.
        let this = unsafe { self.get_unchecked_mut() };
        let is_first = !std::mem::replace(&mut this.was_polled, true);
        if is_first {
            println!(
                "task {} {:#x} {:#x} {:#x} {:#x} {} {}",
                this.label,
                &raw const this.future as usize,
                poll_root::<F> as *const () as usize,
                vtable(&this.future),
                &raw const this.sequence as usize,
                size_of::<F>(),
                std::any::type_name::<F>(),
            );
        }
        this.sequence.fetch_add(1, Ordering::AcqRel);
        // SAFETY: `self` is pinned, and so is the future in it.
        let result = poll_root(unsafe { Pin::new_unchecked(&mut this.future) }, context);
        this.sequence.fetch_add(1, Ordering::AcqRel);
        if is_first {
            PENDING.fetch_add(1, Ordering::Relaxed);
        }
        result
    }
}

/// Spawns a future that prints where it is.
pub fn spawn(
    label: &'static str,
    future: impl Future<Output = ()> + 'static,
) -> tokio::task::JoinHandle<()> {
    // The runtime polls all tasks on the thread that spawns them, so `Send` adds nothing.
    tokio::task::spawn_local(Published::new(label, future))
}
