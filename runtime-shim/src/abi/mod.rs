//! The only code that generated code calls, and its macros.

mod adapt;
mod at;
mod at_spawn;
mod macros;
pub mod private;
mod settle;
mod table;
mod text;
pub mod undone_by_instrument_skip;
