//! The whole public interface without an effect, for the feature `off`.
//!
//! Nothing of the other folders is compiled then, apart from plain values. A [`Task`] and what it consists of have no value, so
//! the compiler removes the code that handles them. A [`Dump`] has no size. `tests/support/tests/off.rs` compares the
//! signatures with those of the other folders.

#![allow(
    missing_docs,
    unused_variables,
    reason = "the documentation is at the items of the same name, and arguments have no effect"
)]

#[path = "../awaits/detail.rs"]
mod await_detail;
mod dump;
mod filter;
pub mod render;
mod sites;
mod task;
#[path = "../threads/detail.rs"]
mod thread_detail;
mod threads;

pub use await_detail::{AwaitDetail, ParseAwaitDetailError};
pub use dump::{current, dropped, task_count, Coverage, Dump, LocalToRedact};
pub use filter::{Filter, ParseFilterError};
pub use sites::{is_instrumented, sites, Delays, SiteStats};
pub use task::{
    Ancestor, AwaitFrame, AwaitLocation, AwaitReceiver, AwaitStack, BadEnds, DroppedAwait,
    DroppedBy, Frame, FrameSource, GoneTask, Lineage, LocalVariable, MissingFrames, PanicPlace,
    SpawnStack, Stack, State, Task, TaskSpan, WokenBy,
};
pub use thread_detail::{ParseThreadDetailError, ThreadDetail};
pub use threads::{NativeFrame, NativeStack, OsThread, StackError, SystemCall, ThreadState};

#[doc(hidden)]
pub mod __private {
    //! Not public API. Used by `birthmark` of the same version; it changes without notice.

    use birthmark_core::TaskId;

    pub type SpanSource = fn(&mut dyn FnMut(TaskId, &'static str, &[(&str, &str)]));
}
