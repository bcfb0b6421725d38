//! Frames: where in its code a task stands while it waits.
//!
//! Instrumented code has a [`Framed`] around each future that it awaits. From the first poll of that
//! future until it is ready or dropped, the task has a *frame*: the address of a static that describes
//! the `.await`, and the frame in which it was polled. So the frames of a task are a tree, through
//! whatever combinators are in between; a task that waits on several branches at once has them all.
//!
//! Where a thread stands in such a tree is one word, the [`Cursor`](crate::record::frames::Cursor). A poll moves it in and back. That is
//! all that happens on a poll of a frame that is there already: what is written down, in memory beside the
//! task's slot (`record/frames/`), is written when a frame is entered and left.

mod entry;
mod frame_guard;
mod framed;
mod poll_guard;
mod site_source;

pub use crate::types::frame_site::{FrameSite, FrameSites};
pub use frame_guard::{frame_guard, FrameGuard};
pub use framed::{Awaited, FrameOnDrop, Framed};
pub use site_source::{by_type, by_value, ConstSite, DynSite};
