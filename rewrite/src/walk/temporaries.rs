//! How long the temporaries in a branch of a macro live.
//!
//! `tokio::select!` stores its branches by a `let`. A `let` extends the lives of temporaries that its value borrows. The
//! argument of a call does not. So a branch with such temporaries is not put into a call.

use syn::{Block, Expr, ExprCall, Macro, Stmt};

use super::context::Context;
use crate::known::macros;
use crate::syntax::shape::is_mere_block;

/// How long the temporaries in a branch live.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Temporaries {
    /// As long in an argument as by themselves.
    Same,
    /// As long as the branch, which is a future by itself: `&mut future()`, `pin!(future)`.
    Extended,
    /// Perhaps as long as the branch. Nothing shows whether the branch is a future or becomes one.
    Unsure,
}

impl Context<'_> {
    /// Returns how long the temporaries in a branch live.
    pub(super) fn temporaries(&self, branch: &Expr) -> Temporaries {
        match branch {
            Expr::Paren(paren) => self.temporaries(&paren.expr),
            Expr::Group(group) => self.temporaries(&group.expr),
            Expr::Reference(reference) if is_lasting(&reference.expr) => Temporaries::Same,
            Expr::Reference(_) => Temporaries::Extended,
            Expr::Macro(call) if self.extends_temporaries(&call.mac) => Temporaries::Extended,
            Expr::Macro(_) => Temporaries::Unsure,
            Expr::Block(block) if is_mere_block(block) => {
                tail(&block.block).map_or(Temporaries::Same, |tail| self.temporaries(tail))
            }
            _ => self.of_parts(&extending_parts(branch)),
        }
    }

    fn of_parts(&self, parts: &[&Expr]) -> Temporaries {
        let mut parts = parts.iter();
        match parts.all(|part| self.temporaries(part) == Temporaries::Same) {
            true => Temporaries::Same,
            false => Temporaries::Unsure,
        }
    }

    fn extends_temporaries(&self, mac: &Macro) -> bool {
        let name = mac.path.segments.last().map(|last| last.ident.to_string());
        name.is_some_and(|name| macros::named(&name).any(|row| row.extends))
            && self.known_macro(mac).is_some()
    }
}

/// Returns the parts of an expression whose temporaries a `let` extends.
fn extending_parts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Block(block) => tail(&block.block).into_iter().collect(),
        Expr::Unsafe(block) => tail(&block.block).into_iter().collect(),
        Expr::If(branch) => {
            let other = branch.else_branch.as_ref().map(|(_, other)| &**other);
            tail(&branch.then_branch).into_iter().chain(other).collect()
        }
        Expr::Match(branches) => branches.arms.iter().map(|arm| &*arm.body).collect(),
        Expr::Cast(cast) => vec![&*cast.expr],
        Expr::Struct(literal) => literal.fields.iter().map(|field| &field.expr).collect(),
        Expr::Tuple(tuple) => tuple.elems.iter().collect(),
        Expr::Array(array) => array.elems.iter().collect(),
        // `Some(&temporary())`.
        Expr::Call(call) if is_constructor(call) => call.args.iter().collect(),
        _ => Vec::new(),
    }
}

/// Returns `true` if a borrowed expression outlives the branch: a variable, or a part of one.
fn is_lasting(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_lasting(&field.base),
        Expr::Paren(paren) => is_lasting(&paren.expr),
        Expr::Group(group) => is_lasting(&group.expr),
        Expr::Unary(unary) => matches!(unary.op, syn::UnOp::Deref(_)) && is_lasting(&unary.expr),
        _ => false,
    }
}

fn tail(block: &Block) -> Option<&Expr> {
    match block.stmts.last() {
        Some(Stmt::Expr(tail, None)) => Some(tail),
        _ => None,
    }
}

fn is_constructor(call: &ExprCall) -> bool {
    let Expr::Path(path) = &*call.func else {
        return false;
    };
    let name = path.path.segments.last().map(|last| last.ident.to_string());
    name.is_some_and(|name| name.starts_with(char::is_uppercase))
}
