//! Tasks from their spawn to their end.

pub(crate) mod announced;
pub(crate) mod birth;
pub(crate) mod blocked;
mod cloned;
pub(crate) mod closing;
pub(crate) mod enter;
pub(crate) mod future;
pub(crate) mod inherit;
