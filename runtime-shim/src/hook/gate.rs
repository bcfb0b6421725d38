//! A gate that holds tasks back until it is opened.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

/// Opens once, for all who wait. Clones are the same gate.
///
/// # Examples
///
/// Tasks that are spawned while the program starts up begin when it is ready:
///
/// ```
/// let ready = birthmark::Gate::new();
/// let gate = ready.clone();
/// let hook = birthmark::add_hook(move |spawn: &mut birthmark::Spawn<'_>| {
///     spawn.delay_until(gate.opened());
/// });
/// // … start-up
/// ready.open();
/// # drop(hook);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    open: bool,
    waiting: Vec<Waker>,
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the gate for good.
    pub fn open(&self) {
        let waiting = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.open = true;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Whether the gate has been opened.
    pub fn is_open(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).open
    }

    /// A future that is ready when the gate is open.
    pub fn opened(&self) -> Opened {
        Opened(self.clone())
    }
}

/// The future of [`Gate::opened`].
#[derive(Clone, Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Opened(Gate);

impl Future for Opened {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0 .0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.open {
            return Poll::Ready(());
        }
        if !state
            .waiting
            .iter()
            .any(|waker| waker.will_wake(cx.waker()))
        {
            state.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

/// Blocks the thread until the future is ready.
pub(super) fn block_on(mut future: Pin<&mut (dyn Future<Output = ()> + Send)>) {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut cx = Context::from_waker(&waker);
    while future.as_mut().poll(&mut cx).is_pending() {
        std::thread::park();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
