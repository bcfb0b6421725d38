//! State of each thread, and of the task that runs on it.

pub(crate) mod announcements;
pub(crate) mod borrowed_parents;
pub(crate) mod dropping;
pub(crate) mod end;
pub(crate) mod local;
pub(crate) mod raw_handle;
pub(crate) mod running;
