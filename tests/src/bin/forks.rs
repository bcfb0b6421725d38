//! A program that forks, or has one thread, for `tests/forks.rs`. A child that hangs is ended by its alarm.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// After how many seconds a child is ended. Nothing but a hang takes as long.
const PATIENCE: u32 = 60;

fn main() {
    let scenario = std::env::args().nth(1).unwrap_or_default();
    match scenario.as_str() {
        "alone" => return alone(),
        "alone_without_clock" => {
            birthmark::builder().clock(false).install();
            return alone();
        }
        _ => birthmark::install(),
    }
    match scenario.as_str() {
        "installed" => println!("{}", threads()),
        "daemon" => println!("{}", in_child(dump_on_signal)),
        "unused" => println!("{}", in_child(|| signal_itself(libc::SIGUSR1))),
        "hooks" => hooks(),
        _ => println!("what?"),
    }
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

#[birthmark::instrument]
mod spawns {
    use super::*;

    pub fn future() {
        let spawn = |task| task;
        let _task = spawn(async {});
    }

    pub fn thread() {
        thread::spawn(|| ()).join().expect("it does nothing");
    }
}

/// How many threads there are after the first spawn, and after one of a thread.
fn alone() {
    spawns::future();
    let first = threads();
    spawns::thread();
    println!("{first} {}", threads());
}

/// Runs `f` in the child of a fork. Returns how that has ended.
fn in_child(f: impl FnOnce()) -> String {
    // SAFETY: the child runs code that std's own threads run, and ends without going back.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: it sets a timer.
        unsafe { libc::alarm(PATIENCE) };
        f();
        // SAFETY: it ends the process.
        unsafe { libc::_exit(0) }
    }
    let mut status = 0;
    // SAFETY: the child is ours, and the status is there to be written.
    unsafe { libc::waitpid(child, &mut status, 0) };
    match libc::WIFSIGNALED(status) {
        true => format!("signal {}", libc::WTERMSIG(status)),
        false => format!("exit {}", libc::WEXITSTATUS(status)),
    }
}

fn signal_itself(signal: libc::c_int) {
    // SAFETY: takes numbers and touches no memory.
    unsafe { libc::kill(libc::getpid(), signal) };
}

/// Waits for the file that the signal asks for, once the child has spawned something.
fn dump_on_signal() {
    spawns::future();
    signal_itself(libc::SIGUSR1);
    let directory = std::env::args().nth(2).unwrap_or_default();
    let is_empty = || std::fs::read_dir(Path::new(&directory)).map_or(0, Iterator::count) == 0;
    while is_empty() {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Forks while other threads add hooks and spawn.
fn hooks() {
    static ENDS: AtomicBool = AtomicBool::new(false);
    let busy = || {
        while !ENDS.load(Ordering::Relaxed) {
            use_hook();
        }
    };
    let others = [
        thread::spawn(busy),
        thread::spawn(busy),
        thread::spawn(busy),
    ];
    let mut ends: Vec<String> = (0..200).map(|_| in_child(use_hook)).collect();
    ENDS.store(true, Ordering::Relaxed);
    for other in others {
        other.join().expect("it adds hooks");
    }
    ends.dedup();
    println!("{ends:?}");
}

fn use_hook() {
    let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| spawn.set_name("hooked"));
    spawns::future();
    drop(hook);
}
