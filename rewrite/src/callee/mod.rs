//! The callee of a call: whether the call spawns, how the callee takes the task, and who else sees the task.
//!
//! [`Callee`](call::Callee) is the callee as written. [`Spawn`](spawn::Spawn) is what the table of callees and the
//! lexical context show of it. Two more sources refine a `Spawn`: the callee's own signature if it is in sight
//! ([`signatures`]), and the other calls that see the same task ([`relay`]).

pub(crate) mod call;
pub(crate) mod forwarding;
pub(crate) mod received;
mod receiver;
pub(crate) mod relay;
pub(crate) mod scope_call;
pub(crate) mod signatures;
pub(crate) mod spawn;
pub(crate) mod takes;
pub(crate) mod text;
