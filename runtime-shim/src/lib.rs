//! The core of [birthmark](https://docs.rs/birthmark): records which task spawned which, where, and on whose behalf.
//!
//! Programs depend on `birthmark`, which has all of this crate and in addition the attribute, dumps and panic reports.
//! A library depends on this crate and on `birthmark-macros` alone, if all it wants is that its spawns are recorded
//! and that its tasks have names:
//!
//! ```
//! # use birthmark as _;
//! #[birthmark_macros::instrument(crate = birthmark_core)]
//! fn serve(request: u64) {
//!     birthmark_core::set_name(format_args!("req-id-{request}"));
//!     std::thread::spawn(|| { /* inherits the name */ });
//! }
//! # serve(7);
//! ```
//!
//! # Layers
//!
//! Each folder uses those above it in this table, and none below.
//!
//! | folder | contents |
//! | --- | --- |
//! | `types/` | values such as ids, sites and kinds |
//! | `platform/` | memory, threads, the clock, forks, runtime flags |
//! | `record/` | slots of 64 bytes, how they are written, read and reclaimed |
//! | `thread/` | state of each thread, and of the task that runs on it |
//! | `frame/` | frames at each `.await` |
//! | `context/` | names, labels and locals |
//! | `hook/` | hooks, and refused spawns |
//! | `subtree/` | tasks that have a deadline, or can be aborted together |
//! | `task/` | a task from its spawn to its end |
//! | `abi/` | the only code that generated code calls |
//! | `off/` | the whole interface without an effect, in place of all others |

#![warn(missing_debug_implementations)]

#[cfg(test)]
use birthmark_test_support as _;

#[cfg(not(feature = "off"))]
mod abi;
#[cfg(not(feature = "off"))]
mod context;
#[cfg(not(feature = "off"))]
mod frame;
#[cfg(not(feature = "off"))]
mod hook;
#[cfg(feature = "off")]
mod off;
#[cfg(not(feature = "off"))]
mod platform;
#[cfg(not(feature = "off"))]
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    reason = "slots are written by other threads meanwhile"
)]
mod record;
#[cfg(not(feature = "off"))]
mod subtree;
#[cfg(not(feature = "off"))]
mod task;
#[cfg(not(feature = "off"))]
mod thread;
mod types;

// Before `__private`, because errors name the first path to a type.
#[cfg(not(feature = "off"))]
#[doc(hidden)]
pub use crate::abi::undone_by_instrument_skip;

#[cfg(not(feature = "off"))]
#[doc(hidden)]
pub use crate::abi::private as __private;

#[cfg(not(feature = "off"))]
#[doc(hidden)]
#[path = "reader.rs"]
pub mod __reader;

#[cfg(not(feature = "off"))]
pub use crate::context::label::{
    set_label, with_label, with_label_async, Label, LabelIter, Labels, MAX_LABELS, MAX_LABEL_LEN,
};
#[cfg(not(feature = "off"))]
pub use crate::context::name::{
    set_name, with_name, with_name_async, Name, NameOrigin, WithContext, MAX_NAME_LEN,
};
#[cfg(not(feature = "off"))]
pub use crate::context::task_local::{TaskLocal, TaskLocalError};
#[cfg(not(feature = "off"))]
pub use crate::hook::{
    add_hook, catch_refusal, set_hook, Attachment, Exceeded, Gate, GateFuture, HookHandle, Loan,
    Refusal, SetHookError, Spawn, SpawnHook, SubtreeTask, TaskRef,
};
#[cfg(not(feature = "off"))]
pub use crate::platform::runtime_flags::{disable, enable, is_enabled};
#[cfg(not(feature = "off"))]
pub use crate::subtree::{
    cancelled, deadline, is_cancelled, remaining, with_deadline, with_deadline_blocking,
    with_timeout, with_timeout_blocking, AbortScope, Abortable, Aborted, Cancelled, WithDeadline,
};
#[cfg(not(feature = "off"))]
pub use crate::task::scope::{scope, Scope};
#[cfg(not(feature = "off"))]
pub use crate::types::frame_site::FrameSite;
pub use crate::types::kind::Kind;
#[cfg(not(feature = "off"))]
pub use crate::types::site::Site;
pub use crate::types::{Outcome, ParseTaskIdError, TaskId};

#[cfg(feature = "off")]
pub use off::*;
