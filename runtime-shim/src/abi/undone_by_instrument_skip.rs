//! The types that stand for those of the program in instrumented code.
//!
//! If such a type does not fit, the compiler's error contains the first path to it. The path is this one and names the
//! remedy. Not public API.

pub use crate::task::closing::{Closing, Opening};
pub use crate::task::future::Instrumented;
