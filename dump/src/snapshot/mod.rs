//! A snapshot of all tasks: how it is taken, and what it holds after that.
//!
//! There may be millions of tasks, so a snapshot is [`compact`]. [`builder`], [`lookup`] and [`finish`] read it from a
//! source. After that, a snapshot never changes.

mod branches;
pub(crate) mod builder;
pub(crate) mod compact;
mod finish;
pub(crate) mod labels;
mod lineage;
mod lookup;
pub(crate) mod nodes;
pub(crate) mod row;
pub(crate) mod spans;
pub(crate) mod stacks;
pub(crate) mod threads;
mod wakes;
