//! Frees tests from what they must not depend on: the shell that starts them, and the machine they run on.
//!
//! A test binary that contains `use birthmark_test_support as _;` is guarded, see [`guard`]. [`packages`] lists the
//! crates that are there on a machine which has built this workspace and nothing else. [`documented`] compares tables in
//! documentation with those in the code.

pub mod documented;
pub mod files;
pub mod guard;
pub mod packages;
