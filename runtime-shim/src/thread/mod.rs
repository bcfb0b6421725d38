//! State of each thread, and of the task that runs on it.

pub(crate) mod announcements;
pub(crate) mod dropping;
pub(crate) mod end;
pub(crate) mod handle;
pub(crate) mod local;
pub(crate) mod running;
pub(crate) mod work;
