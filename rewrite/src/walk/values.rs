//! Spawns that are handed on as functions, as in `futures.map(tokio::spawn)`: calls that nobody sees. They are reported.

use syn::spanned::Spanned;
use syn::{Expr, ExprPath};

use crate::callee::spawn::{Arguments, path_text};
use crate::known::callees;
use crate::lexical::locals::names_from_last;
use crate::site::Reason;
use crate::walk::visitor::Visitor;

const REASON: &str =
    "is handed on as a function; a closure that calls it is covered, as `|task| spawn(task)`";

impl Visitor<'_> {
    /// Reports the arguments of a call that are spawns themselves.
    pub(crate) fn report_values(&mut self, args: &Arguments) {
        for arg in args {
            let Some(path) = spawn(arg, &self.args.also) else {
                continue;
            };
            let reason = match (self.is_skipped(), self.only_threads) {
                (true, _) => self.skipped(),
                (_, true) => Reason::Forwarder,
                _ => Reason::Shape(REASON),
            };
            self.uncovered_at(path.span(), path_text(path), reason);
        }
    }
}

/// The path of a known function in a module. A lone name may be a variable's, and what follows a type may be the
/// method of a `Command`.
fn spawn<'a>(arg: &'a Expr, also: &[String]) -> Option<&'a ExprPath> {
    let Expr::Path(path) = arg else {
        return None;
    };
    let mut names = names_from_last(&path.path);
    let is_known = callees::is_function(&names.next()?, also);
    let in_module = names.next()?.starts_with(char::is_lowercase);
    (is_known && in_module).then_some(path)
}
