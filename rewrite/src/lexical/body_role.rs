//! The role of a closure or an `async` block whose body is one call: `send_email` in `async move { send_email(a).await }`.
//!
//! The body is one call if nothing stands beside the call but code that says nothing of what the body does: logs, `drop`,
//! `Ok(())`, and an `if let` or a `match` around the call that only logs the result, or handles an error. The role of any
//! other body is that of the enclosing function.

use syn::{Block, Expr, ExprCall, ExprIf, ExprMethodCall, Pat, Stmt};

use super::LexicalContext;
use crate::known::methods::{self, Effect};
use crate::known::{asides, callees, constructors, waits};
use crate::syntax::paths::{is_type, names_from_last};

impl LexicalContext<'_> {
    /// Returns the role of the one call that is the body of a closure or an `async` block.
    pub(super) fn role_of_body(&self, body: &Expr) -> Option<String> {
        match body {
            Expr::Paren(paren) => self.role_of_body(&paren.expr),
            Expr::Group(group) => self.role_of_body(&group.expr),
            Expr::Cast(cast) => self.role_of_body(&cast.expr),
            Expr::Reference(reference) => self.role_of_body(&reference.expr),
            Expr::Await(awaited) => self.role_of_body(&awaited.base),
            Expr::Try(tried) => self.role_of_body(&tried.expr),
            Expr::Return(returned) => self.role_of_body(returned.expr.as_ref()?),
            Expr::Async(block) => self.role_of_block(&block.block),
            Expr::Closure(closure) if closure.inputs.is_empty() => self.role_of_body(&closure.body),
            Expr::Block(block) => self.role_of_block(&block.block),
            Expr::Unsafe(block) => self.role_of_block(&block.block),
            Expr::If(branch) => self.role_of_body(handled(branch)?),
            Expr::Match(branches) if branches.arms.iter().all(|arm| tells_nothing(&arm.body)) => {
                self.role_of_body(&branches.expr)
            }
            Expr::Call(call) => self.role_of_only_call(call),
            Expr::MethodCall(call) => self.role_of_only_method(call),
            _ => None,
        }
    }

    pub(super) fn role_of_block(&self, block: &Block) -> Option<String> {
        let mut telling = block.stmts.iter().filter(|stmt| !is_aside(stmt));
        let (only, None) = (telling.next()?, telling.next()) else {
            return None;
        };
        match only {
            Stmt::Expr(expr, _) => self.role_of_body(expr),
            Stmt::Local(local) if matches!(local.pat, Pat::Wild(_)) => {
                self.role_of_body(&local.init.as_ref()?.expr)
            }
            _ => None,
        }
    }

    fn role_of_only_call(&self, call: &ExprCall) -> Option<String> {
        let Expr::Path(path) = &*call.func else {
            return None;
        };
        let mut names = names_from_last(&path.path);
        let (name, owner) = (names.next()?, names.next());
        let points = owner.is_some_and(|owner| constructors::points_to_argument(&owner, &name));
        if points || asides::is_result(&name) {
            self.role_of_body(call.args.first()?)
        } else if constructors::is_wrapper(&name) {
            self.role_of_body(call.args.last()?)
        } else if is_type(&name) || says_nothing(&name) || is_spawn(&name, false, call.args.len()) {
            None
        } else {
            self.role_of_value(path)
        }
    }

    fn role_of_only_method(&self, call: &ExprMethodCall) -> Option<String> {
        let name = call.method.to_string();
        if methods::decorates(&name) {
            return self.role_of_body(&call.receiver);
        }
        if methods::has(&name, Effect::Runs) || waits::is_known(&name) {
            return self.role_of_body(call.args.last()?);
        }
        if is_spawn(&name, true, call.args.len()) {
            return None;
        }
        let role = self.role_of_method(call)?;
        (!role.starts_with('.')).then_some(role)
    }
}

/// Returns `true` if a function of this name only waits, or only releases a value.
fn says_nothing(name: &str) -> bool {
    asides::is_wait(name) || asides::is_release(name)
}

/// Returns `true` for a callee of the table. Its task has a role of its own.
fn is_spawn(name: &str, is_method: bool, arguments: usize) -> bool {
    callees::find(name, is_method, arguments, &[]).is_some()
}

/// Returns the operand of `if let Err(error) = operand { … }`, whose branch handles the error, or of an `if let` whose
/// branches say nothing of what the body does.
fn handled(branch: &ExprIf) -> Option<&Expr> {
    let Expr::Let(condition) = &*branch.cond else {
        return None;
    };
    let is_error = matches!(&*condition.pat, Pat::TupleStruct(pat) if pat.path.is_ident("Err"));
    let other = branch.else_branch.as_ref().map(|(_, other)| &**other);
    let is_aside = || branch.then_branch.stmts.iter().all(is_aside);
    let is_handled = match other {
        None => is_error || is_aside(),
        Some(other) => (is_error || is_aside()) && tells_nothing(other),
    };
    is_handled.then_some(&condition.expr)
}

/// Returns `true` for an expression that says nothing of what a body does: a log, `()`, or a block of such code.
fn tells_nothing(expr: &Expr) -> bool {
    match expr {
        Expr::Macro(call) => is_log(&call.mac),
        Expr::Block(block) => block.block.stmts.iter().all(is_aside),
        Expr::Return(returned) => returned.expr.as_deref().is_none_or(is_released_or_done),
        expr => is_released_or_done(expr),
    }
}

/// Returns `true` for a statement that says nothing of what a body does.
fn is_aside(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Macro(stmt) => is_log(&stmt.mac),
        Stmt::Expr(expr, _) => tells_nothing(expr),
        Stmt::Item(_) => true,
        Stmt::Local(_) => false,
    }
}

fn is_log(mac: &syn::Macro) -> bool {
    let name = names_from_last(&mac.path).next();
    name.is_some_and(|name| asides::is_log(&name))
}

/// Returns `true` for `drop(value)`, `()` and `Ok(())`.
fn is_released_or_done(expr: &Expr) -> bool {
    match expr {
        Expr::Tuple(tuple) => tuple.elems.is_empty(),
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else {
                return false;
            };
            let name = names_from_last(&path.path).next().unwrap_or_default();
            asides::is_release(&name)
                || asides::is_result(&name) && call.args.iter().all(is_released_or_done)
        }
        _ => false,
    }
}
