//! A dump on a signal.
//!
//! What runs in the signal handler writes one byte into a pipe and nothing else: it takes no lock
//! and allocates nothing. A thread that has been waiting since before reads the byte and writes the
//! dump. Handlers that the program has set are called first, and those that it registers by
//! signal-hook or tokio stay.

use std::io::{self, PipeReader, Read};
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::sync::{Mutex, PoisonError};

use super::{tell, write_dump, DumpSignal};

/// Renderings need some stack, and a program's function that redacts names may need more.
const STACK_SIZE: usize = 512 * 1024;

/// Has a dump written whenever `signal` arrives, from now on.
pub(super) fn listen(signal: DumpSignal) -> io::Result<()> {
    static LISTENING: Mutex<Vec<DumpSignal>> = Mutex::new(Vec::new());
    let mut listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
    if listening.contains(&signal) {
        return Ok(());
    }
    let wake = start_thread()?;
    let process = std::process::id();
    let handler = move || {
        // The child of a fork has the pipe too, but not the thread.
        if std::process::id() == process {
            wake_up(wake);
        }
    };
    // SAFETY: the handler only calls getpid and write, which are async-signal-safe. It does not panic.
    unsafe { signal_hook_registry::register(number(signal), handler) }?;
    listening.push(signal);
    Ok(())
}

fn number(signal: DumpSignal) -> libc::c_int {
    match signal {
        DumpSignal::Quit => libc::SIGQUIT,
        DumpSignal::Usr1 => libc::SIGUSR1,
        DumpSignal::Usr2 => libc::SIGUSR2,
        DumpSignal::Hup => libc::SIGHUP,
    }
}

/// Starts the thread that writes dumps. Returns the end of the pipe by which it is woken, which
/// stays open for good.
fn start_thread() -> io::Result<RawFd> {
    let (reader, writer) = io::pipe()?;
    // SAFETY: the descriptor is open. A handler that waited until there is room in a full pipe could
    // wait for ever; a byte that is not written then is one of thousands.
    if unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) } == -1 {
        return Err(io::Error::last_os_error());
    }
    crate::own_thread::spawn("birthmark-dump", STACK_SIZE, move || {
        dump_when_woken(reader)
    })?;
    Ok(writer.into_raw_fd())
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
        tell(write_dump());
    }
}
