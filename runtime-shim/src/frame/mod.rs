//! Frames: the `.await` expressions that a suspended task is inside of.
//!
//! # Model
//!
//! Instrumented code has a [`Framed`] around each future that it awaits. From the first poll of the future until it is
//! ready or dropped, the task has a *frame*. A frame is the address of a static that describes the `.await`
//! ([`FrameSite`]), and the index of the frame around it. So the frames of a task form a tree. A task that waits on
//! several branches at once has one path for each.
//!
//! # Lazy records
//!
//! Most futures are ready at their first poll. Such an `.await` must cost next to nothing, so a frame has two places. While
//! a thread polls the future for the first time, the frame is on the *shadow stack* of the thread, one store. If that poll
//! returns `Pending`, the frame is recorded beside the slot of the task (`record/frames/`). Panic reports and dumps of a
//! running task read both.
//!
//! The innermost frame that has to be recorded records all frames around it, outermost first (`recording.rs`). So each
//! frame knows its outer frame's index. The futures around learn that they are recorded when they return from the poll.
//!
//! # States of a frame
//!
//! A [`FrameEntry`](entry::FrameEntry) in the future knows one word, [`Registered`](crate::record::frames::Registered).
//!
//! | state | word |
//! | --- | --- |
//! | never polled, ready, or polled where nothing is recorded | nowhere |
//! | first poll | nowhere; the site is on the shadow stack |
//! | first poll, recorded by a frame inside of it | nowhere; the level on the shadow stack has the index |
//! | recorded | the cursor that is expected inside of the frame, with the lowest bits of the task's id |
//!
//! A poll of a recorded frame compares the word with the cursor that it expects. If they are equal, the poll moves the
//! cursor in, polls, and moves the cursor back. Nothing else is written. The comparison fails if the future was moved to
//! another task or another frame, and if a frame around is not recorded. Then the slow path moves the frame.
//!
//! # Writers
//!
//! The thread that runs the task writes its shadow stack and the record with plain stores. A frame may be left on another
//! thread, because its future was moved or is dropped there. Then its entry in the record becomes zero by
//! compare-and-swap, if the entry is still the same.
//!
//! # Safety by situation
//!
//! - **The slot is another task's by now.** The word has bits of the id, so the comparison fails. After 512 further tasks
//!   in the slot, the bits may be equal. Then a frame may be missing or be out of place. Memory stays safe, because
//!   records and shadow stacks consist of addresses of static sites.
//! - **A reader copies a record while the task runs.** Polls are counted before the first frame of a poll is written. The
//!   same count before and after the copy, of a task that does not run, means that the copy is exact.
//! - **A reader copies the shadow stack of another thread.** The stack is in the thread's own memory, which
//!   [`Exposed`](crate::record::exposed::Exposed) keeps alive during the copy. The copy may be stale, and dumps say so.
//! - **A task is polled inside of a frame of another task.** A level of the shadow stack separates the two.
//! - **A thread switches stacks within a poll**, as libraries for coroutines do. Levels may then belong to another stack,
//!   so dumps may show a frame of it. No level is a pointer to a future, so memory stays safe.
//! - **A frame is left before the frames in it**, as with `&mut future` in a loop. A tombstone keeps its index until
//!   the frames in it are gone.
//! - **The future panics.** The guards put the cursor back and leave the frames.
//!
//! # Sites by type and by value
//!
//! In a release, the type of a frame contains its site. A debug build has the site in a word of the future, because
//! one type for each `.await` takes long to compile (`site_source.rs`).

mod entry;
mod frame_guard;
mod framed;
mod recording;
mod site_source;

pub use crate::types::frame_site::{FrameSite, FrameSites};
pub use frame_guard::{frame_guard, FrameGuard};
pub use framed::{Awaited, FrameOnDrop, Framed};
pub use site_source::{by_type, by_value, ConstSite, DynSite};
