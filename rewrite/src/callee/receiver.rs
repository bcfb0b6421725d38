//! Questions about the receiver of a method call.

use syn::{Expr, ExprPath};

use crate::known::methods::{self, Effect};
use crate::lexical::LexicalContext;
use crate::lexical::locals::{Local, ThreadScope};
use crate::syntax::paths::{joined, names_from_last};

/// Returns the thread scope that the receiver is.
pub(super) fn thread_scope(receiver: &Expr, context: &LexicalContext) -> Option<ThreadScope> {
    variable(receiver, context)?.thread_scope
}

fn variable<'a>(receiver: &Expr, context: &'a LexicalContext) -> Option<&'a Local> {
    match receiver {
        Expr::Path(path) => context.locals.get(&path.path.get_ident()?.to_string()),
        _ => None,
    }
}

/// Returns `true` if the receiver is a builder, by its chain of calls or by the type of its variable.
pub(super) fn is_builder(receiver: &Expr, context: &LexicalContext) -> bool {
    match receiver {
        Expr::Path(_) => {
            let ty = variable(receiver, context).and_then(|local| local.ty.as_deref());
            ty.is_some_and(is_builder_type)
        }
        Expr::Call(call) => {
            matches!(&*call.func, Expr::Path(path) if any_segment(path, is_builder_type))
        }
        Expr::MethodCall(call) => is_builder(&call.receiver, context),
        Expr::Paren(paren) => is_builder(&paren.expr, context),
        Expr::Try(tried) => is_builder(&tried.expr, context),
        _ => false,
    }
}

/// Returns `true` for the name of a builder's type.
pub(super) fn is_builder_type(name: &str) -> bool {
    name == "Builder"
}

/// Returns `true` if a segment of the path passes the test.
pub(super) fn any_segment(path: &ExprPath, test: impl Fn(&str) -> bool) -> bool {
    names_from_last(&path.path).any(|name| test(&name))
}

/// Returns `true` if the last name of a receiver contains one of the words. `?`, `unwrap()` and the like are passed over.
pub(super) fn mentions(receiver: &Expr, words: &[&str]) -> bool {
    let matches = |name: String| words.iter().any(|word| name.to_lowercase().contains(word));
    match receiver {
        Expr::Path(path) => names_from_last(&path.path).take(1).any(matches),
        Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => matches(name.to_string()),
            syn::Member::Unnamed(_) => mentions(&field.base, words),
        },
        Expr::Paren(paren) => mentions(&paren.expr, words),
        Expr::Reference(reference) => mentions(&reference.expr, words),
        Expr::Unary(unary) => mentions(&unary.expr, words),
        Expr::Try(tried) => mentions(&tried.expr, words),
        Expr::Await(awaited) => mentions(&awaited.base, words),
        Expr::MethodCall(call) if methods::has(&call.method.to_string(), Effect::Accesses) => {
            mentions(&call.receiver, words)
        }
        Expr::MethodCall(call) => matches(call.method.to_string()),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => names_from_last(&path.path).take(2).any(matches),
            _ => false,
        },
        _ => false,
    }
}

/// Returns the receiver without arguments, if it is a chain of names, fields and calls.
pub(super) fn chain(expr: &Expr) -> Option<String> {
    Some(match expr {
        Expr::Path(path) => joined(&path.path),
        Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => format!("{}.{name}", chain(&field.base)?),
            syn::Member::Unnamed(index) => format!("{}.{}", chain(&field.base)?, index.index),
        },
        Expr::MethodCall(call) => format!("{}.{}()", chain(&call.receiver)?, call.method),
        Expr::Call(call) => format!("{}()", chain(&call.func)?),
        Expr::Try(tried) => format!("{}?", chain(&tried.expr)?),
        Expr::Await(awaited) => format!("{}.await", chain(&awaited.base)?),
        Expr::Paren(paren) => chain(&paren.expr)?,
        Expr::Reference(reference) => chain(&reference.expr)?,
        _ => return None,
    })
}
