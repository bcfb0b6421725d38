//! Functions in sight that give a parameter unchanged to a callee of the table, so that they are callees themselves.

use syn::visit::{self, Visit};
use syn::{Block, Expr, Signature};

use super::call::{Arguments, Callee};
use super::received::parameters;
use super::takes::Takes;
use crate::syntax::paths::is_type;

/// Returns `true` if a function gives a parameter to a callee of the table, once and before it returns, and does nothing
/// else with a task. `takes` has an entry for each parameter.
pub(super) fn forwards_parameter(
    signature: &Signature,
    takes: &[Takes],
    block: &Block,
    also: &[String],
) -> bool {
    let tasks = parameters(signature, takes, Takes::has_bound);
    if tasks.is_empty() || signature.asyncness.is_some() {
        return false;
    }
    let mut search = Search {
        tasks,
        also,
        is_forwarded: false,
        has_other_calls: false,
    };
    search.visit_block(block);
    search.is_forwarded && !search.has_other_calls
}

/// A search for a call to which a task is given.
struct Search<'a> {
    tasks: Vec<String>,
    also: &'a [String],
    is_forwarded: bool,
    /// `true` if there are other calls with arguments. One of them may also forward a task, which would be taken for
    /// this one.
    has_other_calls: bool,
}

impl Search<'_> {
    /// Returns `true` if the expression is one of the tasks, perhaps in an adaptor of its own.
    fn is_task(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Path(path) => {
                let name = path.path.get_ident();
                name.is_some_and(|name| self.tasks.iter().any(|task| name == task))
            }
            Expr::Paren(paren) => self.is_task(&paren.expr),
            Expr::MethodCall(call) => call.method != "clone" && self.is_task(&call.receiver),
            Expr::Call(call) => call.args.iter().any(|arg| self.is_task(arg)),
            _ => false,
        }
    }

    fn note(&mut self, callee: &Callee, args: &Arguments) {
        let is_given = args.iter().any(|arg| self.is_task(arg));
        self.is_forwarded |= is_given && callee.is_in_table(args, self.also);
        let is_adapted = callee.receiver.is_some_and(|it| self.is_task(it));
        let is_constructor = is_type(&callee.name.to_string());
        self.has_other_calls |= !is_given && !is_adapted && !args.is_empty() && !is_constructor;
    }
}

impl<'a> Visit<'a> for Search<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            // These run later, or more than once.
            Expr::Closure(_)
            | Expr::Async(_)
            | Expr::ForLoop(_)
            | Expr::While(_)
            | Expr::Loop(_) => return,
            _ => {}
        }
        if let Some((callee, args)) = Callee::of(expr) {
            self.note(&callee, args);
        }
        visit::visit_expr(self, expr);
    }

    fn visit_item(&mut self, _: &'a syn::Item) {}
}
