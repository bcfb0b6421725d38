//! State of each thread, and of the task that runs on it.
//!
//! # What a thread has
//!
//! [`Local`](local::Local) is a thread-local without a destructor, so that code in other destructors can still spawn.
//! A thread is in one of these stages:
//!
//! | stage | how a spawn or a poll runs |
//! | --- | --- |
//! | without a thread state | on the slow path, which acquires a state |
//! | with a transient state: it runs its first closure and has spawned nothing | on the fast path for polls |
//! | with a state whose cache it has loaded | on the fast path |
//! | exiting: a destructor has given the state back | on the slow path, with a state for this one operation |
//!
//! A thread that was made for one closure exits after it. So its state is *transient*: the thread gives it back itself
//! when the closure is done, and no destructor is registered. Without this, each OS thread takes 21,700 instructions
//! more.
//!
//! # The cursor
//!
//! One word tells which task the thread runs, and in which frame ([`Cursor`](crate::record::frames::Cursor)). Code that
//! begins to run a task replaces the cursor, and puts the old one back at the end, also during a panic. So tasks on one
//! thread are nested, and the cursor's task lives at least as long as it is in the cursor. This is why
//! [`Local::current`](local::Local::current) may return a valid task without a reference of its own.
//!
//! Three cursors have no task: nowhere, unknown (the thread may be the main thread), and borrowed. With a borrowed
//! parent, the thread works on behalf of a task that waits on another thread (`borrowed_parents.rs`).
//!
//! # Writers
//!
//! Only the thread itself reads and writes its `Local`. The thread state beside it consists of atomics for readers on
//! other threads, and of the idle cache, which its present owner alone uses.
//!
//! # The end of a task
//!
//! [`end`] gives up the reference of a task to itself. Its functions are unsafe, because a copy of the
//! [`TaskSlot`](crate::record::slot::TaskSlot) would refer to a freed slot afterwards. Each caller owns the task's
//! handle, and consumes or forgets it in the same place.
//!
//! A closure's task ends when the closure's captures are dropped. Meanwhile its handle is on the list of
//! [`dropping`] closures.

pub(crate) mod announcements;
pub(crate) mod borrowed_parents;
pub(crate) mod dropping;
pub(crate) mod end;
pub(crate) mod gone;
pub(crate) mod local;
pub(crate) mod pinned;
pub(crate) mod raw_handle;
pub(crate) mod role;
pub(crate) mod running;
pub(crate) mod waker;
