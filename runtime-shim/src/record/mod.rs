//! The registry: one record per live task, reachable from one symbol, without a lock on the way of
//! a spawn, a poll or an end.

pub(crate) mod arena;
pub(crate) mod call_names;
pub mod content;
mod export;
pub(crate) mod frames;
pub(crate) mod hazard;
pub(crate) mod lineage;
pub mod pool;
pub mod read;
pub(crate) mod reclaim;
pub(crate) mod root;
pub(crate) mod shared;
pub mod slot;
mod stack;
pub(crate) mod store;
pub mod words;
