//! A gate that holds tasks back until it is opened.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// An event that opens once and releases all waiting tasks. A clone refers to the same gate.
///
/// # Examples
///
/// Tasks that are spawned during start-up begin when the program is ready:
///
/// ```
/// let ready = birthmark::Gate::new();
/// let gate = ready.clone();
/// let hook = birthmark::add_hook(move |spawn: &mut birthmark::Spawn<'_>| {
///     spawn.delay_until(gate.wait());
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
    /// Wakers of the waiting tasks, by a number of their own.
    waiting: BTreeMap<u64, Waker>,
    /// The number that was given last.
    last: u64,
}

impl Gate {
    /// Returns a closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the gate for good.
    pub fn open(&self) {
        let waiting = {
            let mut state = self.lock();
            state.open = true;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_values().for_each(Waker::wake);
    }

    /// Returns `true` if the gate is open.
    pub fn is_open(&self) -> bool {
        self.lock().open
    }

    /// Returns a future that is ready when the gate is open.
    pub fn wait(&self) -> GateFuture {
        GateFuture {
            gate: self.clone(),
            number: None,
        }
    }

    /// Not to be held while a waker is cloned, woken or dropped, which runs an executor's code.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The future that [`Gate::wait`] returns.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct GateFuture {
    gate: Gate,
    /// The number under which the task waits. `None` before the first poll.
    number: Option<u64>,
}

impl Clone for GateFuture {
    fn clone(&self) -> Self {
        self.gate.wait()
    }
}

impl Future for GateFuture {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let waker = cx.waker().clone();
        let mut state = this.gate.lock();
        if state.open {
            return Poll::Ready(());
        }
        let number = *this.number.get_or_insert_with(|| {
            state.last += 1;
            state.last
        });
        let before = state.waiting.insert(number, waker);
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl Drop for GateFuture {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let waker = self.gate.lock().waiting.remove(&number);
            drop(waker);
        }
    }
}

/// Blocks the thread until the future is ready. Not by `thread::park`, which would take an `unpark` that is meant for
/// the program.
pub(super) fn block_on(mut future: Pin<&mut (dyn Future<Output = ()> + Send)>) {
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(bell.clone());
    let mut cx = Context::from_waker(&waker);
    while future.as_mut().poll(&mut cx).is_pending() {
        bell.wait();
    }
}

/// Wakes a thread of its own.
#[derive(Default)]
struct Bell {
    has_rung: Mutex<bool>,
    rings: Condvar,
}

impl Bell {
    /// Waits until it rings, unless it has rung since the last time.
    fn wait(&self) {
        let has_rung = self.has_rung.lock().unwrap_or_else(PoisonError::into_inner);
        let until = self.rings.wait_while(has_rung, |has_rung| !*has_rung);
        *until.unwrap_or_else(PoisonError::into_inner) = false;
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.has_rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.rings.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counted;

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {}
    }

    /// A task that is cancelled while it is held back, in a program whose gate may never open.
    #[test]
    fn waker_of_dropped_future_is_dropped() {
        let gate = Gate::new();
        let task = Arc::new(Counted);
        let waker = Waker::from(task.clone());
        let mut opened = gate.wait();
        for _ in 0..2 {
            let mut cx = Context::from_waker(&waker);
            assert!(Pin::new(&mut opened).poll(&mut cx).is_pending());
        }
        drop((opened, waker));
        assert_eq!(Arc::strong_count(&task), 1);
    }
}
