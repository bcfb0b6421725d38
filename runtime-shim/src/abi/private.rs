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

// How a task is born, for closures and futures whose kind the source shows.
pub use crate::abi::at::{birth_at, future_at, Guessed, Relayed};
pub use crate::platform::mode::is_enabled;
pub use crate::task::birth::{birth_as, birth_pooled, Birth};
pub use crate::task::blocked::Blocked;
pub use crate::task::closing::{Closing, Opening};
pub use crate::task::enter::{Entered, EnteredOwned};
pub use crate::task::future::{future, future_fn, Instrumented};
pub use crate::task::inherit::{inherit, Inherited, Lender, Working};

// What stands at an `.await`.
pub use crate::frame::{
    by_type, by_value, stand, AnySite, Awaited, FrameSite, FrameSites, Framed, Nth, Standing,
};
// A debug build is for whoever compiles often.
#[cfg(not(debug_assertions))]
pub use by_type::{branch, frame, held};
#[cfg(debug_assertions)]
pub use by_value::{branch, frame, held};

// How the kind of any other argument is found out.
pub use crate::abi::adapt::{IntoBirth, Probe};
pub use crate::abi::at::At;

// How a refused spawn comes out.
pub use crate::abi::at::refused_at;
pub use crate::abi::settle::{settle, Abort, ViaHandle, ViaResult, ViaScoped};

pub use crate::{
    __adapt as adapt, __birth_as as birth_as, __blocked as blocked, __guess as guess,
    __settle as settle,
};

// The tables of sites, and of frame sites.
pub use crate::{__frames as frames, __table as table};

// What is put around expressions in text.
pub use crate::{
    __awaited as awaited, __blocked_value as blocked_value, __branch as branch,
    __closure as closure, __closure_variable as closure_variable, __enter as enter,
    __enter_owned as enter_owned, __extending_branch as extending_branch, __frame as frame,
    __guess_literal as guess_literal, __guess_place as guess_place, __guess_value as guess_value,
    __inherit as inherit, __place as place, __returned as returned, __settled as settled,
    __stand as stand, __task as task, __task_fn as task_fn, __value as value,
};
