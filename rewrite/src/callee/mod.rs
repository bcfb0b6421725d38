//! The callee of a call: whether it spawns, how it takes the task, and whether it forwards the task to another spawn.

pub(crate) mod relay;
pub(crate) mod signatures;
pub(crate) mod spawn;
pub(crate) mod takes;
