//! Tasks that wait for each other: what dumps show of locks, permits, channels and handles, and what they do not allege.

use birthmark_test_support as _;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use birthmark_integration_tests::{schema, unwrapped, wait_until};
use tokio::runtime::{Builder, Runtime};

/// Tests run one after the other, because a dump has the tasks of all.
static ONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    let alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    wait_until("the tasks of the test before have ended", || {
        birthmark::dump().is_empty()
    });
    alone
}

fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

#[birthmark::instrument]
mod locks {
    use futures::{StreamExt, stream};
    use std::sync::Arc;
    use tokio::sync::{Barrier, Mutex, OnceCell, RwLock, Semaphore, oneshot};
    use tokio::task::JoinHandle;

    /// Two tasks that take two locks in opposite orders.
    pub fn crossed(barrier: &Arc<Barrier>) {
        let (left, right) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(2)));
        tokio::spawn(
            birthmark::named!("one" => take_both(left.clone(), right.clone(), barrier.clone())),
        );
        tokio::spawn(birthmark::named!("two" => take_both(right, left, barrier.clone())));
    }

    async fn take_both(first: Arc<Mutex<u32>>, second: Arc<Mutex<u32>>, barrier: Arc<Barrier>) {
        let held = first.lock().await;
        barrier.wait().await;
        let sum = *held + *second.lock().await;
        println!("{sum}");
    }

    /// Tasks that wait for a lock each, and had the other one before.
    pub fn crossed_before(left: &Arc<Mutex<u32>>, right: &Arc<Mutex<u32>>, barrier: &Arc<Barrier>) {
        let (left, right) = (left.clone(), right.clone());
        tokio::spawn(take_one(left.clone(), right.clone(), barrier.clone()));
        tokio::spawn(take_one(right, left, barrier.clone()));
    }

    async fn take_one(first: Arc<Mutex<u32>>, second: Arc<Mutex<u32>>, barrier: Arc<Barrier>) {
        let held = first.lock().await;
        println!("{}", &*held);
        drop(held);
        barrier.wait().await;
        // The guard is still in the memory of this function.
        barrier.wait().await;
        *second.lock().await += 1;
    }

    /// A task whose first child remains when the second one has lost its handle, and the task itself has ended.
    pub fn loses_a_handle(go: oneshot::Receiver<()>) -> JoinHandle<()> {
        tokio::spawn(waits_for_one_of_two(go))
    }

    async fn waits_for_one_of_two(go: oneshot::Receiver<()>) {
        let endless = tokio::spawn(birthmark::named!("endless" => std::future::pending::<()>()));
        let short = tokio::spawn(async { go.await.unwrap() });
        tokio::select! {
            _ = endless => {}
            _ = short => {}
        }
    }

    /// A task whose child has a handle elsewhere.
    pub fn hands_a_handle_on(to: oneshot::Sender<JoinHandle<()>>) -> JoinHandle<()> {
        tokio::spawn(async {
            let pending = std::future::pending::<()>();
            let handle = tokio::spawn(birthmark::named!("handed on" => pending));
            to.send(handle).unwrap();
        })
    }

    /// A reader that reads again behind a writer.
    pub fn reads_twice(held: oneshot::Sender<()>, go: oneshot::Receiver<()>) -> Arc<RwLock<u32>> {
        let lock = Arc::new(RwLock::new(0));
        tokio::spawn(birthmark::named!("reader" => read_twice(lock.clone(), held, go)));
        lock
    }

    async fn read_twice(
        lock: Arc<RwLock<u32>>,
        held: oneshot::Sender<()>,
        go: oneshot::Receiver<()>,
    ) {
        match *lock.read().await {
            0 => {
                held.send(()).unwrap();
                go.await.unwrap();
                println!("{}", lock.read().await);
            }
            _ => unreachable!(),
        }
    }

    pub fn writes(lock: Arc<RwLock<u32>>) {
        tokio::spawn(birthmark::named!("writer" => async move { *lock.write().await += 1 }));
    }

    /// A task that keeps a future which was given the lock.
    pub fn futurelock(
        lock: Arc<Mutex<u32>>,
        queued: oneshot::Sender<()>,
        go: oneshot::Receiver<()>,
    ) {
        tokio::spawn(keeps_a_future(lock, queued, go));
    }

    async fn keeps_a_future(
        lock: Arc<Mutex<u32>>,
        queued: oneshot::Sender<()>,
        go: oneshot::Receiver<()>,
    ) {
        let mut adding = Box::pin(add(&lock));
        tokio::select! {
            biased;
            () = &mut adding => unreachable!(),
            () = std::future::ready(()) => {}
        }
        queued.send(()).unwrap();
        go.await.unwrap();
        println!("{}", lock.lock().await);
        adding.await;
    }

    async fn add(lock: &Mutex<u32>) {
        *lock.lock().await += 1;
    }

    /// A task whose stream has futures that own all permits. They are not polled while its body waits for a permit.
    pub fn keeps_permits_in_a_stream() {
        tokio::spawn(async {
            let limit = Arc::new(Semaphore::new(2));
            let segments = stream::iter(0..3).map(|segment| read_segment(limit.clone(), segment));
            let mut segments = segments.buffer_unordered(3);
            while segments.next().await.is_some() {
                prune_blocks(&limit).await;
            }
        });
    }

    async fn read_segment(limit: Arc<Semaphore>, segment: u32) {
        let _permit = limit.acquire().await.unwrap();
        match segment {
            // The others are polled before it ends.
            0 => tokio::task::yield_now().await,
            _ => std::future::pending().await,
        }
    }

    async fn prune_blocks(limit: &Semaphore) {
        let _permit = limit.acquire().await.unwrap();
    }

    /// A task that needs a permit while it has all of them.
    pub fn takes_all_permits() {
        let permits = Arc::new(Semaphore::new(2));
        tokio::spawn(async move {
            let both = permits.acquire_many(2).await.unwrap();
            let third = permits.acquire().await.unwrap();
            println!("{both:?} {third:?}");
        });
    }

    /// A task that initializes a cell, and needs the value of the cell for that.
    pub fn initializes_a_cell_by_itself() {
        let cell = Arc::new(OnceCell::new());
        tokio::spawn(get(cell));
    }

    async fn get(cell: Arc<OnceCell<u32>>) -> u32 {
        let again = cell.clone();
        *cell.get_or_init(|| compute(again)).await
    }

    fn compute(cell: Arc<OnceCell<u32>>) -> futures::future::BoxFuture<'static, u32> {
        Box::pin(async move { get(cell).await + 1 })
    }

    /// A task that waits for a message and has the only sender.
    pub fn waits_for_its_own_message() {
        tokio::spawn(async {
            let (sender, mut receiver) = tokio::sync::mpsc::channel::<u32>(1);
            let received = receiver.recv().await;
            println!("{received:?} {sender:?}");
        });
    }

    /// An actor that has a sender to itself, beside one that nobody sees.
    pub fn waits_for_messages_of_others() -> tokio::sync::mpsc::Sender<u32> {
        let (sender, mut receiver) = tokio::sync::mpsc::channel::<u32>(1);
        let own = sender.clone();
        tokio::spawn(async move {
            let received = receiver.recv().await;
            println!("{received:?} {own:?}");
        });
        sender
    }

    /// Tasks that await each other's handles and a set.
    pub fn awaits_handles(go: oneshot::Receiver<()>) -> tokio::task::JoinHandle<()> {
        tokio::spawn(async move {
            let inner = tokio::spawn(waits(go));
            inner.await.unwrap();
        })
    }

    async fn waits(go: oneshot::Receiver<()>) {
        let _ = go.await;
    }
}

/// Returns the first report that is not empty, without ids.
fn report() -> String {
    let mut found = String::new();
    wait_until("a report is there", || {
        found = birthmark::dump().stuck().to_string();
        !found.starts_with("no task")
    });
    without_ids(&found)
}

/// Replaces the numbers of tasks, and positions except file names.
fn without_ids(report: &str) -> String {
    let mut text = String::new();
    for (index, part) in report.split("task ").enumerate() {
        if index > 0 {
            text.push_str("task ");
        }
        let digits = part.len()
            - part
                .trim_start_matches(|it: char| it.is_ascii_digit())
                .len();
        text.push_str(if digits > 0 { "N" } else { "" });
        text.push_str(&part[digits..]);
    }
    let mut words = Vec::new();
    for line in unwrapped(&text).lines() {
        let line: Vec<&str> = line.split(' ').map(without_position).collect();
        words.push(line.join(" "));
    }
    words.join("\n") + "\n"
}

fn without_position(word: &str) -> &str {
    match word.split_once("stuck.rs:") {
        Some((_, rest)) if rest.ends_with("),") => "HERE),",
        Some((_, rest)) if rest.ends_with(')') => "HERE)",
        Some((_, rest)) if rest.ends_with(',') => "HERE,",
        Some(_) => "HERE",
        None => word,
    }
}

#[test]
fn crossed_locks_are_a_deadlock() {
    let _alone = alone();
    let runtime = runtime();
    runtime.block_on(async { locks::crossed(&Arc::new(tokio::sync::Barrier::new(2))) });
    let stuck = report();
    let one = birthmark::dump().filter(&"name=one".parse().unwrap());
    assert_eq!(without_ids(&one.stuck().to_string()), stuck);
    let none = birthmark::dump().filter(&"name=three".parse().unwrap());
    assert_eq!(none.stuck().to_string(), "no task is known to be stuck\n");
    assert_eq!(without_ids(&birthmark::stuck()), stuck);
    let expected = "deadlock of 2 tasks, certain
  task N \"one\" take_both waits for second.lock at HERE, held by
  task N \"two\" take_both (`held` in locks::take_both since HERE), which waits for second.lock at HERE, held by
  task N \"one\" take_both (`held` in locks::take_both since HERE)
";
    assert_eq!(stuck, expected);
}

#[test]
fn locks_that_were_released_are_no_deadlock() {
    let _alone = alone();
    let runtime = runtime();
    let [left, right] = [1, 2].map(|number| Arc::new(tokio::sync::Mutex::new(number)));
    let guards = runtime.block_on(async {
        let barrier = Arc::new(tokio::sync::Barrier::new(3));
        locks::crossed_before(&left, &right, &barrier);
        barrier.wait().await;
        let guards = (left.lock().await, right.lock().await);
        barrier.wait().await;
        guards
    });
    wait_until("both have waited for more than a second", || {
        let dump = birthmark::dump();
        let report = dump.stuck().to_string();
        assert_eq!(report, "no task is known to be stuck\n", "{dump}");
        let waits = dump.filter(&"older=1500ms".parse().unwrap()).to_string();
        waits.matches("second.lock").count() == 2
    });
    drop(guards);
}

#[test]
fn reader_behind_a_writer_is_a_deadlock() {
    let _alone = alone();
    let runtime = runtime();
    let (held, is_held) = tokio::sync::oneshot::channel();
    let (go, goes) = tokio::sync::oneshot::channel();
    runtime.block_on(async {
        let lock = locks::reads_twice(held, goes);
        is_held.await.unwrap();
        locks::writes(lock);
    });
    // The reader goes on once the writer is queued.
    wait_until("the writer waits", || {
        let dump = birthmark::dump().to_string();
        dump.contains("waits for an rwlock for writing, held for reading by")
    });
    go.send(()).unwrap();
    let expected = "deadlock of 2 tasks, certain
  task N \"reader\" read_twice waits for lock.read at HERE, queued behind
  task N \"writer\" writes::{async}, which waits for lock.write at HERE, held for reading by
  task N \"reader\" read_twice (a temporary value in locks::read_twice since HERE)
";
    assert_eq!(report(), expected);
}

#[test]
fn lock_of_a_kept_future_is_a_futurelock() {
    let _alone = alone();
    let runtime = runtime();
    let lock = Arc::new(tokio::sync::Mutex::new(0));
    let (queued, is_queued) = tokio::sync::oneshot::channel();
    let (go, goes) = tokio::sync::oneshot::channel();
    runtime.block_on(async {
        let held = lock.lock().await;
        locks::futurelock(lock.clone(), queued, goes);
        is_queued.await.unwrap();
        drop(held);
    });
    go.send(()).unwrap();
    let expected = "futurelock of 1 task, certain
  task N keeps_a_future waits for lock.lock at HERE, which is held by futures that it keeps and does not poll:
    the future of locks::add, in `adding`
";
    assert_eq!(report(), expected);
}

#[test]
fn permits_of_a_buffered_stream_are_a_futurelock() {
    let _alone = alone();
    let runtime = runtime();
    runtime.block_on(async { locks::keeps_permits_in_a_stream() });
    let expected = "futurelock of 1 task, probable
  task N keeps_permits_in_a_stream::{async} waits for limit.acquire at HERE, which is held by futures that it keeps and does not poll:
    `_permit` in locks::read_segment since HERE, in `segments`
    the future of locks::read_segment, in `segments`
";
    assert_eq!(report(), expected);
    let text = birthmark::dump().to_string();
    assert!(
        text.contains("\nfuturelock of 1 task, probable\n"),
        "{text}"
    );
}

#[test]
fn permits_that_a_task_has_itself_are_a_deadlock() {
    let _alone = alone();
    let runtime = runtime();
    runtime.block_on(async { locks::takes_all_permits() });
    let expected = "deadlock of 1 task with itself, probable
  task N takes_all_permits::{async} waits for permits.acquire at HERE, held by
  task N takes_all_permits::{async} (`both` in takes_all_permits::{async} since HERE)
";
    assert_eq!(report(), expected);
}

/// A manager of connections that are nothing.
struct Connections;

impl deadpool::managed::Manager for Connections {
    type Type = ();
    type Error = ();

    async fn create(&self) -> Result<(), ()> {
        Ok(())
    }

    async fn recycle(
        &self,
        (): &mut (),
        _: &deadpool::managed::Metrics,
    ) -> deadpool::managed::RecycleResult<()> {
        Ok(())
    }
}

#[birthmark::instrument]
mod pools {
    use super::Connections;
    use deadpool::managed::Pool;

    /// A task that has the only connection and needs another one.
    pub fn needs_two(pool: Pool<Connections>) {
        tokio::spawn(async move {
            let first = pool.get().await.unwrap();
            audit(&pool).await;
            drop(first);
        });
    }

    async fn audit(pool: &Pool<Connections>) {
        let _second = pool.get().await.unwrap();
    }
}

#[test]
fn pool_whose_objects_a_task_has_itself_is_a_deadlock() {
    let _alone = alone();
    let runtime = runtime();
    let pool = deadpool::managed::Pool::builder(Connections).max_size(1);
    runtime.block_on(async { pools::needs_two(pool.build().unwrap()) });
    let expected = "deadlock of 1 task with itself, probable
  task N needs_two::{async} waits for pool.get at HERE, held by
  task N needs_two::{async} (`first` in needs_two::{async} since HERE)
";
    assert_eq!(report(), expected);
}

#[birthmark::instrument]
mod shadowed {
    use std::sync::Arc;
    use tokio::sync::{Mutex, RwLock, Semaphore};

    pub async fn mutex(lock: Arc<Mutex<u32>>, again: Arc<Mutex<u32>>) {
        let lock = lock.lock().await;
        let _twice = again.lock().await;
        drop(lock);
    }

    pub async fn owned(lock: Arc<Mutex<u32>>, again: Arc<Mutex<u32>>) {
        let lock = lock.lock_owned().await;
        let _twice = again.lock().await;
        drop(lock);
    }

    pub async fn rwlock(lock: Arc<RwLock<u32>>, again: Arc<RwLock<u32>>) {
        let lock = lock.read().await;
        let _twice = again.write().await;
        drop(lock);
    }

    pub async fn permit(lock: Arc<Semaphore>, again: Arc<Semaphore>) {
        let lock = lock.acquire().await;
        let _twice = again.acquire().await;
        drop(lock);
    }

    /// Waits with nothing, also in the second turn of the loop, when the memory of the guard has a pointer.
    pub async fn dropped(lock: Arc<Mutex<u32>>) {
        loop {
            {
                let lock = lock.lock().await;
                tokio::task::yield_now().await;
                drop(lock);
            }
            std::future::pending::<()>().await;
        }
    }

    /// Moves the guard before it waits.
    pub async fn moved(lock: Arc<Mutex<u32>>) {
        let lock = lock.lock().await;
        tokio::task::yield_now().await;
        drop(lock);
        std::future::pending::<()>().await;
    }

    pub fn spawn_all(lock: &Arc<Mutex<u32>>) {
        tokio::spawn(dropped(lock.clone()));
        tokio::spawn(moved(lock.clone()));
    }

    pub fn spawn(kind: &str) {
        let mutex = || Arc::new(Mutex::new(0));
        match kind {
            "mutex" => {
                let lock = mutex();
                tokio::spawn(self::mutex(lock.clone(), lock));
            }
            "owned" => {
                let lock = mutex();
                tokio::spawn(owned(lock.clone(), lock));
            }
            "rwlock" => {
                let lock = Arc::new(RwLock::new(0));
                tokio::spawn(rwlock(lock.clone(), lock));
            }
            "permit" => {
                let lock = Arc::new(Semaphore::new(1));
                tokio::spawn(permit(lock.clone(), lock));
            }
            _ => unreachable!("{kind}"),
        }
    }
}

/// rustc describes a guard with the name of what it guards as if it were that.
#[test]
fn guard_that_has_the_name_of_its_lock_holds_it() {
    let _alone = alone();
    for (kind, waits) in [
        ("mutex", "lock at HERE, held by"),
        ("owned", "lock at HERE, held by"),
        ("rwlock", "write at HERE, held for reading by"),
        ("permit", "acquire at HERE, held by"),
    ] {
        let runtime = runtime();
        runtime.block_on(async { shadowed::spawn(kind) });
        let report = report();
        let lines: Vec<&str> = report.lines().collect();
        assert!(
            lines[0].starts_with("deadlock of 1 task with itself, "),
            "{report}"
        );
        let waits = format!("  task N {kind} waits for again.{waits}");
        assert_eq!(lines[1], waits, "{report}");
        let holds = format!("  task N {kind} (`lock` in shadowed::{kind} since HERE)");
        assert_eq!(lines[2], holds, "{report}");
        let resources = birthmark::dump().resources().to_string();
        assert!(resources.contains("`lock` in"), "{resources}");
    }
}

#[test]
fn guard_that_was_dropped_holds_nothing_whatever_its_name() {
    let _alone = alone();
    let runtime = runtime();
    let lock = std::sync::Arc::new(tokio::sync::Mutex::new(0));
    runtime.block_on(async { shadowed::spawn_all(&lock) });
    wait_until("both wait", || {
        let dump = birthmark::dump().to_string();
        dump.matches("awaits   pending").count() == 2
    });
    let resources = birthmark::dump().resources().to_string();
    assert!(!resources.contains("`lock` in"), "{resources}");
}

#[test]
fn cell_that_needs_itself_is_a_deadlock() {
    let _alone = alone();
    let runtime = runtime();
    runtime.block_on(async { locks::initializes_a_cell_by_itself() });
    let expected = "deadlock of 1 task with itself, certain
  task N get waits for cell.get_or_init at HERE, held by
  task N get (a temporary value in locks::get)
";
    assert_eq!(report(), expected);
    let text = birthmark::dump().to_string();
    assert!(text.contains("waits for a cell, held by itself"), "{text}");
}

#[test]
fn receiver_with_the_only_sender_is_a_deadlock() {
    let _alone = alone();
    let runtime = runtime();
    runtime.block_on(async { locks::waits_for_its_own_message() });
    let expected = "deadlock of 1 task with itself, probable
  task N waits_for_its_own_message::{async} waits for receiver.recv at HERE, whose messages are sent by
  task N waits_for_its_own_message::{async}
";
    assert_eq!(report(), expected);
}

/// Most actors have a sender to themselves, and others have senders where nobody looks.
#[test]
fn receiver_with_one_of_several_senders_is_not_stuck() {
    let _alone = alone();
    let runtime = runtime();
    let sender = runtime.block_on(async { locks::waits_for_messages_of_others() });
    wait_until("the actor waits", || {
        let dump = birthmark::dump().to_string();
        dump.contains("waits for a channel, whose messages are sent by itself")
    });
    let report = birthmark::dump().stuck().to_string();
    assert_eq!(report, "no task is known to be stuck\n");
    drop(sender);
}

#[test]
fn awaited_handles_name_their_tasks() {
    let _alone = alone();
    let runtime = runtime();
    let (go, goes) = tokio::sync::oneshot::channel();
    let entered = runtime.enter();
    let outer = locks::awaits_handles(goes);
    drop(entered);
    wait_until("the task is named", || {
        let dump = birthmark::dump().to_string();
        dump.lines()
            .any(|line| line.starts_with("    awaits task ") && line.ends_with(" waits"))
    });
    // Something can still happen: nothing is stuck.
    let report = birthmark::dump().stuck().to_string();
    assert_eq!(report, "no task is known to be stuck\n");
    go.send(()).unwrap();
    runtime.block_on(outer).unwrap();
}

/// Replaces addresses, too.
fn without_addresses(text: &str) -> String {
    let mut words = Vec::new();
    for word in without_ids(text).split(' ') {
        let is_address = word.starts_with("0x");
        words.push(if is_address { "ADDRESS:" } else { word }.to_owned());
    }
    words.join(" ")
}

#[test]
fn resources_have_their_holders_and_waiters() {
    let _alone = alone();
    let runtime = runtime();
    let empty = birthmark::dump().resources().to_string();
    assert_eq!(
        empty,
        "no task is known to wait for a shared thing, or to have one\n"
    );
    let (held, is_held) = tokio::sync::oneshot::channel();
    let (go, goes) = tokio::sync::oneshot::channel();
    runtime.block_on(async {
        let lock = locks::reads_twice(held, goes);
        is_held.await.unwrap();
        locks::writes(lock.clone());
        locks::writes(lock);
    });
    let mut found = String::new();
    wait_until("both writers wait", || {
        found = birthmark::dump().resources().to_string();
        found.contains("2 tasks wait for it")
    });
    go.send(()).unwrap();
    let first = found.split("\n\n").next().unwrap();
    let expected = "an rwlock at ADDRESS: 2 tasks wait for it
  held for reading by task N \"reader\" read_twice (a temporary value in locks::read_twice since HERE)
  2 wait for lock.write at HERE task N \"writer\" writes::{async}, task N \"writer\" writes::{async}
";
    assert_eq!(without_addresses(first), expected);
    wait_until("the reader waits again", || {
        found = birthmark::dump().resources().to_string();
        found.contains("3 tasks wait for it")
    });
    assert!(found.contains("\n  1 waits for lock.read at "), "{found}");
    let none = birthmark::dump().filter(&"name=other".parse().unwrap());
    assert_eq!(none.resources().to_string(), empty);
}

/// A dump in JSON has waits if it was told to.
#[test]
fn json_has_waits_holders_and_findings() {
    let _alone = alone();
    let runtime = runtime();
    runtime.block_on(async { locks::crossed(&Arc::new(tokio::sync::Barrier::new(2))) });
    report();
    let without = birthmark::dump().json().to_string();
    let without: serde_json::Value = serde_json::from_str(&without).unwrap();
    assert!(without.get("stuck").is_none() && without.get("resources").is_none());
    let json = birthmark::dump().with_waits().json().to_string();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    schema::assert_valid(&json);
    let tasks = json["tasks"].as_array().unwrap();
    let named = |name: &str| tasks.iter().find(|task| task["name"] == name).unwrap();
    let (one, two) = (named("one"), named("two"));
    let wait = &one["waits"][0];
    assert_eq!(wait["kind"], "mutex");
    let needs = &wait["needs"][0];
    assert_eq!(
        (&needs["task"], &needs["reason"], &needs["certain"]),
        (&two["id"], &"holds".into(), &true.into())
    );
    let held = &two["holds"][0];
    assert_eq!(
        (&held["address"], &held["waiters"]),
        (&wait["address"], &1.into())
    );
    let resources = json["resources"].as_array().unwrap();
    let is_it = |it: &&serde_json::Value| it["address"] == wait["address"];
    assert_eq!(resources.iter().filter(is_it).count(), 1);
    let finding = &json["stuck"][0];
    assert_eq!(
        (&finding["kind"], &finding["certain"]),
        (&"deadlock".into(), &true.into())
    );
    assert_eq!(finding["tasks"], serde_json::json!([one["id"], two["id"]]));
    let first = &finding["lines"][1];
    assert_eq!(first[0], "  ");
    assert_eq!(first[1]["task"], one["id"]);
    assert_eq!(
        first[1]["text"],
        format!("task {} \"one\" take_both", one["id"])
    );
}

#[birthmark::instrument]
mod executors {
    use std::sync::{Mutex, mpsc};
    use tokio::task::{LocalSet, spawn_blocking};

    /// Jobs of which each waits for another one.
    pub fn fills_the_pool(jobs: usize) {
        for _ in 0..jobs {
            spawn_blocking(waits_for_a_job);
        }
    }

    fn waits_for_a_job() {
        let (sender, receiver) = mpsc::channel();
        tokio::spawn(async move {
            spawn_blocking(move || sender.send(()))
                .await
                .unwrap()
                .unwrap();
        });
        let _ = receiver.recv();
    }

    pub async fn awaits_a_local_task(set: &LocalSet) {
        set.spawn_local(async {}).await.unwrap();
    }

    pub fn blocks_its_thread(until: mpsc::Receiver<()>) {
        let until = Mutex::new(until);
        tokio::spawn(async move {
            let _ = until.lock().unwrap().recv();
        });
    }

    pub fn waits_its_turn() -> tokio::task::JoinHandle<()> {
        tokio::spawn(tokio::task::yield_now())
    }
}

#[test]
fn task_that_nothing_can_wait_for_is_told_once_its_parent_has_ended() {
    let _alone = alone();
    let runtime = runtime();
    let line = "its JoinHandle was dropped, and the task that spawned it has ended";
    let text_of = |name: &str| {
        let filter = format!("name={name}").parse().unwrap();
        birthmark::dump().filter(&filter).to_string()
    };
    let (go, goes) = tokio::sync::oneshot::channel();
    let (parent, handed_on) = runtime.block_on(async {
        let parent = locks::loses_a_handle(goes);
        let (to, handle) = tokio::sync::oneshot::channel();
        locks::hands_a_handle_on(to).await.unwrap();
        let handed_on = handle.await.unwrap();
        (parent, handed_on)
    });
    wait_until("the children wait", || {
        text_of("endless").contains(" waiting ") && text_of("handed on").contains(" waiting ")
    });
    assert!(!birthmark::dump().to_string().contains(line));
    go.send(()).unwrap();
    runtime.block_on(parent).unwrap();
    // Few things happen after a task has sent its result.
    wait_until("the parent has no record", || {
        text_of("endless").contains(line)
    });
    assert!(!text_of("handed on").contains(line));
    drop(handed_on);
    assert!(text_of("handed on").contains(line));
}

fn wait_for_report(text: &str) -> String {
    let mut report = String::new();
    wait_until(text, || {
        report = birthmark::dump().stuck().to_string();
        report.contains(text)
    });
    without_ids(&report)
}

#[test]
fn full_blocking_pool_is_reported_with_what_waits_for_it() {
    let _alone = alone();
    let mut builder = Builder::new_multi_thread();
    let runtime = builder
        .worker_threads(1)
        .max_blocking_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async { executors::fills_the_pool(2) });
    let report = wait_for_report("await jobs that have not started");
    assert!(
        report.contains("the blocking pool is full, probable\n  2 jobs have not started"),
        "{report}"
    );
    assert!(
        report.contains("2 × waits_for_a_job spawned at"),
        "{report}"
    );
    assert!(
        report.contains("2 × waits_for_a_job::{async} spawned at"),
        "{report}"
    );
    // The jobs wait for each other for ever.
    runtime.shutdown_background();
}

#[test]
fn set_that_nobody_drives_is_reported() {
    let _alone = alone();
    let (stop, stopped) = mpsc::channel::<()>();
    let blocked = thread::spawn(move || {
        let runtime = Builder::new_current_thread().build().unwrap();
        let set = tokio::task::LocalSet::new();
        runtime.block_on(async {
            tokio::select! {
                () = executors::awaits_a_local_task(&set) => {}
                () = std::future::poll_fn(|cx| {
                    cx.waker().wake_by_ref();
                    match stopped.try_recv() {
                        Err(mpsc::TryRecvError::Empty) => std::task::Poll::Pending,
                        _ => std::task::Poll::Ready(()),
                    }
                }) => {}
            }
        });
    });
    let report = wait_for_report("no thread drives the executor of 1 task");
    assert!(
        report.contains("1 × awaits_a_local_task::{async} spawned at"),
        "{report}"
    );
    stop.send(()).unwrap();
    blocked.join().unwrap();
}

#[test]
fn poll_that_does_not_end_is_reported_with_those_that_wait_for_their_turn() {
    let _alone = alone();
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).build().unwrap();
    let (stop, stopped) = mpsc::channel();
    let entered = runtime.enter();
    executors::blocks_its_thread(stopped);
    let waiting = executors::waits_its_turn();
    drop(entered);
    let report = wait_for_report("keeps the thread of 1 task");
    assert!(
        report.contains("blocks_its_thread::{async} has been in one poll for"),
        "{report}"
    );
    stop.send(()).unwrap();
    runtime.block_on(waiting).unwrap();
}

#[birthmark::instrument]
#[allow(
    clippy::await_holding_lock,
    reason = "programs do so, and their dumps have to show it"
)]
mod blocking {
    use std::sync::{Arc, Mutex, RwLock};
    use std::thread::JoinHandle;
    use tokio::sync::oneshot;

    pub async fn keeps_a_mutex(shared: Arc<Mutex<u32>>, go: oneshot::Receiver<()>) {
        let value = shared.lock().unwrap();
        go.await.unwrap();
        println!("{value}");
    }

    pub async fn keeps_an_rwlock(shared: Arc<RwLock<u32>>, go: oneshot::Receiver<()>) {
        let value = shared.read().unwrap();
        go.await.unwrap();
        println!("{value}");
    }

    pub fn start(
        set: &tokio::task::LocalSet,
        mutex: Arc<Mutex<u32>>,
        go: oneshot::Receiver<()>,
        rwlock: Arc<RwLock<u32>>,
        go_on: oneshot::Receiver<()>,
    ) {
        set.spawn_local(keeps_a_mutex(mutex, go));
        set.spawn_local(keeps_an_rwlock(rwlock, go_on));
    }

    pub fn locks(shared: Arc<Mutex<u32>>) -> JoinHandle<()> {
        std::thread::spawn(move || *shared.lock().unwrap() += 1)
    }

    pub fn writes(shared: Arc<RwLock<u32>>) -> JoinHandle<()> {
        std::thread::spawn(move || *shared.write().unwrap() += 1)
    }
}

/// Runs `start` on a set of local tasks, and then the tasks until they have ended.
fn on_a_set(start: impl FnOnce(&tokio::task::LocalSet) + Send + 'static) -> thread::JoinHandle<()> {
    thread::spawn(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        let set = tokio::task::LocalSet::new();
        let entered = runtime.enter();
        start(&set);
        drop(entered);
        runtime.block_on(set);
    })
}

#[test]
fn thread_that_waits_for_a_lock_of_a_suspended_task_is_named_with_it() {
    let _alone = alone();
    let mutex = Arc::new(Mutex::new(0));
    let rwlock = Arc::new(std::sync::RwLock::new(0));
    let (go, goes) = tokio::sync::oneshot::channel();
    let (go_on, goes_on) = tokio::sync::oneshot::channel();
    let of_set = (mutex.clone(), rwlock.clone());
    let set = on_a_set(move |set| {
        blocking::start(set, of_set.0, goes, of_set.1, goes_on);
    });
    wait_until("both are held", || {
        mutex.try_lock().is_err() && rwlock.try_write().is_err()
    });
    let threads = [blocking::locks(mutex), blocking::writes(rwlock)];
    let mut text = String::new();
    wait_until("both threads wait", || {
        let dump = birthmark::dump().to_string();
        text = dump.split_whitespace().collect::<Vec<_>>().join(" ");
        text.matches(" waits for a blocking ").count() == 2
    });
    for expected in [
        "waits for a blocking mutex, held by task N keeps_a_mutex (`value` in blocking::keeps_a_mutex, across the await at HERE",
        "holds a blocking mutex (`value` in blocking::keeps_a_mutex, across the await at HERE 1 task waits for it",
        "waits for a blocking rwlock, held by task N keeps_an_rwlock (`value` in blocking::keeps_an_rwlock, across the await at HERE",
    ] {
        assert!(without_ids(&text).contains(expected), "{text}");
    }
    assert!(!text.contains("deadlock"), "{text}");
    go.send(()).unwrap();
    go_on.send(()).unwrap();
    for thread in threads {
        thread.join().unwrap();
    }
    set.join().unwrap();
}

#[birthmark::instrument]
mod healthy {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::sync::{Mutex, RwLock, Semaphore, mpsc, oneshot};
    use tokio::task::{JoinHandle, JoinSet, yield_now};

    #[derive(Clone)]
    pub struct Shared {
        pub first: Arc<Mutex<u64>>,
        second: Arc<RwLock<u64>>,
        permits: Arc<Semaphore>,
        questions: mpsc::Sender<oneshot::Sender<u64>>,
        pub stop: Arc<AtomicBool>,
    }

    /// Starts tasks that use locks in one order, permits, channels and handles, until they are stopped.
    pub fn start(tasks: usize) -> (Shared, JoinHandle<()>) {
        let (questions, mut asked) = mpsc::channel::<oneshot::Sender<u64>>(2);
        tokio::spawn(async move {
            let mut number = 0;
            while let Some(answer) = asked.recv().await {
                number += 1;
                let _ = answer.send(number);
            }
        });
        let shared = Shared {
            first: Arc::default(),
            second: Arc::default(),
            permits: Arc::new(Semaphore::new(2)),
            questions,
            stop: Arc::default(),
        };
        let of_task = shared.clone();
        let all = tokio::spawn(async move {
            let mut set = JoinSet::new();
            for _ in 0..tasks {
                set.spawn(work(of_task.clone()));
            }
            while set.join_next().await.is_some() {}
        });
        (shared, all)
    }

    async fn work(shared: Shared) {
        while !shared.stop.load(Ordering::SeqCst) {
            let mut first = shared.first.lock().await;
            *first += 1;
            yield_now().await;
            drop(first);
            // The guard above is still in the memory of this function.
            let permit = shared.permits.acquire().await.unwrap();
            let (answer, answered) = oneshot::channel();
            shared.questions.send(answer).await.unwrap();
            let number = answered.await.unwrap();
            match *shared.second.read().await {
                read if read > number => yield_now().await,
                _ => yield_now().await,
            }
            *shared.second.write().await += 1;
            drop(permit);
            let mut adding = Box::pin(add(&shared));
            tokio::select! {
                biased;
                () = &mut adding => {}
                () = yield_now() => adding.await,
            }
        }
    }

    async fn add(shared: &Shared) {
        let mut first = shared.first.lock().await;
        yield_now().await;
        *first += 1;
    }
}

/// A program that is well has no deadlock in any dump, also if it is busy with locks at each moment.
#[test]
fn nothing_is_alleged_about_a_program_that_is_well() {
    let _alone = alone();
    let runtime = runtime();
    let (shared, all) = runtime.block_on(async { healthy::start(8) });
    let sees_a_wait = || {
        let dump = birthmark::dump();
        let report = dump.stuck().to_string();
        assert!(
            !report.contains("deadlock") && !report.contains("futurelock"),
            "{dump}"
        );
        dump.to_string().contains(" waits for ")
    };
    for _ in 0..200 {
        sees_a_wait();
    }
    // Few tasks stay as they are while all are read, unless all stand still.
    let first = shared.first.blocking_lock();
    wait_until("a dump sees a wait", sees_a_wait);
    drop(first);
    shared.stop.store(true, Ordering::SeqCst);
    runtime.block_on(all).unwrap();
}
