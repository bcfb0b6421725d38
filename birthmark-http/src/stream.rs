//! Bodies that are written while they are sent.
//!
//! A dump is written by a thread of its own, which neither the server nor any executor has to wait
//! for, and which waits itself when the client does not read. Between the two there is room for
//! one piece, so that memory does not grow with the dump.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use birthmark::__private::spawn_own_thread;
use http_body::{Body, Frame};
use tokio::sync::mpsc::{self, Receiver, Sender, error::TrySendError};

use crate::turns::Turn;

/// After how long a client that takes nothing is given up.
pub(crate) const STALL: Duration = Duration::from_secs(30);

/// How slow a client may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// How long it may take for a piece.
    pub(crate) stall: Duration,
    /// For how long it may be as slow as that though others wait for its turn.
    pub(crate) lease: Duration,
    /// How many bytes a second it must take on average afterwards, if they do.
    pub(crate) rate: u64,
}

/// A dump of ten thousand tasks arrives within the lease also at half the rate.
pub(crate) const PATIENCE: Patience = Patience {
    stall: STALL,
    lease: Duration::from_secs(10),
    rate: 256 * 1024,
};

/// How often a client that is waited for is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Pieces are sent from this size on.
const PIECE: usize = 64 * 1024;

/// A stack that is large enough for any rendering, and for the program's function that redacts names.
const STACK: usize = 1024 * 1024;

/// What a thread writes, piece by piece.
#[derive(Debug)]
pub(crate) struct Stream {
    pieces: Receiver<Bytes>,
    writer: Thread,
    /// Without which the end of the pieces is not that of the body.
    done: Arc<AtomicBool>,
}

/// Starts `write` on a thread of its own, and gives the body that it writes. It has the turn until it is
/// done. Where the client is too slow, writing fails, and so does the body.
pub(crate) fn stream(
    patience: Patience,
    turn: Turn,
    write: impl FnOnce(&mut Sink) -> io::Result<()> + Send + 'static,
) -> io::Result<Stream> {
    let (to, pieces) = mpsc::channel(1);
    let done = Arc::new(AtomicBool::new(false));
    let mut sink = Sink {
        piece: Vec::new(),
        to,
        patience,
        turn,
        sent: 0,
        since: None,
    };
    let is_done = done.clone();
    let thread = spawn_own_thread("birthmark-send", STACK, move || {
        let written = write(&mut sink).and_then(|()| sink.flush());
        is_done.store(written.is_ok(), Ordering::Release);
    })?;
    Ok(Stream {
        pieces,
        writer: thread.thread().clone(),
        done,
    })
}

impl Body for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let piece = std::task::ready!(self.pieces.poll_recv(context));
        self.writer.unpark();
        Poll::Ready(match piece {
            Some(piece) => Some(Ok(Frame::data(piece))),
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
    to: Sender<Bytes>,
    patience: Patience,
    turn: Turn,
    /// What has been taken, and since when anything has been there to be taken.
    sent: u64,
    since: Option<Instant>,
}

impl Sink {
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
    fn send(&mut self, mut piece: Bytes) -> io::Result<()> {
        let start = Instant::now();
        self.since.get_or_insert(start);
        let len = piece.len() as u64;
        loop {
            piece = match self.to.try_send(piece) {
                Ok(()) => {
                    self.sent += len;
                    return Ok(());
                }
                Err(TrySendError::Closed(_)) => return Err(io::ErrorKind::BrokenPipe.into()),
                Err(TrySendError::Full(piece)) => piece,
            };
            let left = self.patience.stall.checked_sub(start.elapsed());
            let Some(left) = left.filter(|_| !self.is_too_slow()) else {
                return Err(io::ErrorKind::TimedOut.into());
            };
            thread::park_timeout(left.min(LOOK));
        }
    }

    /// Whether others wait because of this client.
    fn is_too_slow(&self) -> bool {
        let taken = self.since.map_or(Duration::ZERO, |since| since.elapsed());
        let due = u128::from(self.patience.rate) * taken.as_millis() / 1000;
        self.turn.is_wanted() && taken >= self.patience.lease && u128::from(self.sent) < due
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
        let piece = std::mem::take(&mut self.piece);
        self.send(piece.into())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use axum::body::{Body, to_bytes};

    use super::*;
    use crate::turns::Turns;

    fn read(stream: Stream) -> Result<Vec<u8>, axum::Error> {
        let body = block_on(to_bytes(Body::new(stream), usize::MAX));
        body.map(|bytes| bytes.to_vec())
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(future)
    }

    fn turn() -> Turn {
        block_on(Turns::new(1, 0).take()).unwrap()
    }

    fn stream(
        patience: Patience,
        write: impl FnOnce(&mut Sink) -> io::Result<()> + Send + 'static,
    ) -> Stream {
        super::stream(patience, turn(), write).unwrap()
    }

    #[test]
    fn what_is_written_arrives() {
        let text: Vec<u8> = (0..PIECE * 5 + 7).map(|place| place as u8).collect();
        let written = text.clone();
        let stream = stream(PATIENCE, move |out| {
            written
                .chunks(1000)
                .try_for_each(|chunk| out.write_all(chunk))
        });
        assert!(read(stream).unwrap() == text);
    }

    #[test]
    fn a_body_that_was_not_written_to_its_end_is_no_whole_one() {
        let failing = stream(PATIENCE, |out| {
            out.write_all(b"half")?;
            Err(io::ErrorKind::OutOfMemory.into())
        });
        assert!(read(failing).is_err());
        let panicking = stream(PATIENCE, |_| panic!("on purpose"));
        assert!(read(panicking).is_err());
    }

    #[test]
    fn who_does_not_read_is_given_up_and_who_has_gone_is_noticed() {
        let (to, from) = mpsc::channel();
        let endless = move |out: &mut Sink| loop {
            if let Err(error) = out.write_all(&[b' '; PIECE]) {
                to.send(error.kind()).unwrap();
                return Err(error);
            }
        };
        let impatient = Patience {
            stall: Duration::from_millis(1),
            ..PATIENCE
        };
        let unread = stream(impatient, endless.clone());
        assert_eq!(from.recv().unwrap(), io::ErrorKind::TimedOut);
        assert!(read(unread).is_err());
        drop(stream(PATIENCE, endless));
        assert_eq!(from.recv().unwrap(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn who_is_slow_is_given_up_only_if_others_wait() {
        let turns = Turns::new(1, 1);
        let held = block_on(turns.take()).unwrap();
        let slow = Patience {
            lease: Duration::ZERO,
            rate: u64::MAX,
            ..PATIENCE
        };
        let (to, from) = mpsc::channel();
        let unread = super::stream(slow, held, move |out| {
            let written = (0..5).try_for_each(|_| out.write_all(&[b' '; PIECE]));
            to.send(written.map_err(|error| error.kind())).unwrap();
            Ok(())
        });
        let unread = unread.unwrap();
        // Room for one piece is there; for the second, the thread waits.
        assert_eq!(
            from.recv_timeout(Duration::from_millis(1)),
            Err(mpsc::RecvTimeoutError::Timeout)
        );
        let next = block_on(turns.take());
        assert!(next.is_some(), "it has the turn of the slow one");
        assert_eq!(from.recv().unwrap(), Err(io::ErrorKind::TimedOut));
        drop(unread);
    }

    #[test]
    fn who_waits_for_the_time_to_pass_notices_that_nobody_waits_for_it() {
        let (to, from) = mpsc::channel();
        let waiting = move |out: &mut Sink| {
            to.send(out.wait(Duration::ZERO).is_ok()).unwrap();
            to.send(out.wait(Duration::MAX).is_ok()).unwrap();
            Ok(())
        };
        let stream = stream(PATIENCE, waiting);
        assert!(from.recv().unwrap());
        drop(stream);
        assert!(!from.recv().unwrap());
    }
}
