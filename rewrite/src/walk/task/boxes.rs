//! Boxes around a task, and other code through which a change of the task is possible.
//!
//! `Box::pin(task)` keeps its form, so that the box still coerces to a trait object. Branches that all end in boxes may
//! have different types until the callee's type makes them one. Branches that end in anything else have one type
//! already, or become it before the callee sees them, as function pointers do.

use syn::{Block, Expr, ExprCall, ExprIf, Ident, Stmt};

use crate::known::methods::{self, Effect};
use crate::syntax::{naming, shape};

/// Returns `true` if both branches end in boxes.
pub(super) fn if_ends_in_boxes(branch: &ExprIf) -> bool {
    let other = branch.else_branch.as_ref();
    block_ends_in_box(&branch.then_branch) && other.is_some_and(|(_, other)| ends_in_box(other))
}

/// Returns `true` if an expression ends in a box.
pub(super) fn ends_in_box(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => is_transparent_call(call),
        Expr::Cast(cast) => ends_in_box(&cast.expr),
        Expr::Paren(paren) => ends_in_box(&paren.expr),
        Expr::Block(block) => block_ends_in_box(&block.block),
        Expr::If(branch) => if_ends_in_boxes(branch),
        Expr::Match(branches) => branches.arms.iter().all(|arm| ends_in_box(&arm.body)),
        _ => false,
    }
}

fn block_ends_in_box(block: &Block) -> bool {
    matches!(block.stmts.last(), Some(Stmt::Expr(tail, None)) if ends_in_box(tail))
}

/// Returns `true` for `Box::pin(task)`, and for `Box::new` around a literal, a box or a name.
pub(super) fn is_transparent_call(call: &ExprCall) -> bool {
    shape::is_call_of(call, "Box", "pin")
        || shape::is_call_of(call, "Box", "new") && is_boxed_literal(&call.args[0])
}

fn is_boxed_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => is_transparent_call(call),
        Expr::Block(block) => {
            matches!(block.block.stmts.last(), Some(Stmt::Expr(tail, None)) if shape::is_literal(tail))
        }
        expr => shape::is_literal(expr) || is_naming(expr),
    }
}

fn is_naming(expr: &Expr) -> bool {
    matches!(expr, Expr::Macro(call) if naming::parse(&call.mac).is_some())
}

/// Returns `true` for `async { … }.instrument(span)` and its like, which work on the changed literal as well.
pub(super) fn is_decorated_literal(receiver: &Expr, method: &Ident) -> bool {
    methods::has(&method.to_string(), Effect::WrapsLiteral)
        && match receiver {
            Expr::Async(_) => true,
            Expr::MethodCall(call) => is_decorated_literal(&call.receiver, &call.method),
            _ => false,
        }
}
