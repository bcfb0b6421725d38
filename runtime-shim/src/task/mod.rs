//! Tasks from their spawn to their end.

pub(crate) mod announced;
pub(crate) mod blocked;
pub(crate) mod borrow;
mod cloned;
pub(crate) mod closing;
pub(crate) mod enter;
pub(crate) mod future;
pub(crate) mod handle;
pub(crate) mod spawn;
