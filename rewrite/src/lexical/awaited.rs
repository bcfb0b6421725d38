//! The text of an awaited expression: `self.accounts.read`, `peer.send`, `send_email`, `Server::run`.
//!
//! A method has its receiver as the source has it, and a variable its name, because these show which of several locks,
//! channels or tasks is awaited. Arguments are left out, and so is everything that only unwraps, borrows or decorates.
//! A text that is too long loses its middle.

use syn::{Expr, ExprCall, ExprMethodCall, Member, Stmt};

use super::LexicalContext;
use crate::known::constructors;
use crate::known::methods::{self, Effect};
use crate::syntax::naming;
use crate::syntax::paths::{joined, names_from_last};

/// The length from which a text loses its middle, in bytes.
const MAX_LEN: usize = 48;

impl LexicalContext<'_> {
    /// Returns the text of an awaited expression. It is empty if the expression has no name.
    pub(crate) fn awaited(&self, expr: &Expr) -> String {
        match expr {
            Expr::Paren(paren) => self.awaited(&paren.expr),
            Expr::Group(group) => self.awaited(&group.expr),
            Expr::Cast(cast) => self.awaited(&cast.expr),
            Expr::Reference(reference) => self.awaited(&reference.expr),
            Expr::Unary(unary) => self.awaited(&unary.expr),
            Expr::Try(tried) => self.awaited(&tried.expr),
            Expr::Block(block) => self.awaited_tail(&block.block.stmts),
            Expr::Unsafe(block) => self.awaited_tail(&block.block.stmts),
            Expr::Call(call) => self.awaited_call(call),
            Expr::MethodCall(call) if decorates(call) => self.awaited(&call.receiver),
            Expr::MethodCall(call) if methods::has(&call.method.to_string(), Effect::Runs) => call
                .args
                .last()
                .map_or_else(String::new, |future| self.awaited(future)),
            Expr::Macro(call) => match naming::inner(&call.mac) {
                Some(inner) => self.awaited(&inner),
                None => self.role_or_nothing(expr),
            },
            Expr::Path(path) if path.path.get_ident().is_none() => self.role_or_nothing(expr),
            Expr::Path(_)
            | Expr::Field(_)
            | Expr::Index(_)
            | Expr::Await(_)
            | Expr::MethodCall(_) => shortened(&parts(expr)),
            _ => self.role_or_nothing(expr),
        }
    }

    fn awaited_tail(&self, stmts: &[Stmt]) -> String {
        match stmts.last() {
            Some(Stmt::Expr(tail, None)) => self.awaited(tail),
            _ => String::new(),
        }
    }

    /// Returns the text of a call. `Box::pin(future)` and `timeout(limit, future)` have the text of the future.
    fn awaited_call(&self, call: &ExprCall) -> String {
        let Expr::Path(path) = &*call.func else {
            return self.awaited(&call.func);
        };
        let mut names = names_from_last(&path.path);
        let (name, owner) = (names.next().unwrap_or_default(), names.next());
        let wrapped = match owner {
            Some(owner) if constructors::points_to_argument(&owner, &name) => call.args.first(),
            _ if constructors::is_wrapper(&name) => call.args.last(),
            _ => None,
        };
        match wrapped {
            Some(future) => self.awaited(future),
            None if path.path.get_ident().is_some() => joined(&path.path),
            None => self.role_or_nothing(&call.func),
        }
    }

    fn role_or_nothing(&self, expr: &Expr) -> String {
        self.known_role(expr).unwrap_or_default()
    }
}

/// Returns `true` if the value of a method is its receiver in another form.
fn decorates(call: &ExprMethodCall) -> bool {
    let name = call.method.to_string();
    methods::has(&name, Effect::Decorates) || methods::has(&name, Effect::Passes)
}

/// Returns the parts of a chain of names, fields and calls. Each part but the first begins with a dot or a bracket.
fn parts(expr: &Expr) -> Vec<String> {
    let behind = |base: &Expr, part: String| {
        let mut all = parts(base);
        all.push(part);
        all
    };
    match expr {
        Expr::Path(path) => vec![joined(&path.path)],
        Expr::Field(field) => match &field.member {
            Member::Named(name) => behind(&field.base, format!(".{name}")),
            Member::Unnamed(index) => behind(&field.base, format!(".{}", index.index)),
        },
        Expr::Index(index) => behind(&index.expr, format!("[{}]", subscript(&index.index))),
        Expr::Await(awaited) => behind(&awaited.base, ".await".to_owned()),
        Expr::Call(call) => behind(&call.func, arguments(call.args.is_empty()).to_owned()),
        Expr::Macro(call) => vec![format!("{}!", joined(&call.mac.path))],
        Expr::Struct(literal) => vec![joined(&literal.path)],
        Expr::MethodCall(call) => parts_of_method(call),
        Expr::Paren(paren) => parts(&paren.expr),
        Expr::Group(group) => parts(&group.expr),
        Expr::Reference(reference) => parts(&reference.expr),
        Expr::Unary(unary) => parts(&unary.expr),
        Expr::Try(tried) => parts(&tried.expr),
        Expr::Cast(cast) => parts(&cast.expr),
        _ => vec![String::new()],
    }
}

/// Returns the parts of a method call. The outermost call of a chain has no parentheses: see [`shortened`].
fn parts_of_method(call: &ExprMethodCall) -> Vec<String> {
    let mut all = parts(&call.receiver);
    if !methods::has(&call.method.to_string(), Effect::Passes) {
        let arguments = arguments(call.args.is_empty());
        all.push(format!(".{}{arguments}", call.method));
    }
    all
}

fn arguments(are_none: bool) -> &'static str {
    if are_none { "()" } else { "(..)" }
}

/// Returns a number as written. Any other index is left out.
fn subscript(index: &Expr) -> String {
    match index {
        Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Int(number) => number.to_string(),
            _ => "..".to_owned(),
        },
        _ => "..".to_owned(),
    }
}

/// Joins the parts. If they are too long, the first and as many of the last ones as there is room for remain.
fn shortened(parts: &[String]) -> String {
    let whole = parts.concat();
    let whole = without_arguments(&whole);
    let Some((first, rest)) = parts.split_first().filter(|_| whole.len() > MAX_LEN) else {
        return whole.to_owned();
    };
    let room = MAX_LEN.saturating_sub(first.len());
    let mut kept = rest.len().saturating_sub(1);
    while kept > 0 && rest[kept - 1..].concat().len() <= room {
        kept -= 1;
    }
    let last = rest[kept..].concat();
    let last = without_arguments(&last);
    match kept {
        0 => format!("{first}{last}"),
        _ => format!("{first}…{}", last.trim_start_matches('.')),
    }
}

/// Removes the parentheses of the awaited call itself.
fn without_arguments(text: &str) -> &str {
    let text = text.strip_suffix("(..)").unwrap_or(text);
    text.strip_suffix("()").unwrap_or(text)
}
