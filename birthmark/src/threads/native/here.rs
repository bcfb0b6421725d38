//! The stack of the calling thread, taken without a signal and without looking at symbols.

use birthmark_dump::{NativeFrame, NativeStack, StackError};

use super::symbols::{without_spawn, Symbols};

/// Writes the addresses of the calling thread's stack, innermost first. Returns their number, and whether the stack ends
/// there.
pub(in crate::threads) fn take(addresses: &mut [u64]) -> (usize, bool) {
    let mut count = 0;
    let mut is_complete = true;
    let note = |frame: &backtrace::Frame| match addresses.get_mut(count) {
        Some(place) => {
            // An address within the call.
            *place = (frame.ip() as u64).saturating_sub(1);
            count += 1;
            true
        }
        None => {
            is_complete = false;
            false
        }
    };
    // SAFETY: on Linux, the function is `_Unwind_Backtrace` of the unwinder, which any number of threads may call at the same
    // time. The lock of the other function is for systems with one debugger for the process.
    unsafe { backtrace::trace_unsynchronized(note) };
    (count, is_complete)
}

/// Looks up the functions of stacks, each with whether it is complete. Debug information is read once for all.
pub(in crate::threads) fn look_up(
    stacks: &[(&[u64], bool)],
) -> Result<Vec<NativeStack>, StackError> {
    let mut symbols = Symbols::kept();
    let mut stack = |&(addresses, is_complete): &(&[u64], bool)| {
        let addresses = addresses.iter();
        let mut frames: Vec<NativeFrame> = addresses
            .flat_map(|&address| symbols.at(address).to_vec())
            .collect();
        without_spawn(&mut frames);
        super::stack_of(frames, is_complete)
    };
    Ok(stacks.iter().map(&mut stack).collect())
}
