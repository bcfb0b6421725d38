//! A subscriber whose lines a test reads.
#![allow(dead_code, reason = "each test binary uses a part of this")]

use std::future::Future;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::registry::LookupSpan;

/// Text that several threads write.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Takes all text that was written.
    pub fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        String::from_utf8(bytes).unwrap()
    }

    /// Takes the lines, sorted.
    pub fn sorted(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.take().lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Lines;

    fn make_writer(&'a self) -> Lines {
        self.clone()
    }
}

/// Returns a subscriber that writes `request{id=7}: message`, and its lines.
pub fn subscriber() -> (
    impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    Lines,
) {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(false)
        .without_time()
        .with_level(false)
        .with_target(false)
        .finish();
    (subscriber, lines)
}

/// Runs `f` with a subscriber of its own, after the hook was installed. Returns the lines, sorted.
pub fn lines_of(f: impl FnOnce()) -> Vec<String> {
    birthmark_tracing::install();
    let (subscriber, lines) = subscriber();
    tracing::subscriber::with_default(subscriber, f);
    lines.sorted()
}

/// Runs a future on a runtime with two workers, on which the subscriber of the test is not the default.
pub fn on_workers<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}
