//! Spawns as values, as in `futures.map(tokio::spawn)`. No call is in sight, so they are reported as uncovered.

use syn::spanned::Spanned;
use syn::{Expr, ExprPath};

use super::Walk;
use crate::callee::call::Arguments;
use crate::known::callees;
use crate::site::Reason;
use crate::syntax::paths::{joined, names_from_last};

const REASON: &str =
    "is handed on as a function; a closure that calls it is covered, as `|task| spawn(task)`";

impl Walk<'_> {
    /// Reports the arguments of a call that are spawns as values.
    pub(super) fn report_values(&mut self, args: &Arguments) {
        for arg in args {
            if let Some(path) = spawn(arg, self.context.also()) {
                let reason = self.reason_of_value();
                self.uncovered(path.span(), joined(&path.path), reason);
            }
        }
    }

    fn reason_of_value(&self) -> Reason {
        match self.context.exemption() {
            Some(reason) => reason,
            None if self.context.settings.rules.only_threads => Reason::Forwarder,
            None => Reason::Shape(REASON),
        }
    }
}

/// Returns the path of a known function in a module.
///
/// A name alone may be that of a variable. A name behind a type may be the method of a `Command`.
fn spawn<'a>(arg: &'a Expr, also: &[String]) -> Option<&'a ExprPath> {
    let Expr::Path(path) = arg else {
        return None;
    };
    let mut names = names_from_last(&path.path);
    let is_known = callees::is_function(&names.next()?, also);
    let in_module = names.next()?.starts_with(char::is_lowercase);
    (is_known && in_module).then_some(path)
}
