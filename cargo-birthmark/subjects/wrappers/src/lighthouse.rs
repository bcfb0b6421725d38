//! The `TaskExecutor` of lighthouse: each task is raced against the exit of the program, and has a name beside it.

use std::future::{Future, pending};

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Clone)]
pub struct TaskExecutor {
    handle: Handle,
    exit: watch::Receiver<bool>,
}

impl TaskExecutor {
    fn exit(&self) -> impl Future<Output = ()> + use<> {
        let mut exit = self.exit.clone();
        async move {
            let _ = exit.wait_for(|is_over| *is_over).await;
        }
    }

    pub fn spawn_without_exit(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
        name: &'static str,
    ) {
        let _ = name;
        self.handle.spawn(task);
    }

    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static, name: &'static str) {
        let _ = self.spawn_handle(task, name);
    }

    pub fn spawn_handle<R: Send + 'static>(
        &self,
        task: impl Future<Output = R> + Send + 'static,
        name: &'static str,
    ) -> Option<JoinHandle<Option<R>>> {
        let exit = self.exit();
        let gauge = name.len();
        let future = async move {
            let result = tokio::select! {
                output = task => Some(output),
                () = exit => None,
            };
            assert!(gauge > 0);
            result
        };
        Some(self.handle.spawn(future))
    }

    pub fn spawn_blocking<F>(&self, task: F, name: &'static str)
    where
        F: FnOnce() + Send + 'static,
    {
        let _ = name;
        self.handle.spawn_blocking(task);
    }
}

struct Notifier;

impl Notifier {
    async fn run(self) {
        pending().await
    }
}

async fn publish_attestation(_slot: u64) {
    pending().await
}

fn prune_store() {
    std::thread::sleep(std::time::Duration::from_secs(5));
}

pub fn start() {
    let (exit, waits) = watch::channel(false);
    std::mem::forget(exit);
    let executor = TaskExecutor {
        handle: Handle::current(),
        exit: waits,
    };
    executor.spawn(Notifier.run(), "notifier");
    for slot in 0..4 {
        executor.spawn(publish_attestation(slot), "attestation");
    }
    executor.spawn_without_exit(async move { publish_attestation(9).await }, "without_exit");
    executor.spawn_blocking(move || prune_store(), "prune");
}
