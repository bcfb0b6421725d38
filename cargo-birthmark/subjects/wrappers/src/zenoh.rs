//! The way of zenoh: runtimes behind an enum, and a controller that can end its tasks.

use std::future::{Future, pending};
use std::ops::Deref;
use std::sync::OnceLock;

use futures::FutureExt;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[derive(Clone, Copy)]
pub enum ZRuntime {
    Net,
    Application,
}

static HANDLE: OnceLock<Handle> = OnceLock::new();

impl Deref for ZRuntime {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        HANDLE.get_or_init(Handle::current)
    }
}

#[derive(Clone, Default)]
pub struct TaskController {
    tracker: TaskTracker,
    token: CancellationToken,
}

impl TaskController {
    pub fn spawn_with_rt<F, T>(&self, rt: ZRuntime, future: F) -> JoinHandle<()>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        self.tracker.spawn_on(future.map(|_| ()), &rt)
    }

    pub fn spawn_abortable<F, T>(&self, future: F) -> JoinHandle<()>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let token = self.token.child_token();
        let task = async move {
            tokio::select! {
                () = token.cancelled() => {},
                _ = future => {},
            }
        };
        self.tracker.spawn(task)
    }

    pub fn spawn_abortable_with_rt<F, T>(&self, rt: ZRuntime, future: F) -> JoinHandle<()>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let token = self.token.child_token();
        let task = async move {
            tokio::select! {
                () = token.cancelled() => {},
                _ = future => {},
            }
        };
        self.tracker.spawn_on(task, &rt)
    }
}

struct Runtime;

impl Runtime {
    async fn update_peers(&self) -> u32 {
        pending().await
    }

    async fn scout(self) {
        pending().await
    }
}

async fn accept_task(_number: u32) -> Result<(), String> {
    pending().await
}

pub fn start() {
    let controller = TaskController::default();
    controller.spawn_with_rt(ZRuntime::Net, accept_task(1));
    controller.spawn_abortable(async move { Runtime.update_peers().await });
    controller.spawn_abortable_with_rt(ZRuntime::Application, Runtime.scout());
    ZRuntime::Net.spawn(async move { accept_task(2).await });
    ZRuntime::Application.spawn(accept_task(3).map(drop));
    std::mem::forget(controller);
}
