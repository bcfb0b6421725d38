//! A snapshot of all tasks: how it is taken, and what it holds after that.
//!
//! There may be millions of tasks, so a snapshot is compact. [`builder`], [`lookup`] and [`finish`] take it from a
//! source; all else is only read from then on.

mod branches;
pub(crate) mod builder;
pub(crate) mod compact;
mod finish;
pub(crate) mod labels;
mod lineage;
mod lookup;
pub(crate) mod nodes;
pub(crate) mod row;
pub(crate) mod stacks;
pub(crate) mod threads;
