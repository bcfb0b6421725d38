//! The names of the ecosystem that the engine knows. Nothing else in the engine lists names of other crates.
//!
//! A macro cannot resolve names. So each table has the last segment of a path, or the name of a method, and how
//! sure such a name is. A new callee, macro or method is one row. The prefilter of the text front end is derived from
//! the tables. The tables in the documentation are compared with them (`documented.rs`).
//!
//! | table | knows |
//! | --- | --- |
//! | `callees.rs` | calls that spawn, and which argument is the task |
//! | `macros.rs` | macros whose arguments are entered, where they come from, and whether they await |
//! | `methods.rs` | methods that pass on, decorate, unwrap or convert their receiver |
//! | `constructors.rs` | functions that make a value of their type, smart pointers, and wrappers of a task |
//! | `asides.rs` | code in the body of a task that says nothing of what the body does |
//! | `guards.rs` | methods that acquire a guard, and what moves a variable or borrows it |
//! | `scope_functions.rs` | functions that run a closure while their caller waits |
//! | `waits.rs` | functions that poll a future until it is ready |
//! | `types.rs` | types of which no value is a task, and bounds of tasks |
//! | `crates.rs` | crates whose functions give no task to instrumented code |
//! | `packages.rs` | packages in which not every spawn counts, because they are runtimes or pools |
//! | `roles.rs` | roles by which people know the tasks of libraries |

pub(crate) mod asides;
pub(crate) mod callees;
pub(crate) mod constructors;
pub(crate) mod crates;
#[cfg(test)]
mod documented;
pub(crate) mod guards;
pub(crate) mod macros;
pub(crate) mod methods;
#[cfg(feature = "text")]
pub mod packages;
#[cfg(feature = "text")]
pub mod roles;
pub(crate) mod scope_functions;
pub(crate) mod types;
pub(crate) mod waits;
