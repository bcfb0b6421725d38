//! Drivers of sockets and timers that no thread waits in.
//!
//! A worker of tokio that has nothing to do waits in `epoll_wait` for all others. If it finds a task and the poll of this
//! task does not end, no other worker takes its place until it is woken itself.

use std::time::Duration;

use super::executors::{thread_of, time_text};
use super::push_task;
use super::stuck::{Finding, FindingKind};
use crate::render::output::push;
use crate::render::palette::Palette;
use crate::snapshot::row::Row;
use crate::threads::{OsThread, OsThreads, ThreadState};
use crate::Dump;
use birthmark_core::Kind;

/// How often threads are looked at, and the pause in between. A thread that only passes is seen elsewhere then.
const LOOKS: usize = 3;
const PAUSE: Duration = Duration::from_millis(20);
/// System calls in which a thread waits for files or timers.
const WAITS: [&str; 4] = ["epoll_wait", "io_uring_enter", "poll", "select"];

/// Appends the finding that no thread waits for sockets and timers, while polls do not end. `polled` has the tasks of these
/// polls, the longest first.
///
/// All other threads have to sleep, and none of them may run a task. So no thread is about to wait for sockets.
pub(super) fn push_unwatched(
    found: &mut Vec<Finding>,
    dump: &Dump,
    palette: &Palette,
    polled: &[&Row],
) {
    let running = polled.iter().filter_map(|row| thread_of(dump, row));
    let running: Vec<u64> = running.collect();
    let (Some(longest), Some(&thread)) = (polled.first(), running.first()) else {
        return;
    };
    for look in 0..LOOKS {
        if look > 0 {
            std::thread::sleep(PAUSE);
        }
        let threads = dump.threads_now();
        let is_unwatched = threads.is_some_and(|threads| is_unwatched(&threads, &running, look));
        if !is_unwatched {
            return;
        }
    }
    let mut finding = Finding::new(FindingKind::Driver, false);
    finding.tasks = polled.iter().map(|row| row.id).collect();
    let out = &mut finding.text;
    push(
        out,
        format_args!(
            "no thread is in epoll_wait, probable: sockets and timers are looked at by nobody, since thread {thread} runs "
        ),
    );
    push_task(out, dump, palette, longest.id);
    push(out, format_args!(" for {}\n", time_text(dump, longest)));
    found.push(finding);
}

fn is_unwatched(threads: &OsThreads, running: &[u64], look: usize) -> bool {
    let cannot_watch = |thread: &OsThread| {
        // A thread with a long poll does nothing else, wherever it is.
        running.contains(&thread.id) && !waits_for_files(thread) || sleeps_elsewhere(thread)
    };
    threads.all.iter().all(cannot_watch) && (look > 0 || (threads.has_epoll)())
}

fn waits_for_files(thread: &OsThread) -> bool {
    match thread.state() {
        ThreadState::InCall(call) => call.name().is_some_and(|name| WAITS.contains(&name)),
        _ => false,
    }
}

/// Returns `true` if a thread sleeps in a known call, which is none for files or timers, and runs no task that may go on in
/// a moment. A blocking job does not look at sockets.
fn sleeps_elsewhere(thread: &OsThread) -> bool {
    let is_known = matches!(thread.state(), ThreadState::InCall(call) if call.name().is_some());
    let runs_a_task = thread.tasks().iter().any(|task| {
        let is_job = matches!(task.kind(), Kind::Blocking | Kind::Job);
        !task.kind().is_thread() && !is_job
    });
    is_known && !waits_for_files(thread) && !runs_a_task && !thread.may_be_stale()
}
