//! Tests that sample often. They look up no symbols, which take most of the time of a dump.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Scope};
use std::time::Duration;

use super::handler;
use super::stack_sampler::StackSampler;
use super::unwind::{Walk, Walker};
use birthmark_core::__reader::os_thread::{all_os_ids, block_signals, os_id};
use birthmark_core::__reader::unwind::OnDrop;
use birthmark_dump::StackError;

/// Runs `test` with a function that starts threads. They repeat their work until the test is over, also if it panics.
fn with_threads(test: impl FnOnce(&dyn Fn(&'static (dyn Fn() + Sync)) -> u64)) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let _stopped = OnDrop(|| stop.store(true, Ordering::Relaxed));
        test(&|work| start(scope, &stop, work));
    });
}

/// Starts a thread and returns its id.
fn start<'scope>(
    scope: &'scope Scope<'scope, '_>,
    stop: &'scope AtomicBool,
    work: &'static (dyn Fn() + Sync),
) -> u64 {
    let id: &AtomicU64 = Box::leak(Box::default());
    scope.spawn(move || {
        id.store(os_id(), Ordering::Relaxed);
        while !stop.load(Ordering::Relaxed) {
            work();
        }
    });
    while id.load(Ordering::Relaxed) == 0 {
        thread::yield_now();
    }
    id.load(Ordering::Relaxed)
}

/// Asks a thread several times, and returns the answers. On a busy machine, some may come too late.
fn ask(id: u64, times: usize) -> Vec<Walk> {
    handler::install().unwrap();
    let mut walker = Walker::new();
    let mut once = || StackSampler::new()?.ask(id, |sample| walker.walk(sample));
    let answers = (0..times).map(|_| once());
    answers
        .filter_map(|answer| allow(answer, &[StackError::NoAnswer, StackError::Busy]))
        .collect()
}

fn allow(answer: Result<Walk, StackError>, allowed: &[StackError]) -> Option<Walk> {
    match answer {
        Ok(walk) => Some(walk),
        Err(why) if allowed.contains(&why) => None,
        Err(why) => panic!("{why}"),
    }
}

/// No thread is ever stuck, since the test ends.
#[test]
fn thread_may_be_in_the_allocator() {
    with_threads(|start| {
        for _ in 0..3 {
            let id = start(&|| {
                for size in [24, 3_000, 200_000] {
                    drop(std::hint::black_box(vec![0u8; size]));
                }
            });
            let walks = ask(id, 1_000);
            assert!(walks.len() > 100 && walks.iter().all(|walk| walk.addresses.len() > 3));
        }
    });
}

#[test]
fn storm_of_the_same_signal_does_no_harm() {
    static VICTIM: AtomicU64 = AtomicU64::new(0);
    with_threads(|start| {
        let victim = start(&thread::yield_now);
        assert!(!ask(victim, 10).is_empty());
        VICTIM.store(victim, Ordering::Relaxed);
        start(&|| {
            let (process, thread) = (std::process::id(), VICTIM.load(Ordering::Relaxed));
            // SAFETY: a system call without memory, to a thread of this process.
            unsafe { libc::syscall(libc::SYS_tgkill, process, thread, handler::SIGNAL) };
        });
        let walks = ask(victim, 500);
        assert!(walks.len() > 50 && walks.iter().all(|walk| walk.complete));
    });
}

#[test]
fn thread_that_blocks_the_signal_or_has_ended_is_not_waited_for() {
    static BLOCKS: AtomicBool = AtomicBool::new(false);
    handler::install().unwrap();
    let gone = thread::spawn(os_id).join().unwrap();
    with_threads(|start| {
        let blocks = start(&|| {
            block_signals();
            BLOCKS.store(true, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(1));
        });
        while !BLOCKS.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        let mut sampler = StackSampler::new().unwrap();
        assert_eq!(sampler.ask(blocks, |_| ()), Err(StackError::Blocked));
        assert_eq!(sampler.ask(gone, |_| ()), Err(StackError::Ended));
    });
}

#[test]
fn threads_that_come_and_go_are_no_trouble() {
    handler::install().unwrap();
    let mut walker = Walker::new();
    with_threads(|start| {
        for _ in 0..2 {
            start(&|| drop(thread::spawn(|| ()).join()));
        }
        for _ in 0..300 {
            for id in all_os_ids().unwrap_or_default() {
                let Ok(mut sampler) = StackSampler::new() else {
                    continue;
                };
                if let Ok(walk) = sampler.ask(id, |sample| walker.walk(sample)) {
                    assert!(!walk.addresses.is_empty());
                }
            }
        }
    });
}
