//! Tasks that are left alone, because a changed task would not fit its callee.

use crate::callee::spawn::Spawn;
use crate::callee::takes::Takes;
use crate::known::callees::Mode;
use crate::syntax::shape::TaskShape;

const CALLED_AGAIN: &str = "a closure without `move` that may be called more than once";
const NAMED_TYPE: &str = "a task whose type its callee names";
const EXACT_TYPE: &str = "a task whose very type a bound may demand";
const ASYNC_CLOSURE: &str = "an async closure";
const SCHEDULER: &str =
    "a closure with parameters behind other arguments, which may be called more than once";

/// Returns the reason for which a task of this shape is left alone.
pub(super) fn reason(
    shape: TaskShape,
    has_parameters: bool,
    spawn: &Spawn,
) -> Option<&'static str> {
    match (shape, spawn.takes) {
        _ if spawn.is_guess => None,
        (TaskShape::Never, _) => None,
        (TaskShape::Async, _) => by_table(shape, has_parameters, spawn),
        (_, Takes::Fixed(reason)) => reason,
        _ => by_signature(shape, spawn).or_else(|| by_table(shape, has_parameters, spawn)),
    }
}

/// Returns the reason that the callee's signature shows.
fn by_signature(shape: TaskShape, spawn: &Spawn) -> Option<&'static str> {
    use TaskShape::{Closure, ClosureVariable, Place, Value};
    match (shape, spawn.takes) {
        (ClosureVariable | Place | Value, Takes::Literal { .. }) => Some(NAMED_TYPE),
        (Closure { moves: false }, _) if spawn.takes.is_task() && !spawn.called_once => {
            Some(CALLED_AGAIN)
        }
        _ => None,
    }
}

/// Returns the reason that the table of callees shows, unless the signature is in sight.
fn by_table(shape: TaskShape, has_parameters: bool, spawn: &Spawn) -> Option<&'static str> {
    use TaskShape::{AsyncClosure, Closure, ClosureVariable, Place, Value};
    match (shape, spawn.row.mode) {
        (AsyncClosure, Mode::Task | Mode::Execute) => Some(ASYNC_CLOSURE),
        _ if spawn.takes.is_task() => None,
        (Closure { moves: false }, Mode::Execute) if !spawn.looks_like_pool => Some(CALLED_AGAIN),
        (Closure { .. }, Mode::Task) if has_parameters && !spawn.scope_closure_allowed => {
            Some(SCHEDULER)
        }
        (ClosureVariable | Place | Value, Mode::Execute) if spawn.type_may_be_fixed => {
            Some(EXACT_TYPE)
        }
        _ => None,
    }
}
