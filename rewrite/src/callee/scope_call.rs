//! Calls of functions that run a closure while their caller waits, such as `thread::scope` and `pool.install`.

use syn::Expr;

use super::call::Callee;
use crate::known::scope_functions::{self, Runs};
use crate::lexical::locals::ThreadScope;

/// Returns the thread scope that the call `scope(|s| …)` gives to its closure.
pub(crate) fn opens_scope(expr: &Expr) -> Option<ThreadScope> {
    let (callee, _) = Callee::of(expr)?;
    let function = scope_functions::find(&callee.name.to_string(), Runs::WithThreads)?;
    match callee.path?.path.segments.len() {
        _ if callee.path_has(|name| function.paths.contains(&name)) => Some(ThreadScope::Thread),
        1 => Some(ThreadScope::Unknown),
        _ => None,
    }
}

/// Returns `true` if the call runs its last argument on a pool as the task of its caller, which waits meanwhile.
pub(crate) fn runs_as_its_caller(expr: &Expr) -> bool {
    let Some((callee, args)) = Callee::of(expr) else {
        return false;
    };
    let Some(function) = scope_functions::find(&callee.name.to_string(), Runs::OnPool) else {
        return false;
    };
    let is_known = match callee.receiver {
        Some(_) => callee.receiver_mentions(function.receivers),
        None => callee.path_has(|name| function.paths.contains(&name)),
    };
    is_known && matches!(args.last(), Some(Expr::Closure(closure)) if closure.asyncness.is_none())
}
