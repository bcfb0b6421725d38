//! Not public API. Used by generated code and by birthmark's own crates; it changes without notice.

// For those paths of the standard library that generated code needs, whatever the user has named
// `core`.
pub use core;
// Registers sites.
pub use inventory;

// What a site is made of.
pub use crate::types::kind::Kind;
pub use crate::types::site::{Counts, Site, Sites};

// How a task that several calls see gets one record.
pub use crate::task::announced::{
    announced, awaited, callee, callee_beside, relayed_at, returned, Callee,
};

// How a task is spawned, for closures and futures whose kind the source shows.
pub use crate::abi::at::{future_at, record_spawn_at, relayed_from, Guessed, Relayed, RelayedFrom};
pub use crate::context::task_local::{Declaration, Inherit};
pub use crate::platform::runtime_flags::is_enabled;
pub use crate::task::blocked::Blocked;
pub use crate::task::borrow::{
    borrow_parent, BorrowedParentGuard, BorrowedParentHandle, BorrowedParentOwner,
};
pub use crate::task::closing::{Closing, Opening};
pub use crate::task::enter::{Entered, EnteredOwned};
pub use crate::task::future::{future, future_fn, Instrumented};
pub use crate::task::handle::TaskHandle;
pub use crate::task::spawn::{record_spawn_as, record_spawn_offered, record_spawn_pooled};
pub use crate::thread::role::{thread_role, ThreadRole};

// What stands at an `.await`.
pub use crate::frame::{
    by_type, by_value, frame_guard, Awaited, ConstSite, DynSite, FrameGuard, FrameSite, FrameSites,
    Framed,
};
// A debug build is for whoever compiles often.
#[cfg(not(debug_assertions))]
pub use by_type::{branch, frame, frame_on_drop};
#[cfg(debug_assertions)]
pub use by_value::{branch, frame, frame_on_drop};

// How the kind of any other argument is found out.
pub use crate::abi::adapt::{IntoHandle, Probe};
pub use crate::abi::at::At;

// How a refused spawn comes out, and how the handle of one that may be aborted is kept.
pub use crate::abi::at::{is_pending, refused_at};
pub use crate::abi::settle::{
    Abort, AsOwnAbort, GetAbortHandle, Settle, ViaHandle, ViaResult, ViaScoped,
};

pub use crate::{
    __adapt as adapt, __blocked as blocked, __guess as guess, __record_spawn_as as record_spawn_as,
    __settle as settle,
};

// The tables of sites, and of frame sites.
pub use crate::{__frames as frames, __table as table};

// What is put around expressions in text.
pub use crate::{
    __awaited as awaited, __blocked_value as blocked_value, __borrow_parent as borrow_parent,
    __branch as branch, __closure as closure, __closure_variable as closure_variable,
    __enter as enter, __enter_owned as enter_owned, __extending_branch as extending_branch,
    __frame as frame, __frame_guard as frame_guard, __guess_literal as guess_literal,
    __guess_place as guess_place, __guess_value as guess_value, __place as place,
    __returned as returned, __settled as settled, __task as task, __task_fn as task_fn,
    __thread_role as thread_role, __value as value,
};
