//! A snapshot of all tasks: how it is taken, and what it holds after that.
//!
//! There may be millions of tasks, so a snapshot is compact. [`builder`], [`lookup`] and [`finish`] take it from a
//! source; all else is only read from then on.

pub(crate) mod bits;
mod branches;
pub(crate) mod builder;
pub(crate) mod chunks;
pub(crate) mod classes;
mod finish;
pub(crate) mod hash;
mod index;
pub(crate) mod labels;
mod lineage;
mod lookup;
pub(crate) mod names;
pub(crate) mod nodes;
pub(crate) mod row;
pub(crate) mod stacks;
pub(crate) mod threads;
