//! Hooks: the program's code that is told of every spawn.

mod attached;
mod catch;
mod gate;
mod list;
mod refusal;
mod refused;
pub(crate) mod run;
mod spawn;
mod verdicts;

pub(crate) use attached::Attached;
pub use catch::catch_refusal;
pub use gate::{Gate, Opened};
pub(crate) use list::HookHazard;
pub use list::{add_hook, set_hook, HookHandle, SetHookError};
pub use refusal::Refusal;
pub(crate) use refusal::{private as refusal_private, refuse_closure};
pub(crate) use refused::RefusedTask;
pub use spawn::Spawn;
pub(crate) use verdicts::refused;

use crate::task::{Outcome, TaskRef};

/// The program's code that is told of every spawn in instrumented code, and has a say in it.
///
/// A closure that takes `&mut` [`Spawn`] is a hook that looks at spawns only.
///
/// # Contract
///
/// - `on_spawn` runs in the spawner, before the child exists. What it decides is visible before the
///   child's first instruction or poll.
/// - A hook that panics is treated as if it had returned; the spawn goes on.
/// - Spawns made by a hook are recorded, but no hook is told of them.
/// - No lock is held while a hook runs: it may spawn, dump, name, add and remove hooks, itself too.
/// - Hooks run in the order in which they were added, until one refuses.
/// - `on_start` and `on_end` are called for those tasks whose `on_spawn` the hook has seen, on the
///   thread where it happens, and not any more once the hook has been removed.
///
/// # Examples
///
/// ```
/// use birthmark::{Outcome, Spawn, SpawnHook, TaskRef};
///
/// struct Failures;
///
/// impl SpawnHook for Failures {
///     fn on_spawn(&self, _spawn: &mut Spawn<'_>) {}
///
///     fn on_end(&self, task: &TaskRef<'_>, outcome: Outcome) {
///         if outcome == Outcome::Panicked {
///             eprintln!("{} has failed", task.id());
///         }
///     }
/// }
///
/// birthmark::set_hook(Failures)?;
/// # Ok::<_, birthmark::SetHookError>(())
/// ```
pub trait SpawnHook: Send + Sync + 'static {
    /// A task is about to be spawned.
    fn on_spawn(&self, spawn: &mut Spawn<'_>);

    /// A task starts: a closure is called, or a future is polled for the first time.
    fn on_start(&self, task: &TaskRef<'_>) {
        let _ = task;
    }

    /// A task has ended. Called after what the task owned was dropped.
    ///
    /// Once for each task whose `on_spawn` this hook has seen: also for one that never started, and, with
    /// [`Outcome::Refused`], for one that a hook has refused, this one included. So what `on_spawn` counts up, whatever
    /// it then decides, is counted down here.
    ///
    /// # Examples
    ///
    /// A quota:
    ///
    /// ```
    /// use birthmark::{Outcome, Spawn, SpawnHook, TaskRef};
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// #[derive(Default)]
    /// struct Quota(AtomicUsize);
    ///
    /// impl SpawnHook for Quota {
    ///     fn on_spawn(&self, spawn: &mut Spawn<'_>) {
    ///         if self.0.fetch_add(1, Ordering::Relaxed) >= 1 {
    ///             spawn.refuse("one at a time");
    ///         }
    ///     }
    ///
    ///     fn on_end(&self, _task: &TaskRef<'_>, _outcome: Outcome) {
    ///         self.0.fetch_sub(1, Ordering::Relaxed);
    ///     }
    /// }
    ///
    /// # #[birthmark::instrument]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let quota = birthmark::add_hook(Quota::default());
    /// for _ in 0..2 {
    ///     let (first, second) = (tokio::spawn(async {}), tokio::spawn(async {}));
    ///     assert!(first.await.is_ok());
    ///     assert!(second.await.unwrap_err().is_cancelled());
    /// }
    /// # drop(quota);
    /// # }
    /// ```
    fn on_end(&self, task: &TaskRef<'_>, outcome: Outcome) {
        let _ = (task, outcome);
    }

    /// Whether `on_start` and `on_end` do anything. Where they do not, tasks need not remember the
    /// hook, which makes them cheaper.
    fn watches(&self) -> bool {
        true
    }
}

impl<F: Fn(&mut Spawn<'_>) + Send + Sync + 'static> SpawnHook for F {
    fn on_spawn(&self, spawn: &mut Spawn<'_>) {
        self(spawn);
    }

    fn watches(&self) -> bool {
        false
    }
}
