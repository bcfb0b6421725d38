//! A dump on a signal.
//!
//! The signal handler writes one byte into a pipe. It takes no lock and does not allocate. A thread that waits on the
//! other end reads the byte and writes the dump. Handlers that the program set before are called first. Handlers that
//! it registers by signal-hook or tokio remain.

use std::io::{self, PipeReader, Read};
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

#[cfg(target_os = "linux")]
#[path = "listen_unix/handled.rs"]
mod handled;
/// Other systems do not report if a thread is in a handler.
#[cfg(not(target_os = "linux"))]
mod handled {
    pub(super) fn note(_signal: libc::c_int) {}
    pub(super) fn wait_until_returned() {}
}

use super::{log_outcome, write_dump, DumpSignal};

/// Renderings need some stack, and a program's function that redacts names may need more.
const STACK_SIZE: usize = 512 * 1024;

/// The process whose thread waits for the signal, or 0, and the end of the pipe that wakes the thread.
static LISTENS_IN: AtomicU32 = AtomicU32::new(0);
static PIPE: AtomicI32 = AtomicI32::new(-1);

/// Writes a dump each time that `signal` arrives, from now on.
pub(super) fn listen(signal: DumpSignal) -> io::Result<()> {
    static LISTENING: Mutex<Vec<DumpSignal>> = Mutex::new(Vec::new());
    let mut listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
    if listening.contains(&signal) {
        return Ok(());
    }
    birthmark_core::__reader::fork::watch();
    if LISTENS_IN.load(Ordering::Acquire) != std::process::id() {
        start_thread()?;
    }
    let signal_number = number(signal);
    let was_default = is_default(signal_number);
    let handler = move || {
        if LISTENS_IN.load(Ordering::Acquire) == std::process::id() {
            handled::note(signal_number);
            wake_up(PIPE.load(Ordering::Relaxed));
        } else if was_default {
            // The child of a fork, in which nobody waits yet.
            do_default(signal_number);
        }
    };
    // SAFETY: the handler only calls getpid, gettid, write, signal and raise, which are async-signal-safe. It does not
    // panic.
    unsafe { signal_hook_registry::register(signal_number, handler) }?;
    listening.push(signal);
    Ok(())
}

/// Starts the thread anew in the child of a fork whose parent had one.
pub(super) fn resume() -> io::Result<()> {
    match LISTENS_IN.load(Ordering::Acquire) {
        0 => Ok(()),
        process if process == std::process::id() => Ok(()),
        _ => start_thread(),
    }
}

/// Returns `true` if the signal has its default effect.
fn is_default(signal: libc::c_int) -> bool {
    // SAFETY: zeros are valid, and nothing is set.
    unsafe {
        let mut present: libc::sigaction = core::mem::zeroed();
        let known = libc::sigaction(signal, core::ptr::null(), &mut present) == 0;
        known && present.sa_sigaction == libc::SIG_DFL
    }
}

/// Gives the signal its default effect when the calling handler returns. Until then, the kernel blocks the signal.
fn do_default(signal: libc::c_int) {
    // SAFETY: both are async-signal-safe and touch no memory of ours.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

fn number(signal: DumpSignal) -> libc::c_int {
    match signal {
        DumpSignal::Quit => libc::SIGQUIT,
        DumpSignal::Usr1 => libc::SIGUSR1,
        DumpSignal::Usr2 => libc::SIGUSR2,
        DumpSignal::Hup => libc::SIGHUP,
    }
}

/// Starts the thread that writes dumps. The end of the pipe that wakes it is never closed.
fn start_thread() -> io::Result<()> {
    let (reader, writer) = io::pipe()?;
    // SAFETY: the descriptor is open. A handler that waited until there is room in a full pipe could
    // wait for ever; a byte that is not written then is one of thousands.
    if unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) } == -1 {
        return Err(io::Error::last_os_error());
    }
    birthmark_core::__reader::internal_thread::spawn("birthmark-dump", STACK_SIZE, move || {
        dump_when_woken(reader)
    })?;
    PIPE.store(writer.into_raw_fd(), Ordering::Relaxed);
    LISTENS_IN.store(std::process::id(), Ordering::Release);
    Ok(())
}

fn wake_up(pipe: RawFd) {
    // SAFETY: the descriptor stays open for good, and the byte is there. Failure means that the pipe
    // is full, so that the thread will wake up anyway.
    unsafe { libc::write(pipe, [1u8].as_ptr().cast(), 1) };
}

fn dump_when_woken(mut pipe: PipeReader) {
    // However many signals arrive while a dump is written, one more answers them.
    let mut signals = [0; 4096];
    while pipe.read(&mut signals).is_ok_and(|count| count > 0) {
        handled::wait_until_returned();
        log_outcome(write_dump(), crate::platform::stderr::write);
    }
}
