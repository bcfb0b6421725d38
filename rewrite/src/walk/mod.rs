//! The walk over the syntax tree.

mod frames;
mod macros;
mod select;
mod task;
mod tokens;
mod values;
mod visit;
pub(crate) mod visitor;
mod waits;
