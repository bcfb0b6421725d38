//! The way of vector: a topology of boxed tasks, each decorated twice, and a function that names them.

use std::future::{Future, pending};
use std::pin::Pin;

use futures::{FutureExt, TryFutureExt};
use tokio::task::JoinHandle;

pub fn spawn_named<T>(
    task: impl Future<Output = T> + Send + 'static,
    _name: &str,
) -> JoinHandle<T>
where
    T: Send + 'static,
{
    tokio::spawn(task)
}

type TaskResult = Result<(), String>;

/// A part of the topology.
struct Task {
    inner: Pin<Box<dyn Future<Output = TaskResult> + Send>>,
    id: &'static str,
}

impl Task {
    fn new(id: &'static str, inner: impl Future<Output = TaskResult> + Send + 'static) -> Self {
        Task {
            inner: Box::pin(inner),
            id,
        }
    }
}

async fn handle_errors(
    task: impl Future<Output = TaskResult>,
    on_error: impl FnOnce(String),
) -> TaskResult {
    task.map_err(on_error).await.map_err(|()| String::new())
}

struct RunningTopology;

impl RunningTopology {
    fn spawn_source(&self, task: Task) {
        let name = format!(">> {}", task.id);
        let task = handle_errors(task.inner, |error| eprintln!("{error}")).map(|_| ());
        spawn_named(task, name.as_ref());
    }

    fn spawn_sink(&self, task: Task) {
        let name = format!(">> {}", task.id);
        spawn_named(handle_errors(task.inner, drop).boxed(), &name);
    }
}

async fn run_source() -> TaskResult {
    pending().await
}

async fn run_sink() -> TaskResult {
    pending().await
}

pub fn start() {
    let topology = RunningTopology;
    topology.spawn_source(Task::new("file", run_source()));
    topology.spawn_sink(Task::new("console", run_sink()));
    spawn_named(run_sink().map(drop), "heartbeat");
}
