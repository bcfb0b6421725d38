//! Hooks: code of the program that runs at each spawn.
//!
//! # From the spawn to the decision
//!
//! A spawn takes the slow path if there is a hook. The record is made first, so that hooks see a task with an id and a
//! site. `run.rs` then calls the hooks in the spawner, in the order in which they were added. Each may set the name and
//! labels, attach something, delay the task or refuse it. The decision is one of three:
//!
//! | decision | result |
//! | --- | --- |
//! | plain | the handle of the task, as without hooks |
//! | attached | a handle that owns a box with guards, gate and watchers (`attached.rs`) |
//! | refused | the record ends, and the handle refers to a [`RefusedTask`] |
//!
//! # States of a refused task
//!
//! Only the callee's result shows how the spawner can be told, so the refusal waits until the callee has returned.
//!
//! ```text
//!  undecided ──callee returned a handle with `abort`──► aborted ──one poll──► ended
//!      └──────callee returned anything else───────────────────────────────────► ended
//! ```
//!
//! Pending refusals are on the spawner's thread (`pending_refusals.rs`). An executor holds the refused task in place of
//! the future (`refused.rs`). `refusal.rs` decides which callees can wait.
//!
//! # Writers
//!
//! - The list of hooks is replaced as a whole, by one writer at a time (`list.rs`).
//! - The box of an attached handle has one user at a time: a flag is set around each use. An `Fn` closure that several threads call is
//!   guarded in the first call alone.
//! - The stage of a refused task is behind a mutex, which is never held while code of an executor runs.
//!
//! # Safety by situation
//!
//! - **A hook is removed while a thread reads the list.** The reader publishes the list in a hazard pointer. The writer
//!   frees an old list when no hazard pointer has it.
//! - **A hook panics.** The panic ends in `run_hook`, and the spawn continues.
//! - **A hook spawns.** A flag of the thread is set while a hook runs, so the spawn calls no hook.
//! - **A hook removes itself.** Each call holds a reference to its hook, which is dropped after the call.
//! - **The process forks while another thread replaces the list.** The writer's mark contains the process id, so the
//!   child does not wait for a thread that it does not have.

mod attached;
mod catch;
mod exceeded;
mod gate;
mod list;
mod loan;
pub(crate) mod pending;
mod pending_refusals;
mod refusal;
mod refused;
pub(crate) mod run;
mod spawn;
mod task_ref;

pub(crate) use attached::Attached;
pub use attached::Attachment;
pub use catch::catch_refusal;
pub(crate) use catch::note;
pub(crate) use exceeded::Owner;
pub use exceeded::{Exceeded, SubtreeTask};
pub use gate::{Gate, GateFuture};
pub(crate) use list::is_unwatched;
pub use list::{add_hook, add_hook_for, set_hook, HookHandle, Selector, SetHookError};
pub(crate) use loan::Lent;
pub use loan::Loan;
pub(crate) use pending_refusals::{refused, take};
pub use refusal::Refusal;
pub(crate) use refusal::{panic_with, refuse_closure};
pub(crate) use refused::RefusedTask;
pub(crate) use run::{notify_of_exceeded, watching, Decision};
pub use spawn::Spawn;
pub use task_ref::TaskRef;

use crate::types::Outcome;

/// Code of the program that runs at every spawn in instrumented code, and that can change, delay or refuse the spawn.
///
/// A closure that takes `&mut` [`Spawn`] is a hook without [`on_start`](SpawnHook::on_start) and
/// [`on_end`](SpawnHook::on_end).
///
/// # Contract
///
/// - `on_spawn` runs in the spawner, before the child exists. Its decisions take effect before the child's first
///   instruction or poll.
/// - A hook that panics counts as a hook that returned. The spawn continues.
/// - Spawns in a hook are recorded, but run no hook.
/// - birthmark holds no lock while a hook runs. The hook may spawn, dump, set names, and add or remove hooks,
///   including itself.
/// - Hooks run in the order in which they were added, until one refuses.
/// - `on_start` and `on_end` are called for the tasks whose `on_spawn` the hook has seen, on the thread where the
///   task starts or ends. They are not called after the hook was removed.
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
    /// Called before a task is spawned.
    fn on_spawn(&self, spawn: &mut Spawn<'_>);

    /// Called when a task starts: before the call of a closure, or before the first poll of a future.
    fn on_start(&self, task: &TaskRef<'_>) {
        let _ = task;
    }

    /// Called after a task has ended and everything that it owned was dropped.
    ///
    /// The call happens once for each task whose `on_spawn` this hook has seen, even if the task never started. For a
    /// task that this or another hook has refused, the outcome is [`Outcome::Refused`]. A counter that `on_spawn`
    /// increments can therefore be decremented here.
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

    /// Called in the spawner when any hook has refused a spawn, before [`on_end`](SpawnHook::on_end).
    ///
    /// Every hook is called, also one whose `on_spawn` has not seen the spawn because an earlier hook refused it.
    /// The result of [`wants_lifecycle`](SpawnHook::wants_lifecycle) does not matter.
    ///
    /// # Examples
    ///
    /// ```
    /// use birthmark::{Refusal, Spawn, SpawnHook, TaskRef};
    ///
    /// struct Log;
    ///
    /// impl SpawnHook for Log {
    ///     fn on_spawn(&self, _spawn: &mut Spawn<'_>) {}
    ///
    ///     fn on_refusal(&self, _task: &TaskRef<'_>, refusal: &Refusal) {
    ///         eprintln!("{refusal}");
    ///     }
    ///
    ///     fn wants_lifecycle(&self) -> bool {
    ///         false
    ///     }
    /// }
    ///
    /// let hook = birthmark::add_hook(Log);
    /// # drop(hook);
    /// ```
    fn on_refusal(&self, task: &TaskRef<'_>, refusal: &Refusal) {
        let _ = (task, refusal);
    }

    /// Called when a [deadline](crate::with_deadline) was exceeded, once for each deadline.
    ///
    /// The call comes from a thread of birthmark's own, after the tasks of an enforced deadline were aborted. A hook with a filter is
    /// called if the filter selects the task that set the deadline, or a live task of its subtree. If hooks take longer than deadlines
    /// come, 1024 calls wait, and further ones are left out.
    ///
    /// # Examples
    ///
    /// ```
    /// use birthmark::{Exceeded, Spawn, SpawnHook};
    ///
    /// struct Late;
    ///
    /// impl SpawnHook for Late {
    ///     fn on_spawn(&self, _spawn: &mut Spawn<'_>) {}
    ///
    ///     fn on_exceeded(&self, exceeded: &Exceeded) {
    ///         println!("the deadline of {} has passed", exceeded.location());
    ///     }
    ///
    ///     fn wants_lifecycle(&self) -> bool {
    ///         false
    ///     }
    /// }
    ///
    /// let hook = birthmark::add_hook(Late);
    /// # drop(hook);
    /// ```
    fn on_exceeded(&self, exceeded: &Exceeded) {
        let _ = exceeded;
    }

    /// Called when the current task is about to run a closure on another thread and to wait for it, as in
    /// `rayon::scope`. [`Loan`] has an example.
    fn on_loan(&self, loan: &mut Loan<'_>) {
        let _ = loan;
    }

    /// Returns `true` if `on_start` and `on_end` must be called. If it returns `false`, tasks need not remember the
    /// hook and are cheaper.
    fn wants_lifecycle(&self) -> bool {
        true
    }
}

impl<F: Fn(&mut Spawn<'_>) + Send + Sync + 'static> SpawnHook for F {
    fn on_spawn(&self, spawn: &mut Spawn<'_>) {
        self(spawn);
    }

    fn wants_lifecycle(&self) -> bool {
        false
    }
}
