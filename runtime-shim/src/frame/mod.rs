//! Frames: the `.await` expressions that a suspended task is inside of.
//!
//! # Model
//!
//! Instrumented code has a [`Framed`] around each future that it awaits. From the first poll of the future until it is
//! ready or dropped, the task has a *frame*. A frame is the address of a static that describes the `.await`
//! ([`FrameSite`]), and the index of the frame around it. So the frames of a task form a tree. A task that waits on
//! several branches at once has one path for each.
//!
//! # States of a frame
//!
//! A [`FrameEntry`](entry::FrameEntry) in the future knows one word, a
//! [`TaggedCursor`](crate::record::frames::TaggedCursor).
//!
//! | state | word |
//! | --- | --- |
//! | not entered | nowhere |
//! | entered | cursor inside of the frame, and the lowest bits of the task's id |
//! | entered where nothing is recorded | nowhere |
//!
//! A poll compares the word with the cursor that it expects. If they are equal, the frame is there already: the poll
//! moves the cursor in, polls, and moves the cursor back. Nothing else is written. Otherwise the slow path enters the
//! frame, or moves it if the future was moved to another frame or another task.
//!
//! # Writers
//!
//! The frames of a task are in memory beside its slot (`record/frames/`). The thread that runs the task writes them with
//! plain stores. A frame may be left on another thread, because its future was moved or is dropped there. Then its entry
//! becomes zero by compare-and-swap, if the entry is still the same.
//!
//! # Safety by situation
//!
//! - **The slot is another task's by now.** The tagged cursor has bits of the id, so the comparison fails. After 65,536
//!   further tasks in the slot, the bits may be equal. Then a frame may be missing or be out of place. Memory stays
//!   safe, because entries are only addresses of static sites.
//! - **A reader copies frames while the task runs.** Polls are counted before the first frame of a poll is written. The
//!   same count before and after the copy, of a task that does not run, means that the copy is exact.
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
mod poll_guard;
mod site_source;

pub use crate::types::frame_site::{FrameSite, FrameSites};
pub use frame_guard::{frame_guard, FrameGuard};
pub use framed::{Awaited, FrameOnDrop, Framed};
pub use site_source::{by_type, by_value, ConstSite, DynSite};
