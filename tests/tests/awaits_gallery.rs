//! The await stacks of programs of many shapes, by frames of instrumented code and by debug information, side by side.
//!
//! Some programs are faults that people have reported, made small. `awaits_gallery.txt` has all stacks. `BLESS=1` writes it
//! again, after a look at the difference.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::future::{Future, pending};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use birthmark::{AwaitDetail, AwaitFrame, Filter, FrameSource, Task};
use birthmark_integration_tests as _;
use birthmark_test_support as _;
use futures::stream::{self, FuturesUnordered, StreamExt as _};
use tokio::sync::{Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};
use tokio::task::JoinSet;

const LONG: Duration = Duration::from_secs(1_000_000);
/// Width of the column with frames of instrumented code.
const WIDTH: usize = 64;

#[birthmark::instrument]
mod gallery {
    use super::*;

    async fn leaf() {
        pending::<()>().await;
    }

    async fn middle() {
        leaf().await;
    }

    pub async fn case_nested() {
        middle().await;
    }

    pub async fn case_timeout() {
        let _ = tokio::time::timeout(LONG, middle()).await;
    }

    pub async fn case_boxed() {
        let boxed: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(middle());
        boxed.await;
    }

    pub async fn case_recursion(depth: u32) {
        match depth {
            0 => leaf().await,
            depth => Box::pin(case_recursion(depth - 1)).await,
        }
    }

    pub async fn case_block() {
        async { leaf().await }.await;
    }

    pub async fn case_select() {
        tokio::select! {
            () = leaf() => {}
            () = middle() => {}
        }
    }

    pub async fn case_join() {
        tokio::join!(middle(), leaf());
    }

    pub async fn case_unordered() {
        let mut all: FuturesUnordered<_> = (0..2).map(|_| leaf()).collect();
        all.next().await;
    }

    pub async fn case_join_all() {
        futures::future::join_all([middle(), middle()]).await;
    }

    pub async fn case_stream() {
        let mut numbers = stream::iter(0..4).then(|_| middle()).boxed();
        numbers.next().await;
    }

    pub async fn case_mutex(lock: Arc<Mutex<()>>) {
        let _guard = lock.lock().await;
    }

    pub async fn case_semaphore() {
        let none = Semaphore::new(0);
        let _permit = none.acquire().await;
    }

    pub async fn case_channels() {
        let (_sender, mut receiver) = mpsc::channel::<u32>(1);
        let (_updates, mut subscriber) = broadcast::channel::<u32>(1);
        let (_value, mut watcher) = watch::channel(0);
        tokio::select! {
            _ = receiver.recv() => {}
            _ = subscriber.recv() => {}
            _ = watcher.changed() => {}
        }
    }

    pub async fn case_sleep() {
        tokio::time::sleep(LONG).await;
    }

    pub async fn case_join_handle() {
        let _ = tokio::spawn(other_task()).await;
    }

    async fn other_task() {
        middle().await;
    }

    /// A loop has a read guard in its head and takes another in its body. A writer has come in between.
    pub async fn case_rwlock_recursive(accounts: Arc<RwLock<Vec<u32>>>, gate: Arc<Notify>) {
        for id in accounts.read().await.iter() {
            gate.notified().await;
            let name = accounts.read().await.get(*id as usize).copied();
            assert_eq!(name, None);
        }
    }

    pub async fn case_rwlock_writer(accounts: Arc<RwLock<Vec<u32>>>) {
        accounts.write().await.push(1);
    }

    async fn connect(transports: Arc<Mutex<Vec<u32>>>) {
        transports.lock().await.push(1);
    }

    async fn report(transports: Arc<Mutex<Vec<u32>>>) {
        drop(transports.lock().await);
    }

    /// A future that is next for a lock is kept while another branch waits for the lock.
    pub async fn case_futurelock(transports: Arc<Mutex<Vec<u32>>>, gate: Arc<Notify>) {
        let mut connecting = Box::pin(connect(transports.clone()));
        tokio::select! {
            () = &mut connecting => {}
            () = gate.notified() => report(transports).await,
        }
    }

    /// The handle that loses is dropped, and its task stays.
    pub async fn case_select_handles() {
        let sends = tokio::spawn(other_task());
        let receives = tokio::spawn(other_task());
        tokio::select! {
            _ = sends => {}
            _ = receives => {}
        }
    }

    async fn next_event(deliveries: &mut mpsc::Receiver<u32>) -> Option<u32> {
        let number = deliveries.recv().await?;
        ingest(number).await;
        Some(number)
    }

    async fn ingest(_number: u32) {
        pending::<()>().await;
    }

    /// An event is taken from the channel, and is lost if the timer is first.
    pub async fn case_select_loss() {
        let (sender, mut deliveries) = mpsc::channel(1);
        let _ = sender.send(1).await;
        tokio::select! {
            _ = next_event(&mut deliveries) => {}
            () = tokio::time::sleep(LONG) => {}
        }
    }

    async fn read_segment(limit: Arc<Semaphore>, segment: u32) -> u32 {
        let _permit = limit.acquire().await;
        match segment {
            0 => tokio::task::yield_now().await,
            _ => pending::<()>().await,
        }
        segment
    }

    async fn prune_blocks(limit: &Semaphore) {
        let _permit = limit.acquire().await;
    }

    /// Futures of a stream own all permits, and are not polled while the body waits for a permit.
    pub async fn case_buffered_permits() {
        let limit = Arc::new(Semaphore::new(2));
        let segments = stream::iter(0..3).map(|segment| read_segment(limit.clone(), segment));
        let mut segments = segments.buffer_unordered(3);
        while segments.next().await.is_some() {
            prune_blocks(&limit).await;
        }
    }

    /// A set of jobs, none of which ends.
    pub async fn case_join_set() {
        let mut jobs = JoinSet::new();
        jobs.spawn(other_task());
        jobs.join_next().await;
    }

    async fn execute(answer: oneshot::Receiver<String>) -> String {
        answer.await.unwrap_or_default()
    }

    /// The task that would send the answer has gone, and the sender is in a map.
    pub async fn case_lost_answer(answer: oneshot::Receiver<String>) {
        execute(answer).await;
    }
}

#[birthmark::instrument]
async fn spawn_all() -> Vec<Box<dyn std::any::Any>> {
    use gallery::*;
    let lock = Arc::new(Mutex::new(()));
    let held = lock.clone().lock_owned().await;
    let transports = Arc::new(Mutex::new(Vec::new()));
    let held_transports = transports.clone().lock_owned().await;
    let accounts = Arc::new(RwLock::new(vec![0]));
    let gates = [(); 2].map(|()| Arc::new(Notify::new()));
    let (sender, answer) = oneshot::channel();
    tokio::spawn(case_nested());
    tokio::spawn(case_timeout());
    tokio::spawn(case_boxed());
    tokio::spawn(case_recursion(2));
    tokio::spawn(case_block());
    tokio::spawn(case_select());
    tokio::spawn(case_join());
    tokio::spawn(case_unordered());
    tokio::spawn(case_join_all());
    tokio::spawn(case_stream());
    tokio::spawn(case_mutex(lock));
    tokio::spawn(case_semaphore());
    tokio::spawn(case_channels());
    tokio::spawn(case_sleep());
    tokio::spawn(case_join_handle());
    tokio::spawn(case_rwlock_recursive(accounts.clone(), gates[0].clone()));
    tokio::spawn(case_rwlock_writer(accounts));
    tokio::spawn(case_futurelock(transports, gates[1].clone()));
    tokio::spawn(case_select_handles());
    tokio::spawn(case_select_loss());
    tokio::spawn(case_buffered_permits());
    tokio::spawn(case_join_set());
    tokio::spawn(case_lost_answer(answer));
    settle().await;
    gates.iter().for_each(|gate| gate.notify_one());
    settle().await;
    vec![Box::new(held), Box::new(held_transports), Box::new(sender)]
}

/// Lets all tasks run until they wait.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Returns the lines of the frames of instrumented code, indented by their depth.
fn instrumented(task: &Task) -> Vec<String> {
    let line = |frame: &birthmark::Frame| {
        let (site, indent) = (frame.site(), "  ".repeat(frame.depth()));
        let (line, column) = (site.line(), site.column());
        let kept = if frame.is_idle() { ", kept" } else { "" };
        let (function, awaited) = (site.function(), site.awaited());
        format!("{indent}{function} :{line}:{column}, awaiting {awaited}{kept}")
    };
    task.stack().frames().iter().map(line).collect()
}

/// Returns the line of a frame of debug information. Lines of dependencies change with their versions.
fn of_debug_info(frame: &AwaitFrame) -> String {
    let mut line = "  ".repeat(frame.depth());
    line += frame.name().trim_start_matches("awaits_gallery::gallery::");
    let own = frame
        .location()
        .filter(|at| at.file().ends_with("awaits_gallery.rs"));
    if let Some(at) = own {
        let _ = write!(line, " :{}", at.line());
        if at.last_line() != at.line() {
            let _ = write!(line, "..{}", at.last_line());
        }
    }
    for via in frame.via() {
        let _ = write!(line, " < {via}");
    }
    line
}

/// The numbers of frames of all tasks.
#[derive(Default)]
struct Counts {
    tasks: usize,
    instrumented: usize,
    both: usize,
    /// Frames of branches of a macro, which has one `await` by debug information.
    branches: usize,
    /// Frames of futures that are kept and not polled, and of those inside of them.
    kept: usize,
    debug_info: usize,
}

#[test]
fn stacks_by_both_ways_are_as_they_were() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime can be built");
    let _kept = runtime.block_on(spawn_all());
    let filter = Filter::new().role("case_*");
    let plain = birthmark::dump().filter(&filter);
    let dump = birthmark::dump()
        .filter(&filter)
        .with_awaits(AwaitDetail::DebugInfo);
    let mut counts = Counts::default();
    let mut text = String::new();
    let mut lost = BTreeSet::new();
    for (task, bare) in dump.tasks().zip(plain.tasks()) {
        let stack = task.awaits().unwrap_or_else(|| panic!("{task}"));
        assert_eq!(stack.missing(), None, "{task}");
        let from_debug_info = |frame: &&AwaitFrame| frame.source() != FrameSource::Instrumented;
        let right = stack.frames().iter().filter(from_debug_info);
        let right: Vec<String> = right.map(of_debug_info).collect();
        let left = instrumented(&bare);
        let number = |source| {
            let frames = stack.frames().iter();
            frames.filter(|it| it.source() == source).count()
        };
        let kept = stack.frames().iter().filter(|it| it.is_idle()).count();
        let only_instrumented = number(FrameSource::Instrumented) - kept;
        counts.tasks += 1;
        counts.instrumented += left.len();
        counts.both += number(FrameSource::Both);
        counts.branches += only_instrumented;
        counts.kept += kept;
        counts.debug_info += right.len();
        if only_instrumented > 0 {
            lost.insert(task.role().to_owned());
        }
        let _ = writeln!(text, "\n{}", task.role());
        for line in 0..left.len().max(right.len()) {
            let of = |lines: &[String]| lines.get(line).cloned().unwrap_or_default();
            let (left, right) = (of(&left), of(&right));
            let _ = writeln!(text, "{}", format!("  {left:WIDTH$} | {right}").trim_end());
        }
    }
    let head = format!(
        "{} tasks: {} frames of instrumented code, {} of debug information\n{} frames are the same in both\n{} frames of \
         instrumented code are branches of a macro, which has one `await` by debug information: in {}\n{} frames of \
         instrumented code are those of futures that are kept and not polled\n",
        counts.tasks,
        counts.instrumented,
        counts.debug_info,
        counts.both,
        counts.branches,
        lost.into_iter().collect::<Vec<_>>().join(", "),
        counts.kept,
    );
    let all = counts.both + counts.branches + counts.kept;
    assert_eq!(all, counts.instrumented, "{head}{text}");
    let text = head + &text;
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/awaits_gallery.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&golden, &text).expect("the file can be written");
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    let differs = text
        .lines()
        .zip(expected.lines())
        .find(|(one, other)| one != other);
    assert_eq!(
        differs, None,
        "the first line that differs; BLESS=1 writes it"
    );
    assert_eq!(text.len(), expected.len());
}
