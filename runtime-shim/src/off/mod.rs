//! The whole public interface without an effect, for the feature `off`.
//!
//! Nothing of the other folders is compiled then, apart from plain values. A type whose values only birthmark makes, such as
//! [`TaskRef`], has no value: code that handles one is unreachable, and the compiler removes it. All other types have no size.
//! A function that takes a closure or a future returns what that returns.
//!
//! `tests/support/tests/off.rs` compares the signatures with those of the other folders.

#![allow(
    missing_docs,
    unused_variables,
    reason = "the documentation is at the items of the same name, and arguments have no effect"
)]

mod absent;
#[path = "../abi/at_spawn.rs"]
mod at_spawn;
mod context;
mod declare;
#[allow(dead_code, reason = "no task waits for a gate before it starts")]
#[path = "../hook/gate.rs"]
mod gate;
mod hooks;
#[path = "../context/task_local/macros.rs"]
mod macros;
mod passes_on;
mod scope;
mod subtree;
mod task_local;
mod values;

pub use context::{
    set_label, set_name, with_label, with_label_async, with_name, with_name_async, WithContext,
};
pub use gate::{Gate, GateFuture};
pub use hooks::{
    add_hook, catch_refusal, set_hook, Attachment, Exceeded, HookHandle, Loan, Refusal,
    SetHookError, Spawn, SpawnHook, SubtreeTask, TaskRef,
};
pub use scope::{scope, Scope};
pub use subtree::{
    cancelled, deadline, is_cancelled, remaining, with_deadline, with_deadline_blocking,
    with_timeout, with_timeout_blocking, AbortScope, Abortable, Aborted, Cancelled, WithDeadline,
};
pub use task_local::{TaskLocal, TaskLocalError};
pub use values::{
    FrameSite, Label, LabelIter, Labels, Name, NameOrigin, Site, MAX_LABELS, MAX_LABEL_LEN,
    MAX_NAME_LEN,
};

#[doc(hidden)]
pub mod __private {
    //! Not public API. Used by macros; it changes without notice.

    pub use super::declare::{Declaration, Inherit};
    pub use core;
}

#[doc(hidden)]
pub mod __reader {
    //! Not public API. Used by birthmark's own crates of the same version; it changes without notice.

    pub use super::absent::absent;
    pub use super::passes_on::passes_on;
    pub use crate::types::named;
    pub use crate::types::named::named_enum;
}

/// Does nothing.
#[inline]
pub fn enable() {}

/// Does nothing.
#[inline]
pub fn disable() {}

/// Returns `false`.
#[inline]
pub fn is_enabled() -> bool {
    false
}
