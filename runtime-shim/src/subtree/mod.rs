//! Subtrees: tasks that descend from a piece of code, and that have a deadline or can be aborted together.
//!
//! # The value that tasks inherit
//!
//! [`with_deadline`] and [`AbortScope`] make a [`Subtree`](tree::Subtree) and set it as a local of the current task. Children
//! inherit locals, so a task that has no deadline pays nothing. Roots and tasks of pools inherit no locals.
//!
//! A spawn whose spawner has locals takes the slow path. If the locals contain a subtree, the task becomes a member
//! ([`member`]): it has something attached, whose drop removes it from the subtree.
//!
//! # Relations
//!
//! ```text
//!             parent ◄──strong── child ◄──strong── locals of tasks, futures with a deadline
//!                └─────weak────────►┘
//!             registry ──weak──► each subtree with a deadline, or with handles
//! ```
//!
//! A subtree in which nothing can happen any more is *closed*: its scope has no owner, or its deadline has passed. A new child
//! gets the nearest ancestors that are open. So a chain of tasks that make a scope each does not grow.
//!
//! # Abort
//!
//! The executor alone can end a task such that its handle gives the error of a cancelled task. So a task is aborted by the
//! handle that its spawn has returned. Generated code looks at the result of a spawn if something is pending on its thread
//! ([`kept`]), and the member keeps an abort handle if the result has one. Spawns outside of subtrees have nothing pending.
//!
//! # Locks
//!
//! Each subtree has a mutex, and so has the registry. A thread holds one of them at a time. Code of the program runs after the
//! unlock: wakers, abort handles and destructors.
//!
//! # Safety by situation
//!
//! - **The process forks.** Other threads may have held a lock. A subtree contains the number of forks at its creation, and
//!   is inert in a child: its deadline can be read, and nothing else happens. A child makes a registry of its own.
//! - **A task ends while it is aborted.** The executor decides. Both orders are those of its own `abort`.
//! - **A child subtree is made while its parent is cancelled.** The parent's lock orders both: the child is in the parent's list, or
//!   sees that the parent was cancelled.
//! - **A chain of a million subtrees is dropped.** The drop of a subtree frees its ancestors in a loop.

mod cancelled;
mod kept;
mod limit;
mod member;
mod registry;
mod report;
mod scope;
mod tree;

pub use cancelled::{cancelled, is_cancelled, Cancelled};
pub(crate) use kept::{begin_keeping, keep, AbortHandle};
pub use limit::{
    deadline, remaining, with_deadline, with_deadline_blocking, with_timeout,
    with_timeout_blocking, WithDeadline,
};
pub(crate) use member::join;
pub use registry::abort_tasks;
pub use report::set_report;
pub use scope::{AbortScope, Abortable, Aborted};
