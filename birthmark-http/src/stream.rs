//! Bodies that are written while they are sent.
//!
//! A thread of its own writes each dump, so neither the server nor any executor waits for it. The thread waits if the
//! client does not read. A channel between the two has room for one piece, so memory does not grow with the dump.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use birthmark::extension::spawn_internal_thread;
use http_body::{Body, Frame};
use tokio::sync::mpsc::{self, Receiver, Sender, error::TrySendError};

use crate::budget::{Budget, Piece, Watch};
use crate::permits::Permit;

/// After how long a client that takes nothing is given up.
pub(crate) const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// How slow a client may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlowClientPolicy {
    /// How long it may take for a piece.
    pub(crate) stall_timeout: Duration,
    /// For how long it may be as slow as that though others wait for its permit.
    pub(crate) grace: Duration,
    /// How many bytes a second it must take on average afterwards, if they do.
    pub(crate) min_rate: u64,
}

impl SlowClientPolicy {
    /// At half of this rate, a dump of ten thousand tasks still arrives within the grace period.
    pub(crate) const DEFAULT: SlowClientPolicy = SlowClientPolicy {
        stall_timeout: STALL_TIMEOUT,
        grace: Duration::from_secs(10),
        min_rate: 256 * 1024,
    };
}

/// How often a client that is waited for is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Pieces are sent from this size on.
const PIECE: usize = 64 * 1024;

/// A stack that is large enough for any rendering, and for the program's function that redacts names.
const STACK: usize = 1024 * 1024;

/// A body whose pieces a thread writes.
#[derive(Debug)]
pub(crate) struct Stream {
    /// The piece that was waited for.
    first: Option<Bytes>,
    pieces: Receiver<Piece>,
    writer: Thread,
    /// Without which the end of the pieces is not that of the body.
    done: Arc<AtomicBool>,
}

/// Why there is no body, not even the start of one.
#[derive(Debug)]
pub(crate) enum Unwritten {
    NoThread(io::Error),
    /// The writer has spent its CPU time.
    TooMuchWork,
    Failed,
}

/// Starts `write` on a thread of its own, and returns the body that it writes, once a first piece of it is there. It
/// has the permit until it is done. If the client is too slow or goes, or if the budget is spent, writing fails, and so
/// does the body.
pub(crate) async fn stream(
    slow_clients: SlowClientPolicy,
    budget: Budget,
    permit: Permit,
    write: impl FnOnce(&mut Sink) -> io::Result<()> + Send + 'static,
) -> Result<Stream, Unwritten> {
    let (to, pieces) = mpsc::channel(1);
    let done = Arc::new(AtomicBool::new(false));
    let is_done = done.clone();
    let thread = spawn_internal_thread("birthmark-send", STACK, move || {
        let mut sink = Sink::new(to, slow_clients, budget, permit);
        let written = write(&mut sink).and_then(|()| sink.flush());
        is_done.store(written.is_ok(), Ordering::Release);
        if let Err(error) = written {
            // If there is no room, a piece came before it, and the body breaks off.
            let _ = sink.to.try_send(Err(error));
        }
    });
    let mut stream = Stream {
        first: None,
        pieces,
        writer: thread.map_err(Unwritten::NoThread)?.thread().clone(),
        done,
    };
    stream.first = match stream.pieces.recv().await {
        Some(Ok(piece)) => Some(piece),
        Some(Err(error)) if error.kind() == Watch::SPENT => return Err(Unwritten::TooMuchWork),
        None if stream.done.load(Ordering::Acquire) => None,
        None | Some(Err(_)) => return Err(Unwritten::Failed),
    };
    stream.writer.unpark();
    Ok(stream)
}

impl Body for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        let piece = std::task::ready!(self.pieces.poll_recv(context));
        self.writer.unpark();
        Poll::Ready(match piece {
            Some(piece) => Some(piece.map(Frame::data)),
            None if self.done.load(Ordering::Acquire) => None,
            None => Some(Err(io::Error::other("the dump was not written to its end"))),
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.pieces.close();
        self.writer.unpark();
    }
}

/// Where the thread writes to.
pub(crate) struct Sink {
    piece: Vec<u8>,
    to: Sender<Piece>,
    watch: Watch,
    slow_clients: SlowClientPolicy,
    permit: Permit,
    /// Bytes that the client has taken, and the time of the first piece.
    sent: u64,
    since: Option<Instant>,
}

impl Sink {
    /// On the thread that writes, whose CPU time counts from here on.
    fn new(
        to: Sender<Piece>,
        slow_clients: SlowClientPolicy,
        budget: Budget,
        permit: Permit,
    ) -> Self {
        Sink {
            piece: Vec::new(),
            watch: Watch::start(to.clone(), budget),
            to,
            slow_clients,
            permit,
            sent: 0,
            since: None,
        }
    }

    /// For work between two pieces.
    pub(crate) fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Does nothing for some time, unless the client goes.
    pub(crate) fn wait(&self, time: Duration) -> io::Result<()> {
        let start = Instant::now();
        while !self.to.is_closed() {
            let Some(left) = time.checked_sub(start.elapsed()) else {
                return Ok(());
            };
            thread::park_timeout(left);
        }
        Err(io::ErrorKind::BrokenPipe.into())
    }

    /// Waits until there is room. Parked, and not in a future: that would need an executor, with a timer.
    fn send(&mut self, piece: Bytes) -> io::Result<()> {
        let mut piece = Ok(piece);
        let start = Instant::now();
        self.since.get_or_insert(start);
        let len = piece.as_ref().map_or(0, |piece| piece.len() as u64);
        loop {
            piece = match self.to.try_send(piece) {
                Ok(()) => {
                    self.sent += len;
                    return Ok(());
                }
                Err(TrySendError::Closed(_)) => return Err(io::ErrorKind::BrokenPipe.into()),
                Err(TrySendError::Full(piece)) => piece,
            };
            let left = self.slow_clients.stall_timeout.checked_sub(start.elapsed());
            let Some(left) = left.filter(|_| !self.is_too_slow()) else {
                return Err(io::ErrorKind::TimedOut.into());
            };
            thread::park_timeout(left.min(LOOK));
        }
    }

    /// Returns `true` if others wait because of this client.
    fn is_too_slow(&self) -> bool {
        let taken = self.since.map_or(Duration::ZERO, |since| since.elapsed());
        let due = u128::from(self.slow_clients.min_rate) * taken.as_millis() / 1000;
        self.permit.has_waiters() && taken >= self.slow_clients.grace && u128::from(self.sent) < due
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        self.watch.check()?;
        let piece = std::mem::take(&mut self.piece);
        self.send(piece.into())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use axum::body::{Body, to_bytes};

    use super::*;
    use crate::permits::Permits;

    fn read(stream: Stream) -> Result<Vec<u8>, axum::Error> {
        let body = block_on(to_bytes(Body::new(stream), usize::MAX));
        body.map(|bytes| bytes.to_vec())
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(future)
    }

    fn permit() -> Permit {
        block_on(Permits::new(1, 0).take()).unwrap()
    }

    fn stream(
        slow_clients: SlowClientPolicy,
        write: impl FnOnce(&mut Sink) -> io::Result<()> + Send + 'static,
    ) -> Stream {
        block_on(super::stream(
            slow_clients,
            Budget::ENDLESS,
            permit(),
            write,
        ))
        .unwrap()
    }

    /// All CPU time is too much.
    const NOTHING: Budget = Budget {
        base: Duration::ZERO,
        per_task: Duration::ZERO,
    };

    /// A task that works for ever, and writes nothing unless it is stopped.
    fn work(out: &mut Sink) -> io::Result<()> {
        let watch = out.watch();
        loop {
            watch.check()?;
        }
    }

    #[test]
    fn written_body_arrives_whole() {
        let text: Vec<u8> = (0..PIECE * 5 + 7).map(|place| place as u8).collect();
        let written = text.clone();
        let stream = stream(SlowClientPolicy::DEFAULT, move |out| {
            written
                .chunks(1000)
                .try_for_each(|chunk| out.write_all(chunk))
        });
        assert!(read(stream).unwrap() == text);
    }

    #[test]
    fn unfinished_body_is_an_error() {
        let failing = stream(SlowClientPolicy::DEFAULT, |out| {
            out.write_all(&[b' '; PIECE])?;
            Err(io::ErrorKind::OutOfMemory.into())
        });
        assert!(read(failing).is_err());
        let panicking = stream(SlowClientPolicy::DEFAULT, |out| {
            out.write_all(&[b' '; PIECE])?;
            panic!("on purpose")
        });
        assert!(read(panicking).is_err());
    }

    #[test]
    fn unwritten_body_is_an_error() {
        let failing = super::stream(
            SlowClientPolicy::DEFAULT,
            Budget::ENDLESS,
            permit(),
            |out| {
                out.write_all(b"less than a piece")?;
                Err(io::ErrorKind::OutOfMemory.into())
            },
        );
        assert!(matches!(block_on(failing), Err(Unwritten::Failed)));
        let panicking = super::stream(SlowClientPolicy::DEFAULT, Budget::ENDLESS, permit(), |_| {
            panic!("on purpose")
        });
        assert!(matches!(block_on(panicking), Err(Unwritten::Failed)));
        assert_eq!(
            read(stream(SlowClientPolicy::DEFAULT, |_| Ok(()))).unwrap(),
            b""
        );
    }

    #[test]
    fn work_ends_when_its_budget_is_spent() {
        let working = super::stream(SlowClientPolicy::DEFAULT, NOTHING, permit(), work);
        assert!(matches!(block_on(working), Err(Unwritten::TooMuchWork)));
        let allowed = Budget {
            base: Duration::from_millis(1),
            ..NOTHING
        };
        let (to, from) = mpsc::channel();
        let working = super::stream(SlowClientPolicy::DEFAULT, allowed, permit(), move |out| {
            let result = work(out);
            to.send(result.as_ref().map_err(io::Error::kind).copied())
                .unwrap();
            result
        });
        assert!(matches!(block_on(working), Err(Unwritten::TooMuchWork)));
        assert_eq!(from.recv().unwrap(), Err(Watch::SPENT));
    }

    #[test]
    fn work_ends_when_nobody_waits_for_its_first_piece() {
        let (to, from) = mpsc::channel();
        let working = super::stream(
            SlowClientPolicy::DEFAULT,
            Budget::ENDLESS,
            permit(),
            move |out| {
                to.send(Ok(())).unwrap();
                to.send(work(out).map_err(|error| error.kind())).unwrap();
                Ok(())
            },
        );
        let mut working = Box::pin(working);
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert!(working.as_mut().poll(&mut context).is_pending());
        from.recv().unwrap().unwrap();
        drop(working);
        assert_eq!(from.recv().unwrap(), Err(io::ErrorKind::BrokenPipe));
    }

    #[test]
    fn writing_fails_if_the_client_stalls_or_goes() {
        let (to, from) = mpsc::channel();
        let endless = move |out: &mut Sink| loop {
            if let Err(error) = out.write_all(&[b' '; PIECE]) {
                to.send(error.kind()).unwrap();
                return Err(error);
            }
        };
        let impatient = SlowClientPolicy {
            stall_timeout: Duration::from_millis(1),
            ..SlowClientPolicy::DEFAULT
        };
        let unread = stream(impatient, endless.clone());
        assert_eq!(from.recv().unwrap(), io::ErrorKind::TimedOut);
        assert!(read(unread).is_err());
        drop(stream(SlowClientPolicy::DEFAULT, endless));
        assert_eq!(from.recv().unwrap(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn slow_client_is_dropped_only_if_others_wait() {
        let permits = Permits::new(1, 1);
        let held = block_on(permits.take()).unwrap();
        let slow = SlowClientPolicy {
            grace: Duration::ZERO,
            min_rate: u64::MAX,
            ..SlowClientPolicy::DEFAULT
        };
        let (to, from) = mpsc::channel();
        let unread = super::stream(slow, Budget::ENDLESS, held, move |out| {
            let written = (0..5).try_for_each(|_| out.write_all(&[b' '; PIECE]));
            to.send(written.map_err(|error| error.kind())).unwrap();
            Ok(())
        });
        let unread = block_on(unread).unwrap();
        // Room for one piece is there; for the second, the thread waits.
        assert_eq!(
            from.recv_timeout(Duration::from_millis(1)),
            Err(mpsc::RecvTimeoutError::Timeout)
        );
        let next = block_on(permits.take());
        assert!(next.is_some(), "it has the permit of the slow one");
        assert_eq!(from.recv().unwrap(), Err(io::ErrorKind::TimedOut));
        drop(unread);
    }

    #[test]
    fn wait_ends_when_the_client_goes() {
        let (to, from) = mpsc::channel();
        let waiting = move |out: &mut Sink| {
            out.write_all(&[b' '; PIECE])?;
            to.send(out.wait(Duration::ZERO).is_ok()).unwrap();
            to.send(out.wait(Duration::MAX).is_ok()).unwrap();
            Ok(())
        };
        let stream = stream(SlowClientPolicy::DEFAULT, waiting);
        assert!(from.recv().unwrap());
        drop(stream);
        assert!(!from.recv().unwrap());
    }
}
