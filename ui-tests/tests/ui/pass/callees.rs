// Callees of the runtimes that need no program of their own to be compiled against.
use futures::task::{LocalSpawnExt, SpawnExt};
use tokio_util::task::{JoinMap, LocalPoolHandle, TaskTracker};

#[birthmark::instrument]
async fn tokios() {
    let handle = tokio::runtime::Handle::current();
    let number = async |n: u32| n;
    let mut set = tokio::task::JoinSet::new();
    set.spawn(number(1));
    set.spawn_on(async { 1 }, &handle);
    set.spawn_blocking(|| 1);
    set.spawn_blocking_on(move || 1, &handle);
    assert_eq!(set.join_all().await.len(), 4);

    let tracker = TaskTracker::new();
    tracker.spawn(async {});
    tracker.spawn_on(async {}, &handle);
    tracker.spawn_blocking(|| ());
    tracker.close();
    tracker.wait().await;

    let mut map = JoinMap::new();
    map.spawn("key", async { 1 });
    map.spawn_on("other", async { 2 }, &handle);
    map.spawn_blocking("third", || 3);
    while map.join_next().await.is_some() {}

    let pool = LocalPoolHandle::new(1);
    assert_eq!(pool.spawn_pinned(|| async { 4 }).await.unwrap(), 4);
    let captured = 5;
    assert_eq!(pool.spawn_pinned_by_idx(move || async move { captured }, 0).await.unwrap(), 5);

    handle.spawn(async {}).await.unwrap();
    handle.spawn_blocking(|| ()).await.unwrap();
    let local = tokio::task::LocalSet::new();
    local.spawn_local(async { tokio::task::spawn_local(async {}).await.unwrap() });
    let mut locals = tokio::task::JoinSet::new();
    locals.spawn_local_on(async {}, &local);
    local.await;
}

#[birthmark::instrument]
fn futures_executors() {
    let mut local = futures::executor::LocalPool::new();
    let spawner = local.spawner();
    spawner.spawn_local(async {}).unwrap();
    spawner.spawn(async {}).unwrap();
    let handle = spawner.spawn_local_with_handle(async { 1 }).unwrap();
    assert_eq!(local.run_until(handle), 1);
    let pool = futures::executor::ThreadPool::new().unwrap();
    let handle = pool.spawn_with_handle(async { 2 }).unwrap();
    assert_eq!(futures::executor::block_on(handle), 2);
    pool.spawn_ok(async {});
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(tokios());
    futures_executors();
}
