//! The registry: one record per live task, reachable from one symbol, without a lock on the way of
//! a spawn, a poll or an end.

pub(crate) mod arena;
pub(crate) mod call_names;
pub mod content;
mod export;
pub(crate) mod frames;
pub(crate) mod globals;
pub(crate) mod hazard;
pub(crate) mod lineage;
pub mod read;
pub(crate) mod reclaim;
pub(crate) mod shared;
pub mod slot;
mod stack;
pub(crate) mod thread_cache;
pub mod thread_states;
pub mod words;
