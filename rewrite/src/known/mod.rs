//! What the engine knows of the ecosystem, one table a file.

pub(crate) mod macros;
