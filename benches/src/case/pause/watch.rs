//! A stopwatch for each thread.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use crate::stats::Sample;

/// The time in nanoseconds below which a lap contains no switch to another thread and back.
const SHORT: u32 = 2_000;

/// How long each spawn or poll took.
#[derive(Clone, Debug, Default)]
pub(super) struct Laps {
    nanos: Vec<u32>,
    /// The longest during which the system ran nobody else in this thread's place.
    longest_undisturbed: u32,
}

impl Laps {
    /// See [`super::measure`].
    pub(super) fn summary(&mut self) -> [f64; 5] {
        let sample = Sample::new(self.nanos.drain(..).map(f64::from));
        let [median, most, nearly_all, longest] =
            [0.5, 0.999, 0.99999, 1.0].map(|part| sample.quantile(part));
        [
            median,
            most,
            nearly_all,
            longest,
            self.longest_undisturbed.into(),
        ]
    }
}

struct Watch {
    since: Instant,
    switches: i64,
    laps: Laps,
}

std::thread_local! {
    static WATCH: RefCell<Option<Watch>> = const { RefCell::new(None) };
}

/// Adds the laps of `f` on this thread to `laps`.
pub(super) fn record(laps: &mut Laps, f: impl FnOnce()) {
    WATCH.set(Some(Watch {
        since: Instant::now(),
        switches: switches(),
        laps: std::mem::take(laps),
    }));
    f();
    *laps = WATCH.take().expect("nobody else takes it").laps;
}

/// Ends a lap, and begins the next.
pub(super) fn lap() {
    with(|watch| {
        let (nanos, undisturbed) = watch.read();
        watch.laps.nanos.push(nanos);
        if undisturbed {
            let longest = &mut watch.laps.longest_undisturbed;
            *longest = nanos.max(*longest);
        }
    });
}

/// Begins a lap anew.
pub(super) fn skip() {
    with(|watch| {
        watch.read();
    });
}

fn with(f: impl FnOnce(&mut Watch)) {
    WATCH.with_borrow_mut(|watch| {
        f(watch.as_mut().expect("laps are recorded"));
        // Without what it took to record.
        if let Some(watch) = watch {
            watch.since = Instant::now();
        }
    });
}

impl Watch {
    /// The time since the lap began, and whether the thread has had its processor all the while.
    fn read(&mut self) -> (u32, bool) {
        let nanos = self.since.elapsed().as_nanos() as u32;
        if nanos < SHORT {
            return (nanos, true);
        }
        let before = std::mem::replace(&mut self.switches, switches());
        (nanos, self.switches == before)
    }
}

/// How often the system has run another thread in the place of this one.
fn switches() -> i64 {
    // SAFETY: plain numbers, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is there to be written, and as large as the call wants it.
    unsafe { libc::getrusage(libc::RUSAGE_THREAD, &mut usage) };
    usage.ru_nivcsw + usage.ru_nvcsw
}

/// Ends a lap at each of so many polls, and wakes itself.
pub(super) struct Turns(pub(super) usize);

impl Future for Turns {
    type Output = ();

    #[inline(never)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        lap();
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
