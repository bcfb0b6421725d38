//! Tasks from their spawn to their end.
//!
//! # The handle
//!
//! [`TaskHandle`](handle::TaskHandle) owns a task's record. Generated code makes one in the spawner, before the callee
//! runs, and moves it into the closure or the wrapper of the future. The task ends when the handle is dropped. So a task
//! that is aborted, cancelled or dropped with its runtime ends like one that returns.
//!
//! A handle is one pointer, and its low bits tell the contents:
//!
//! | contents | bits | meaning |
//! | --- | --- | --- |
//! | plain | 000 | address of the slot |
//! | attached | 001 | box with guards, gates and watchers of hooks |
//! | refused | 011 | reference to a refused task, which has no record any more |
//! | plain, on the slow path | 101 | address of the slot; the thread has more to put back than its cursor |
//! | untracked | constant | no record: birthmark was off, there was no memory, or the task has completed |
//!
//! # States
//!
//! ```text
//!  spawn ──► created ──first poll or call──► running ◄──► suspended
//!                │                              │             │
//!                └─────────dropped──────────────┴─────────────┴──► completed, panicked, cancelled
//! ```
//!
//! The thread that runs the task stores the state. The spawner stores the first one. A handle moves between threads, and
//! the move itself orders their writes: an executor that sends a future to another thread synchronizes with it.
//!
//! # Fast and slow paths
//!
//! A spawn, a poll and an end each have a fast path that is inlined into the program: a few plain loads and stores.
//! One test finds out that nothing out of the ordinary is due. For a spawn, the test is of the runtime flags and of the
//! parent. For a poll, the test is `handle & fast_path_mask`: the mask is all ones until the thread has a state.
//!
//! # Futures
//!
//! [`future`] wraps a future. The wrapper makes the task current for each poll. When the future is ready, the task ends at
//! once and the handle becomes untracked. A future that is dropped earlier is dropped as its task, which then ends.
//!
//! # Closures
//!
//! A closure owns two handles: the opening, which its body mentions first, and the closing, which its body mentions last.
//! Compilers drop captures in this order. So the task ends after the destructors of the captures ([`closing`]).
//! A closure that several threads call at once is one task ([`enter`]).
//!
//! # Scopes
//!
//! [`scope`] wraps a future that is not spawned. Its record is made by the first poll, so the task that polls it is the parent.
//!
//! # Safety by situation
//!
//! - **The program panics in a poll or a call.** A guard puts the cursor back and stores the state `PANICKED`. The
//!   handle is dropped later, by the owner of the future or closure.
//! - **A destructor of the task's own data runs.** The task is current meanwhile. The handle is on the thread's list,
//!   which owns it, so no second owner exists.
//! - **A closure is called by several threads.** They share the handle by reference. The status is exchanged atomically,
//!   and a second caller sets the bit `SHARED`. Names for a while belong to a call and not to the slot.
//! - **A hook refuses the task.** The record has ended before the handle exists. The handle refers to a
//!   [refused task](crate::hook::RefusedTask) instead, and a poll takes the slow path.
//! - **A function hands its task on to another spawn.** The first call announces the task, and the second one takes the
//!   announcement and makes no record ([`announced`]).

pub(crate) mod announced;
pub(crate) mod blocked;
pub(crate) mod borrow;
mod cloned;
pub(crate) mod closing;
pub(crate) mod enter;
pub(crate) mod future;
pub(crate) mod handle;
pub(crate) mod scope;
pub(crate) mod spawn;
