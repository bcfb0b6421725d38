//! stub docs
#![warn(missing_debug_implementations)]

mod adapt;
mod birth;
mod clock;
mod dump;
mod enter;
mod escape;
mod future;
mod hook;
mod inherit;
mod install;
mod kind;
mod local;
mod macros;
mod name;
mod panic_report;
mod registry;
mod site;
mod sites;
mod sync;
mod sys;
mod task;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use crate::dump::{current, dump, task_count, tasks, Coverage, Dump, Tree};
pub use crate::hook::{
    add_hook, set_hook, Gate, HookHandle, Opened, Refusal, SetHookError, Spawn, SpawnHook,
};
pub use crate::install::{builder, disable, enable, install, is_enabled, Builder};
pub use crate::kind::Kind;
pub use crate::name::{set_name, with_name, with_name_async, WithName, MAX_NAME_LEN};
pub use crate::panic_report::PanicReport;
pub use crate::site::Site;
pub use crate::sites::{sites, SiteStats};
pub use crate::task::{Ancestor, Name, NameOrigin, Outcome, State, Task, TaskId, TaskRef};
pub use birthmark_macros::instrument;
