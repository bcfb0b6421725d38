//! Await stacks out of debug information, and joined with frames of instrumented code.
#![cfg(target_os = "linux")]

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use birthmark::{AwaitDetail, AwaitStack, Dump, Filter, FrameSource, Task};
use birthmark_integration_tests::{Held, spawn, start};
use tokio::sync::Mutex;

/// Dumps the tasks whose role begins with a text, with await stacks.
fn dump_of(role: &str, detail: AwaitDetail) -> Dump {
    let filter = Filter::new().role(&format!("{role}*"));
    birthmark::dump().filter(&filter).with_awaits(detail)
}

/// Starts a task after futures were requested, which a release needs.
fn start_shown(task: impl FnOnce() -> Held) -> Held {
    birthmark::builder()
        .env(false)
        .dump_awaits(AwaitDetail::DebugInfo)
        .install();
    start(task())
}

fn only_task(dump: &Dump) -> Task {
    let mut tasks = dump.tasks();
    let task = tasks.next().expect("the task is in the dump");
    assert!(tasks.next().is_none());
    task
}

/// Returns the frames of the only task: depth, name and source.
#[track_caller]
fn frames(stack: &AwaitStack) -> Vec<(usize, &str, FrameSource)> {
    assert_eq!(stack.missing(), None);
    let frames = stack.frames().iter();
    frames
        .map(|frame| (frame.depth(), frame.name(), frame.source()))
        .collect()
}

/// Code that is not instrumented, as in a dependency.
mod plain {
    use std::sync::Arc;

    use super::Cache;

    pub async fn helper(cache: Arc<Cache>) {
        cache.joined_get("key").await;
    }
}

/// A value behind a lock.
pub struct Cache(Mutex<u32>);

#[birthmark::instrument]
mod instrumented {
    use super::*;

    impl Cache {
        pub(super) async fn joined_get(&self, key: &str) -> u32 {
            let value = self.0.lock().await;
            *value + key.len() as u32
        }
    }

    pub async fn joined_serve(cache: Arc<Cache>) {
        plain::helper(cache).await;
    }

    pub fn spawn_serve(cache: Arc<Cache>) -> Held {
        Box::pin(spawn(joined_serve(cache)))
    }

    pub async fn branches_serve(cache: Arc<Cache>) {
        tokio::join!(plain::helper(cache), pending::<()>());
    }

    pub fn spawn_branches(cache: Arc<Cache>) -> Held {
        Box::pin(spawn(branches_serve(cache)))
    }

    pub async fn locals_serve(token: String, count: u32) {
        pending::<()>().await;
        drop((token, count));
    }

    pub fn spawn_locals() -> Held {
        Box::pin(spawn(locals_serve("secret\u{1b}".to_owned(), 7)))
    }

    pub fn spawn_dropped(entered: Arc<Mutex<u32>>) -> Held {
        Box::pin(spawn(dropped_serve(entered)))
    }

    async fn dropped_serve(entered: Arc<Mutex<u32>>) {
        let _dump_on_drop = DumpOnDrop;
        let _guard = entered.lock().await;
        pending::<()>().await;
    }

    async fn leaf() {
        pending::<()>().await;
    }

    async fn side_by_side_nested() {
        middle().await;
    }

    async fn middle() {
        leaf().await;
    }

    async fn side_by_side_timeout() {
        let hour = std::time::Duration::from_secs(3600);
        let _ = tokio::time::timeout(hour, leaf()).await;
    }

    async fn side_by_side_boxed() {
        let boxed: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(leaf());
        boxed.await;
    }

    async fn side_by_side_recursion(depth: u32) {
        match depth {
            0 => leaf().await,
            depth => Box::pin(side_by_side_recursion(depth - 1)).await,
        }
    }

    async fn side_by_side_select() {
        tokio::select! {
            () = leaf() => {}
            () = middle() => {}
        }
    }

    async fn side_by_side_join() {
        tokio::join!(middle(), leaf());
    }

    async fn side_by_side_block() {
        async { leaf().await }.await;
    }

    async fn side_by_side_unordered() {
        let mut all: futures::stream::FuturesUnordered<_> = (0..2).map(|_| leaf()).collect();
        futures::StreamExt::next(&mut all).await;
    }

    async fn side_by_side_two_on_a_line() {
        let sum = ready().await + number().await;
        assert_eq!(sum, 3);
    }

    async fn ready() -> u32 {
        1
    }

    async fn number() -> u32 {
        leaf().await;
        2
    }

    /// Tasks of many shapes.
    pub fn spawn_side_by_side() -> Vec<Held> {
        vec![
            Box::pin(spawn(side_by_side_nested())),
            Box::pin(spawn(side_by_side_timeout())),
            Box::pin(spawn(side_by_side_boxed())),
            Box::pin(spawn(side_by_side_recursion(3))),
            Box::pin(spawn(side_by_side_select())),
            Box::pin(spawn(side_by_side_join())),
            Box::pin(spawn(side_by_side_block())),
            Box::pin(spawn(side_by_side_unordered())),
            Box::pin(spawn(side_by_side_two_on_a_line())),
        ]
    }

    pub fn spawn_moved(future: Movable) -> impl Future<Output = ()> + Unpin {
        spawn(future)
    }
}

use instrumented::*;

#[test]
fn frames_of_both_kinds_are_joined_down_to_the_leaf() {
    let cache = Arc::new(Cache(Mutex::new(1)));
    let guard = cache.0.try_lock().expect("nobody has the lock");
    let task = start_shown(|| spawn_serve(cache.clone()));
    let dump = dump_of("joined_serve", AwaitDetail::DebugInfo);
    let found = only_task(&dump);
    let stack = found.awaits().expect("the task is suspended");
    let expected = [
        (0, "awaits::instrumented::joined_serve", FrameSource::Both),
        (1, "awaits::plain::helper", FrameSource::DebugInfo),
        (
            2,
            "awaits::instrumented::Cache::joined_get",
            FrameSource::Both,
        ),
        (3, "tokio::sync::mutex::Mutex::lock", FrameSource::DebugInfo),
        (
            4,
            "tokio::sync::mutex::Mutex::lock::{async}",
            FrameSource::DebugInfo,
        ),
        (
            5,
            "tokio::sync::mutex::Mutex::acquire",
            FrameSource::DebugInfo,
        ),
        (
            6,
            "tokio::sync::batch_semaphore::Acquire",
            FrameSource::DebugInfo,
        ),
    ];
    assert_eq!(frames(stack), expected);
    let receiver = stack.frames()[2]
        .receiver()
        .expect("a method has a receiver");
    assert_eq!((receiver.name(), receiver.type_name()), ("self", "Cache"));
    assert_eq!(receiver.address(), Arc::as_ptr(&cache).addr() as u64);
    let site = stack.frames()[2].site().expect("the frame is instrumented");
    assert!(site.awaited().ends_with(".lock"), "{stack}");
    // All forms show the leaf, a tree in a few words.
    for text in [
        dump.to_string(),
        dump.groups().to_string(),
        dump.folded().to_string(),
        dump.json().to_string(),
    ] {
        assert!(
            text.contains("tokio::sync::batch_semaphore::Acquire"),
            "{text}"
        );
    }
    let tree = dump.tree().to_string();
    assert!(tree.contains("  waiting for a mutex  "), "{tree}");
    assert!(dump.to_string().contains(".lock, self=0x"), "{dump}");
    // Unless they are requested, there are none.
    let plain = birthmark::dump().filter(&Filter::new().role("joined_serve"));
    assert!(only_task(&plain).awaits().is_none());
    assert!(!plain.to_string().contains("Acquire"), "{plain}");
    drop((guard, task));
}

#[test]
fn branches_of_a_join_are_those_of_both_kinds() {
    let cache = Arc::new(Cache(Mutex::new(1)));
    let guard = cache.0.try_lock().expect("nobody has the lock");
    let task = start_shown(|| spawn_branches(cache.clone()));
    let dump = dump_of("branches_serve", AwaitDetail::DebugInfo);
    let found = only_task(&dump);
    let stack = found.awaits().expect("the task is suspended");
    let depths: Vec<_> = frames(stack)
        .into_iter()
        .filter(|(depth, _, _)| *depth < 3)
        .collect();
    let expected = [
        (
            0,
            "awaits::instrumented::branches_serve",
            FrameSource::DebugInfo,
        ),
        (1, "branches_serve", FrameSource::Instrumented),
        (2, "awaits::plain::helper", FrameSource::DebugInfo),
        (1, "branches_serve", FrameSource::Instrumented),
        (2, "core::future::pending::Pending", FrameSource::DebugInfo),
    ];
    assert_eq!(depths, expected, "{stack}");
    drop((guard, task));
}

/// Compares both ways for each shape: debug information has each instrumented frame, at the same place of the tree.
#[test]
fn frames_of_both_ways_are_the_same() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let runtime = runtime.expect("a runtime can be built");
    let _entered = runtime.enter();
    birthmark::builder()
        .env(false)
        .dump_awaits(AwaitDetail::DebugInfo)
        .install();
    let tasks: Vec<Held> = spawn_side_by_side().into_iter().map(start).collect();
    let dump = dump_of("side_by_side", AwaitDetail::DebugInfo);
    assert_eq!(dump.len(), tasks.len(), "{dump}");
    for task in dump.tasks() {
        let stack = task.awaits().expect("the task is suspended");
        assert_eq!(stack.missing(), None, "{task}");
        let sources = |source| {
            stack
                .frames()
                .iter()
                .filter(move |it| it.source() == source)
        };
        let instrumented = task.stack().frames().len();
        let both = sources(FrameSource::Both).count();
        // A macro with branches has one await by debug information, and a frame for each branch.
        let branches = sources(FrameSource::Instrumented).inspect(|frame| {
            assert!(
                frame.name().ends_with("select") || frame.name().ends_with("join"),
                "{task}"
            );
        });
        assert_eq!(both + branches.count(), instrumented, "{task}");
        let leaf = stack.frames().last().expect("a frame");
        assert_eq!(leaf.name(), "core::future::pending::Pending", "{task}");
    }
}

#[test]
fn local_variables_are_shown_on_request_alone() {
    let task = start_shown(spawn_locals);
    let dump = dump_of("locals_serve", AwaitDetail::DebugInfo).to_string();
    assert!(
        !dump.contains("secret") && !dump.contains("count"),
        "{dump}"
    );
    let dump = dump_of("locals_serve", AwaitDetail::Locals);
    let found = only_task(&dump);
    let locals = found.awaits().expect("it is suspended").frames()[0].locals();
    let mut values: Vec<_> = locals.iter().map(|it| (it.name(), it.value())).collect();
    values.sort_unstable();
    assert_eq!(
        values,
        [("count", Some("7")), ("token", Some(r#""secret\u{1b}""#))]
    );
    let text = dump.to_string();
    assert!(text.contains("| count = 7\n"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    drop(task);
}

/// Dumps while its task is dropped.
struct DumpOnDrop;

impl Drop for DumpOnDrop {
    fn drop(&mut self) {
        let dump = dump_of("dropped_serve", AwaitDetail::DebugInfo);
        let found = only_task(&dump);
        assert!(found.awaits().is_none(), "{dump}");
    }
}

#[test]
fn future_that_is_being_dropped_is_not_read() {
    let lock = Arc::new(Mutex::new(0));
    let task = start_shown(|| spawn_dropped(lock.clone()));
    let dump = dump_of("dropped_serve", AwaitDetail::DebugInfo);
    let found = only_task(&dump);
    let stack = found.awaits().expect("it is suspended");
    assert_eq!(stack.missing(), None, "{stack}");
    drop(task);
    assert_eq!(dump_of("dropped_serve", AwaitDetail::DebugInfo).len(), 0);
}

/// A future that may be moved.
pub struct Movable(Held);

impl Future for Movable {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

#[test]
fn future_that_was_moved_is_refused() {
    birthmark::builder()
        .env(false)
        .dump_awaits(AwaitDetail::DebugInfo)
        .install();
    let movable = || spawn_moved(Movable(Box::pin(pending())));
    let mut tasks = vec![movable(), movable()];
    let mut cx = Context::from_waker(Waker::noop());
    for task in &mut tasks {
        assert!(Pin::new(task).poll(&mut cx).is_pending());
    }
    let dump = || dump_of("Movable", AwaitDetail::DebugInfo);
    let missing = |dump: &Dump| -> Vec<bool> {
        let tasks: Vec<Task> = dump.tasks().collect();
        let stacks = tasks
            .iter()
            .map(|task| task.awaits().expect("it is suspended"));
        stacks.map(|stack| stack.missing().is_some()).collect()
    };
    let before = dump();
    assert_eq!(missing(&before), [false, false], "{before}");
    tasks.swap(0, 1);
    let after = dump();
    assert_eq!(missing(&after), [true, true], "{after}");
    assert!(
        after.to_string().contains("the future was moved"),
        "{after}"
    );
}
