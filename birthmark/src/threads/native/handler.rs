//! The signal handler, which only copies.
//!
//! The signal is SIGURG, as in Go, for the same reasons. Programs hardly use it, and must expect it at any time. A late
//! signal does no harm, because its default is to be ignored. The same holds if the process has called `exec`
//! meanwhile.

use core::ffi::{c_int, c_void};
use core::ptr;
use std::io;

use super::registers::Registers;
use super::sample_slot::{Sample, SampleSlot, STACK_BYTES};

pub(super) const SIGNAL: c_int = libc::SIGURG;

/// Size of a page, and the unit of a copy. The kernel then copies all pages that exist before the first missing one.
const PIECE: usize = 4096;

/// Installs the handler, unless the program uses the signal. The handler is never removed, because a thread may run it
/// late.
///
/// # Errors
///
/// If the program has a handler of its own.
pub(super) fn install() -> io::Result<()> {
    let taken = || Err(io::ErrorKind::ResourceBusy.into());
    // SAFETY: no action is set.
    match unsafe { exchange(None) }?.sa_sigaction {
        present if present == ours() => return Ok(()),
        libc::SIG_DFL | libc::SIG_IGN => {}
        _ => return taken(),
    }
    // SAFETY: the handler may run on any thread at any time.
    let found = unsafe { exchange(Some(&action())) }?;
    if matches!(found.sa_sigaction, libc::SIG_DFL | libc::SIG_IGN) || found.sa_sigaction == ours() {
        return Ok(());
    }
    // The program has set it up at the same time.
    // SAFETY: the action is the program's own.
    unsafe { exchange(Some(&found)) }?;
    taken()
}

fn ours() -> libc::sighandler_t {
    on_signal as *const () as libc::sighandler_t
}

/// Returns our action for the signal. The handler runs on the alternate stack if the thread has one, because the other
/// stack may have little room. All signals are blocked meanwhile, so that no other handler jumps out of ours.
fn action() -> libc::sigaction {
    // SAFETY: zeros are valid, and sigfillset writes into the set that it is given.
    unsafe {
        let mut action: libc::sigaction = core::mem::zeroed();
        action.sa_sigaction = ours();
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
        libc::sigfillset(&mut action.sa_mask);
        action
    }
}

/// Returns the present action for the signal, and sets `new` if it is given.
///
/// # Safety
///
/// The handler of `new` may run on any thread at any time.
unsafe fn exchange(new: Option<&libc::sigaction>) -> io::Result<libc::sigaction> {
    let new = new.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: zeros are valid. By the contract, `new` is null or has a handler that is safe to run.
    unsafe {
        let mut old: libc::sigaction = core::mem::zeroed();
        match libc::sigaction(SIGNAL, new, &mut old) {
            0 => Ok(old),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// Handles the signal.
///
/// The handler runs on any thread at any time: inside of malloc, in another handler, in the child of a fork. The handler
/// takes no lock and does not allocate. The only thread-local that the handler touches is `errno`, which is restored. The
/// only calls are gettid, getpid, process_vm_readv and futex, which are system calls.
extern "C" fn on_signal(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: takes nothing and cannot fail.
    let thread = unsafe { libc::gettid() } as u32;
    let Some(slot) = SampleSlot::of(thread) else {
        // Nobody asks any more, or it was somebody else's signal, which by default is ignored.
        return;
    };
    // SAFETY: `__errno_location` returns the address of this thread's `errno`, which is valid as long as the thread. No
    // reference to it exists, because the calls below write to it.
    let (errno, saved) = unsafe {
        let errno = libc::__errno_location();
        (errno, errno.read())
    };
    // SAFETY: the kernel gives handlers with SA_SIGINFO the context of what they interrupt.
    let context = unsafe { &*context.cast::<libc::ucontext_t>() };
    // SAFETY: the slot is from `of`, on this thread, just now.
    unsafe { slot.answer(thread, |sample| copy(sample, context)) };
    super::futex::wake(slot.state.word());
    // SAFETY: the address is that of this thread, as above.
    unsafe { errno.write(saved) };
}

fn copy(sample: &mut Sample, context: &libc::ucontext_t) {
    sample.registers = Registers::of(context);
    sample.len = copy_stack(sample.registers.stack_pointer() as usize, &mut sample.bytes);
}

/// Copies the stack from `start` on, until memory ends. The kernel copies, so the end of the stack need not be known.
/// Returns the number of bytes.
fn copy_stack(start: usize, into: &mut [u8; STACK_BYTES]) -> usize {
    let mut pieces = [piece(0, 0); STACK_BYTES / PIECE + 1];
    let (mut next, mut left) = (start, STACK_BYTES);
    for it in &mut pieces {
        let len = (PIECE - next % PIECE).min(left);
        *it = piece(next, len);
        next = next.wrapping_add(len);
        left -= len;
    }
    let whole = piece(into.as_mut_ptr().expose_provenance(), into.len());
    let count = pieces.len() as libc::c_ulong;
    // SAFETY: it writes to `into` only, no more than that is long. It fails rather than read what is not
    // there to be read, and our own process is always ours to read.
    let copied =
        unsafe { libc::process_vm_readv(libc::getpid(), &whole, 1, pieces.as_ptr(), count, 0) };
    usize::try_from(copied).unwrap_or(0)
}

fn piece(start: usize, len: usize) -> libc::iovec {
    libc::iovec {
        iov_base: ptr::with_exposed_provenance_mut(start),
        iov_len: len,
    }
}
