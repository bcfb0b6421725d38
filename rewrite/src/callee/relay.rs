//! Functions that forward a task: `fn spawn(task: F) { tokio::spawn(task) }`.
//!
//! Such a task is spawned once, but two calls look like its spawn: the call of the function, and the one in its body.
//! Only one of them may make a record. The first call makes it, because the first call shows best where the task comes
//! from.
//!
//! The engine cannot decide which call is the first, because the function may also be called by code that is not
//! instrumented. So the decision is made at run time, in three steps:
//!
//! 1. A call *announces* its task while the callee runs. The runtime keeps the announcement per thread
//!    (`task/announced.rs`).
//! 2. A spawn of a task that the enclosing function *received* from its caller looks for an announcement. If there is
//!    one, the spawn takes it and makes no record.
//! 3. When the callee returns, the announcement ends. In an `async fn` it may end before the task is spawned. Such a
//!    spawn is *late*.
//!
//! | call | flag |
//! | --- | --- |
//! | the callee may forward its task | [`announces`](Relay::announces) |
//! | the task may be a parameter of the enclosing function | [`is_received`](Relay::is_received) |
//! | the same, in an `async fn` | [`late`](Relay::late) |
//!
//! A callee out of sight may be known by its name alone, which begins like that of a spawn (`spawn_critical`). Its task
//! stays as it is, because the type may be written down somewhere. Such a call is a *guess*: it announces a task without
//! a record. The spawn to which the callee forwards the task records the task as if it were the call.
//!
//! Calls of well-known libraries announce nothing, because they call no instrumented function.
//!
//! A function is a callee itself if it gives a parameter unchanged to a callee of the table and is in sight
//! ([`forwards_parameter`](super::forwarding::forwards_parameter)). Otherwise the record would have the role and the
//! site of the inner spawn.

use syn::Expr;

use super::call::{Arguments, Callee};
use crate::imports::Imports;
use crate::known::crates;
use crate::lexical::LexicalContext;

/// The relation of a spawn to other calls that see the same task.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Relay {
    /// `true` if the callee may forward the task. Its record is announced to the callee.
    pub announces: bool,
    /// `true` if the enclosing function received the task. Its caller may have made the record.
    pub is_received: bool,
    /// `true` if the enclosing function received a task, and this is another one. The announcement of the received task
    /// continues when the call has returned.
    pub is_beside: bool,
    /// `true` if the enclosing function may run after the call of it has returned, when its result is awaited.
    pub late: bool,
    /// `true` if the enclosing function takes the place of its caller (`#[track_caller]`).
    pub tracks_caller: bool,
    /// `true` if the source does not show what the task is. The type of the task shows it at run time.
    pub is_unknown: bool,
}

/// Returns `true` if the callee may be a function that forwards its task to another spawn.
pub(crate) fn may_forward(
    callee: &Callee,
    task: &Expr,
    context: &LexicalContext,
    imports: &Imports,
    args: &Arguments,
) -> bool {
    let Some(first) = callee.first_segment() else {
        return method_may_forward(callee, task, context, args);
    };
    match imports.root(&first) {
        Some(root) => !crates::is_library(root),
        None => {
            let is_alone = callee
                .path
                .is_some_and(|path| path.path.segments.len() == 1);
            is_alone || !crates::is_library(&first)
        }
    }
}

fn method_may_forward(
    callee: &Callee,
    task: &Expr,
    context: &LexicalContext,
    args: &Arguments,
) -> bool {
    // A scope passes itself to the closure.
    let has_parameters = matches!(task, Expr::Closure(closure) if !closure.inputs.is_empty());
    let is_scoped = args.len() == 1 && has_parameters;
    let ty = callee.receiver_type(context);
    let is_of_library = ty.is_some_and(|ty| crates::is_type_of_library(&ty));
    callee.receiver.is_some() && !is_scoped && !is_of_library
}
