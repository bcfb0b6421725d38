//! Values that a program gets from a dump.

pub(crate) mod age;
pub(crate) mod await_stack;
pub(crate) mod delays;
pub(crate) mod dropped;
pub(crate) mod gone;
mod leaf;
pub(crate) mod lineage;
pub(crate) mod plural;
pub(crate) mod role;
pub(crate) mod span;
pub(crate) mod stack;
pub(crate) mod task;
pub(crate) mod uses;
pub(crate) mod wake;
