//! Delivery: the place of dumps on a panic, on a signal, and by [`write_dump`].

mod directory;
#[cfg_attr(all(unix, feature = "signal"), path = "listen_unix.rs")]
#[cfg_attr(not(all(unix, feature = "signal")), path = "listen_fallback.rs")]
mod listen;
mod signal;

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, TryLockError};

use crate::output;
use crate::platform::stderr;
use birthmark_dump::__private::{redact, HOW_TO_INSTRUMENT, NOTHING_IS_INSTRUMENTED};
use birthmark_dump::render::{should_colorize, Format};
use birthmark_dump::AwaitDetail;
use birthmark_dump::ThreadDetail;
use birthmark_dump::{Dump, Filter};

pub(crate) use directory::{Directory, Limits};
pub use signal::{DumpSignal, ParseSignalError};

/// The form, the content and the place of dumps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delivery {
    pub(crate) format: Format,
    pub(crate) filter: Filter,
    pub(crate) threads: ThreadDetail,
    pub(crate) awaits: AwaitDetail,
    /// `None` for standard error.
    pub(crate) directory: Option<Directory>,
}

/// The present settings. The lock is held only to copy the pointer.
static DELIVERY: Mutex<Option<Arc<Delivery>>> = Mutex::new(None);

/// Lock for dumps on standard error, so that dumps of several threads do not mix.
static STDERR: Mutex<()> = Mutex::new(());

/// Sets the place of dumps, and the signal that causes one.
pub(crate) fn install(mut delivery: Delivery, signal: Option<DumpSignal>) {
    if delivery.directory.is_none() && delivery.format.is_binary() {
        refuse_binary(&mut delivery);
    }
    *DELIVERY.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(delivery));
    if let Some(signal) = signal {
        birthmark_core::__reader::fork::set_resume(resume);
        if let Err(error) = listen::listen(signal) {
            log_line(format_args!("no dump on SIG{signal}: {error}"));
        }
    }
}

/// Starts to listen again in the child of a fork.
fn resume() {
    if let Err(error) = listen::resume() {
        log_line(format_args!(
            "no dump on a signal in this child of a fork: {error}"
        ));
    }
}

/// Writes a dump to the place that [`Builder`](crate::Builder) or `BIRTHMARK` sets: a new file, whose path is
/// returned, or standard error.
///
/// # Errors
///
/// Returns an error if the dump cannot be written. Older files are kept in that case, and no part of the new one
/// remains.
///
/// # Examples
///
/// ```
/// # let directory = std::env::temp_dir().join("birthmark-doctest");
/// use birthmark::render::Format;
///
/// birthmark::builder()
///     .dump_format(Format::Groups)
///     .dump_directory(&directory)
///     .install();
/// let path = birthmark::write_dump()?.unwrap();
/// assert!(std::fs::read_to_string(&path)?.contains("coverage: "));
/// # std::fs::remove_file(path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_dump() -> io::Result<Option<PathBuf>> {
    if redact::runs() {
        let text = "no dump written: the function that redacts names may not ask for one";
        return Err(io::Error::new(io::ErrorKind::Deadlock, text));
    }
    let stderr = || Ok(STDERR.lock().unwrap_or_else(PoisonError::into_inner));
    write(stderr, &mut Stderr, Delivery::dump)
}

/// Writes a dump for a thread that panics. This function waits for no other thread, because that one may wait for this
/// thread. An example is a dump of this thread in which the function that redacts names has panicked. For the same reason,
/// no debug information is read.
pub(crate) fn write_in_panic() {
    if redact::runs() {
        return;
    }
    let stderr = || match STDERR.try_lock() {
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::WouldBlock,
            "no dump written: another one is being written just now",
        )),
        Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
        Ok(free) => Ok(free),
    };
    if !output::in_test() {
        return log_outcome(
            write(stderr, &mut Stderr, Delivery::dump_in_panic),
            stderr::write,
        );
    }
    let mut text = Vec::new();
    let written = write(stderr, &mut text, Delivery::dump_in_panic);
    let _ = output::write(&text);
    log_outcome(written, output::write);
}

/// Writes a dump for a rule, in this form if there is one, and reports its place. `stacks` adds native stacks.
pub(crate) fn write_for_rule(format: Option<Format>, stacks: bool) {
    let mut delivery = Delivery::clone(&present());
    let format = format.unwrap_or(delivery.format);
    let is_possible = delivery.directory.is_some() || !format.is_binary();
    delivery.format = if is_possible { format } else { Format::Text };
    if stacks {
        delivery.threads = ThreadDetail::Stacks;
    }
    let stderr = || Ok(STDERR.lock().unwrap_or_else(PoisonError::into_inner));
    let written = write_as(&delivery, stderr, &mut Stderr, Delivery::dump);
    log_outcome(written, stderr::write);
}

/// Writes a text for a rule to the place of dumps, and reports the place.
pub(crate) fn write_text_for_rule(text: &str) {
    let delivery = present();
    let written = match &delivery.directory {
        Some(directory) => directory.write_text(text).map(Some),
        None => {
            let _whole = STDERR.lock().unwrap_or_else(PoisonError::into_inner);
            stderr::write(text.as_bytes()).map(|()| None)
        }
    };
    log_outcome(written, stderr::write);
}

fn present() -> Arc<Delivery> {
    let delivery = DELIVERY.lock().unwrap_or_else(PoisonError::into_inner);
    delivery.clone().unwrap_or_default()
}

fn write(
    stderr: impl FnOnce() -> io::Result<MutexGuard<'static, ()>>,
    out: &mut dyn Write,
    take: fn(&Delivery) -> Dump,
) -> io::Result<Option<PathBuf>> {
    write_as(&present(), stderr, out, take)
}

fn write_as(
    delivery: &Delivery,
    stderr: impl FnOnce() -> io::Result<MutexGuard<'static, ()>>,
    out: &mut dyn Write,
    take: fn(&Delivery) -> Dump,
) -> io::Result<Option<PathBuf>> {
    if let Some(directory) = &delivery.directory {
        return directory.write(&take(delivery), delivery.format).map(Some);
    }
    let _whole = stderr()?;
    let color = should_colorize(&io::stderr());
    let dump = take(delivery);
    let written = match delivery.format {
        Format::Json => dump
            .write(Format::Json, &mut OneLine(out))
            .and_then(|()| out.write_all(b"\n")),
        format => dump.write_colored(format, color, out),
    };
    match written {
        Ok(()) => Ok(None),
        Err(error) => {
            let text = format!("no dump written to standard error: {error}");
            Err(io::Error::new(error.kind(), text))
        }
    }
}

/// Replaces a binary form by text, because standard error is a log. Reports that once.
fn refuse_binary(delivery: &mut Delivery) {
    static REPORTED: Once = Once::new();
    let refused = std::mem::take(&mut delivery.format);
    REPORTED.call_once(|| {
        log_line(format_args!(
            "cannot write {refused} to standard error: it is binary; dumps are written as {}\n\
             help: add `dir=PATH` to BIRTHMARK, or call Builder::dump_directory, to have {refused} in files",
            delivery.format
        ));
    });
}

/// Says once that nothing is instrumented, and what to do. Otherwise the program would look for its tasks in vain.
pub(crate) fn warn_if_nothing_is_instrumented() {
    static REPORTED: Once = Once::new();
    if !birthmark_dump::is_instrumented() {
        REPORTED.call_once(|| {
            log_line(format_args!(
                "{NOTHING_IS_INSTRUMENTED}\n{HOW_TO_INSTRUMENT}"
            ))
        });
    }
}

impl Delivery {
    fn dump(&self) -> Dump {
        let dump = self.dump_in_panic().with_awaits(self.awaits);
        match self.format {
            Format::Json => dump.with_waits(),
            _ => dump,
        }
    }

    fn dump_in_panic(&self) -> Dump {
        crate::dump()
            .with_threads(self.threads)
            .filter(&self.filter)
    }
}

/// Writes a line with the outcome of a dump that no caller waits for.
fn log_outcome(written: io::Result<Option<PathBuf>>, write: fn(&[u8]) -> io::Result<()>) {
    let line = match written {
        Ok(Some(path)) => format!("birthmark: dump written to {}\n", quoted_path(&path)),
        Ok(None) => return,
        Err(error) => format!("birthmark: {error}\n"),
    };
    // If it cannot be written, nobody reads it.
    let _ = write(line.as_bytes());
}

/// Returns a path in quotes, escaped.
fn quoted_path(path: &std::path::Path) -> String {
    format!("{:?}", path.display().to_string())
}

/// Writes a line to standard error. Errors are ignored, because standard error is the place for errors.
fn log_line(what: fmt::Arguments<'_>) {
    let _ = stderr::write(format!("birthmark: {what}\n").as_bytes());
}

/// Leaves line ends out. Standard error is a log, in which a line is a record. Strings of JSON contain no line end.
struct OneLine<'a>(&'a mut dyn Write);

impl Write for OneLine<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.split(|&byte| byte == b'\n') {
            self.0.write_all(piece)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Standard error, without the lock of std.
struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        stderr::write(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
