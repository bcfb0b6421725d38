//! Names, labels and locals: on whose behalf a task runs, and with which values.

pub(crate) mod label;
pub(crate) mod name;
pub mod task_local;
