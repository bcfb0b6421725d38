//! The source of a crate: which files it consists of, and what the engine makes of them.

pub mod condition;
pub mod engine;
pub mod modules;
pub mod search;
