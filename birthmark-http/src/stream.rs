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

/// After how long a client that takes nothing is given up.
pub(crate) const STALL: Duration = Duration::from_secs(30);

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

/// Starts `write` on a thread of its own, and gives the body that it writes. Where no piece is taken
/// for `stall`, writing fails, and so does the body.
pub(crate) fn stream(
    stall: Duration,
    write: impl FnOnce(&mut Sink) -> io::Result<()> + Send + 'static,
) -> io::Result<Stream> {
    let (to, pieces) = mpsc::channel(1);
    let done = Arc::new(AtomicBool::new(false));
    let mut sink = Sink {
        piece: Vec::new(),
        to,
        stall,
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
    stall: Duration,
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
    fn send(&self, mut piece: Bytes) -> io::Result<()> {
        let start = Instant::now();
        loop {
            piece = match self.to.try_send(piece) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Closed(_)) => return Err(io::ErrorKind::BrokenPipe.into()),
                Err(TrySendError::Full(piece)) => piece,
            };
            let Some(left) = self.stall.checked_sub(start.elapsed()) else {
                return Err(io::ErrorKind::TimedOut.into());
            };
            thread::park_timeout(left);
        }
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

    fn read(stream: Stream) -> Result<Vec<u8>, axum::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let body = runtime.block_on(to_bytes(Body::new(stream), usize::MAX));
        body.map(|bytes| bytes.to_vec())
    }

    #[test]
    fn what_is_written_arrives() {
        let text: Vec<u8> = (0..PIECE * 5 + 7).map(|place| place as u8).collect();
        let written = text.clone();
        let stream = stream(STALL, move |out| {
            written
                .chunks(1000)
                .try_for_each(|chunk| out.write_all(chunk))
        });
        assert!(read(stream.unwrap()).unwrap() == text);
    }

    #[test]
    fn a_body_that_was_not_written_to_its_end_is_no_whole_one() {
        let failing = stream(STALL, |out| {
            out.write_all(b"half")?;
            Err(io::ErrorKind::OutOfMemory.into())
        });
        assert!(read(failing.unwrap()).is_err());
        let panicking = stream(STALL, |_| panic!("on purpose"));
        assert!(read(panicking.unwrap()).is_err());
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
        let unread = stream(Duration::from_millis(1), endless.clone()).unwrap();
        assert_eq!(from.recv().unwrap(), io::ErrorKind::TimedOut);
        assert!(read(unread).is_err());
        drop(stream(STALL, endless).unwrap());
        assert_eq!(from.recv().unwrap(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn who_waits_for_the_time_to_pass_notices_that_nobody_waits_for_it() {
        let (to, from) = mpsc::channel();
        let waiting = move |out: &mut Sink| {
            to.send(out.wait(Duration::ZERO).is_ok()).unwrap();
            to.send(out.wait(Duration::MAX).is_ok()).unwrap();
            Ok(())
        };
        let stream = stream(STALL, waiting).unwrap();
        assert!(from.recv().unwrap());
        drop(stream);
        assert!(!from.recv().unwrap());
    }
}
