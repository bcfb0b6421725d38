//! A text beside a task: the name of the task, in `executor.spawn(notifier(), "notifier")`.
//!
//! A function that forwards a task often has a name for it. The text is taken from a literal alone, so that nothing is
//! evaluated twice.

use syn::{Expr, Lit, LitStr};

use super::call::Arguments;
use crate::syntax::paths::joined;

/// Methods and functions that make a string of a literal.
const TO_STRING: &[&str] = &["into", "to_owned", "to_string", "String::from"];

/// Returns the text beside the task at `index`, if exactly one argument is a text.
pub(crate) fn beside(args: &Arguments, index: usize) -> Option<LitStr> {
    let others = args.iter().enumerate().filter(|(place, _)| *place != index);
    let mut texts = others.filter_map(|(_, arg)| text_of(arg));
    let text = texts.next().filter(|text| !text.value().is_empty());
    text.filter(|_| texts.next().is_none())
}

/// Returns the literal that is the value of an expression, or of a closure without parameters.
fn text_of(expr: &Expr) -> Option<LitStr> {
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.clone()),
            _ => None,
        },
        Expr::Reference(reference) => text_of(&reference.expr),
        Expr::Paren(paren) => text_of(&paren.expr),
        Expr::Group(group) => text_of(&group.expr),
        Expr::Closure(closure) if closure.inputs.is_empty() => text_of(&closure.body),
        Expr::MethodCall(call) if TO_STRING.iter().any(|name| call.method == name) => {
            text_of(&call.receiver)
        }
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) if TO_STRING.contains(&&*joined(&path.path)) => {
                text_of(call.args.first()?)
            }
            _ => None,
        },
        // Without braces, the text is the format.
        Expr::Macro(call) if call.mac.path.is_ident("format") => {
            let text: LitStr = syn::parse2(call.mac.tokens.clone()).ok()?;
            (!text.value().contains(['{', '}'])).then_some(text)
        }
        _ => None,
    }
}
