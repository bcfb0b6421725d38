//! Native stacks of OS threads.
//!
//! 1. `stack_sampler` sends a signal to each thread and waits, for a bounded time.
//! 2. `handler` runs on that thread and copies its registers and the top of its stack to a `sample_slot`. The handler
//!    does nothing else. So it may interrupt the thread anywhere, for example while it holds the allocator's lock.
//! 3. `unwind` walks the copy, on the thread of the sampler. `modules` have the unwind information.
//! 4. `symbols` are looked up after all threads were sampled.
//!
//! A sampled thread waits for nothing. It continues after the copy.

mod futex;
mod handler;
pub(super) mod here;
mod modules;
#[cfg_attr(target_arch = "x86_64", path = "registers_x86_64.rs")]
#[cfg_attr(target_arch = "aarch64", path = "registers_aarch64.rs")]
mod registers;
mod sample_slot;
mod slot_state;
mod spare;
mod stack_sampler;
mod symbols;
mod unwind;

use birthmark_dump::{NativeFrame, NativeStack, StackError};
use stack_sampler::StackSampler;
use symbols::{without_own, Symbols};
use unwind::{Walk, Walker};

/// Takes the stack of each of these threads, in order.
pub(super) fn take(ids: &[u64]) -> Vec<Result<NativeStack, StackError>> {
    let walks = match walk_all(ids) {
        Ok(walks) => walks,
        Err(why) => return vec![Err(why); ids.len()],
    };
    let mut symbols = Symbols::kept();
    let stack = |walk| Ok(stack(walk?, &mut symbols));
    walks.into_iter().map(stack).collect()
}

fn walk_all(ids: &[u64]) -> Result<Vec<Result<Walk, StackError>>, StackError> {
    let mut sampler = StackSampler::new()?;
    handler::install().map_err(|_| StackError::SignalTaken)?;
    let mut walker = Walker::new();
    let mut walk = |&id| sampler.ask(id, |sample| walker.walk(sample));
    Ok(ids.iter().map(&mut walk).collect())
}

fn stack(walk: Walk, symbols: &mut Symbols) -> NativeStack {
    let addresses = walk.addresses.into_iter();
    let frames = addresses
        .flat_map(|address| symbols.at(address).to_vec())
        .collect();
    stack_of(frames, walk.complete)
}

fn stack_of(mut frames: Vec<NativeFrame>, complete: bool) -> NativeStack {
    let within_task = without_own(&mut frames);
    NativeStack {
        frames,
        within_task,
        complete,
    }
}

#[cfg(test)]
mod tests;
