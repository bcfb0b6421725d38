//! Threads that are stopped for a moment.
//!
//! A thread of its own traces the threads of the target, one after the other. Its end gives all of them free, whatever
//! happens, because the kernel detaches from the threads that an ended thread traces. A signal that kills the reader does
//! so, too. Signals by which a terminal stops the reader are held back meanwhile.

use std::io;
use std::mem;
use std::ptr;
use std::time::{Duration, Instant};

use birthmark_dump::StackError;

use super::registers::Registers;
use super::sample::Sample;

/// Time between two looks at a thread that does not stop at once.
const POLL_INTERVAL: Duration = Duration::from_micros(100);
/// Number of looks without a pause. Most threads stop within them.
const BUSY_LOOKS: u32 = 200;
/// The event of a thread that was stopped by [`libc::PTRACE_INTERRUPT`], or that is stopped with its process.
const EVENT_STOP: libc::c_int = 128;

/// The right to trace threads, which the thread of [`Tracer::run`] has.
pub(super) struct Tracer(());

impl Tracer {
    /// Calls a function on a thread of its own. Returns `None` if the thread cannot be started.
    pub(super) fn run<R: Send>(f: impl FnOnce(&Tracer) -> R + Send) -> Option<R> {
        let _held = HeldSignals::new();
        std::thread::scope(|scope| {
            let builder = std::thread::Builder::new().name("birthmark-trace".into());
            let thread = builder.spawn_scoped(scope, || f(&Tracer(()))).ok()?;
            thread.join().ok()
        })
    }

    /// Stops a thread, copies its registers and its stack, and lets it go on.
    pub(super) fn sample(
        &self,
        process: u32,
        thread: libc::pid_t,
        timeout: Duration,
    ) -> Result<Sample, StackError> {
        let traced = Traced::seize(process, thread)?;
        traced.stop(timeout)?;
        let registers = traced.registers().ok_or(StackError::NoAnswer)?;
        Ok(Sample::copy(process, registers))
    }
}

/// A thread that is traced. It goes on when this is dropped.
struct Traced {
    thread: libc::pid_t,
    /// A signal that was on its way to the thread when the thread stopped.
    signal: std::cell::Cell<libc::c_int>,
}

impl Traced {
    fn seize(process: u32, thread: libc::pid_t) -> Result<Self, StackError> {
        if !birthmark_stacks::Process::has_ids_of_procfs() {
            // The id is that of another thread.
            return Err(StackError::Refused);
        }
        match request(libc::PTRACE_SEIZE, thread, 0) {
            Ok(()) => Ok(Traced {
                thread,
                signal: std::cell::Cell::new(0),
            }),
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Err(StackError::Ended),
            Err(_) if is_traced(process, thread) => Err(StackError::Traced),
            Err(_) => Err(StackError::Refused),
        }
    }

    fn stop(&self, timeout: Duration) -> Result<(), StackError> {
        request(libc::PTRACE_INTERRUPT, self.thread, 0).map_err(|_| StackError::Ended)?;
        let start = Instant::now();
        let mut looks = 0;
        loop {
            let mut status = 0;
            // SAFETY: the status is written, and the thread is one that this thread traces.
            let found = unsafe {
                libc::waitpid(self.thread, &raw mut status, libc::__WALL | libc::WNOHANG)
            };
            match found {
                0 if start.elapsed() > timeout => return Err(StackError::NoAnswer),
                0 => {}
                found if found == self.thread && libc::WIFSTOPPED(status) => {
                    if status >> 16 != EVENT_STOP {
                        self.signal.set(libc::WSTOPSIG(status));
                    }
                    return Ok(());
                }
                _ => return Err(StackError::Ended),
            }
            looks += 1;
            match looks {
                ..BUSY_LOOKS => std::thread::yield_now(),
                _ => std::thread::sleep(POLL_INTERVAL),
            }
        }
    }

    fn registers(&self) -> Option<Registers> {
        let mut words = [0_u64; Registers::WORDS];
        let mut range = libc::iovec {
            iov_base: words.as_mut_ptr().cast(),
            iov_len: mem::size_of_val(&words),
        };
        // SAFETY: the thread is stopped, and the kernel writes at most the length of the range, which is that of `words`.
        let failed = unsafe {
            libc::ptrace(
                libc::PTRACE_GETREGSET,
                self.thread,
                ptr::without_provenance_mut::<libc::c_void>(libc::NT_PRSTATUS as usize),
                &raw mut range,
            )
        };
        // A 32-bit thread has fewer.
        let is_whole = range.iov_len == mem::size_of_val(&words);
        (failed == 0 && is_whole).then(|| Registers::of_words(&words))?
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        // A thread that has not stopped cannot be given free now. The end of this thread does it.
        let _ = request(libc::PTRACE_DETACH, self.thread, self.signal.get());
    }
}

/// The type of ptrace's requests, which differs by C library.
#[cfg(target_env = "gnu")]
type Request = libc::c_uint;
#[cfg(not(target_env = "gnu"))]
type Request = libc::c_int;

fn request(request: Request, thread: libc::pid_t, data: libc::c_int) -> io::Result<()> {
    let none = ptr::null_mut::<libc::c_void>();
    let data = ptr::without_provenance_mut::<libc::c_void>(data as usize);
    // SAFETY: these requests take numbers and touch no memory of this process.
    match unsafe { libc::ptrace(request, thread, none, data) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn is_traced(process: u32, thread: libc::pid_t) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/task/{thread}/status"));
    let status = status.unwrap_or_default();
    let tracer = status
        .lines()
        .find_map(|line| line.strip_prefix("TracerPid:"));
    tracer.is_some_and(|id| id.trim() != "0")
}

/// Holds back the signals by which a terminal stops this process, for this thread and those that it starts.
struct HeldSignals(libc::sigset_t);

impl HeldSignals {
    fn new() -> Self {
        // SAFETY: zeros are a valid set, and the calls write into sets that live throughout.
        unsafe {
            let (mut set, mut before) = (mem::zeroed(), mem::zeroed());
            libc::sigemptyset(&raw mut set);
            for signal in [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU] {
                libc::sigaddset(&raw mut set, signal);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, &raw mut before);
            HeldSignals(before)
        }
    }
}

impl Drop for HeldSignals {
    fn drop(&mut self) {
        // SAFETY: the set is the one that was there before.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
    }
}
