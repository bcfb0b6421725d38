//! Names and labels: on whose behalf a task runs.

pub(crate) mod label;
pub(crate) mod name;
