//! The shape of expressions, above all of a task.
//!
//! A closure or an `async` literal is changed in place. Any other value goes through an adaptor, which asks for its type.
//! Some expressions take their type from the callee, such as `x.into()`. The adaptor would break them, so they are never
//! a task.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, ExprMethodCall, Macro, UnOp};

use crate::known::methods::{self, Effect};
use crate::known::{constructors, macros};
use crate::syntax::paths::names_from_last;

/// The shape of an expression that may be a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskShape {
    /// A closure literal.
    Closure { moves: bool },
    /// `async { … }`.
    Async,
    /// `async || …`. No code outside can enter its future.
    AsyncClosure,
    /// A variable of the same function that is a closure literal without parameters. The function's inference decides
    /// which of `Fn`, `FnMut` and `FnOnce` it implements, so the adaptor cannot ask for its type.
    ClosureVariable,
    /// A place expression that can be mentioned twice: `x`, `path::to::f`, `self.x`.
    Place,
    /// Anything else that may be a task.
    Value,
    /// An expression that is no task, whatever the callee.
    Never,
}

impl TaskShape {
    /// Returns `true` for a closure literal, also if a variable holds it.
    pub(crate) fn is_closure(self) -> bool {
        matches!(self, TaskShape::Closure { .. } | TaskShape::ClosureVariable)
    }
}

/// Returns the shape of the innermost expression of a task argument.
pub(crate) fn of(expr: &Expr) -> TaskShape {
    match expr {
        Expr::Closure(closure) if closure.asyncness.is_some() => TaskShape::AsyncClosure,
        Expr::Closure(closure) => TaskShape::Closure {
            moves: closure.capture.is_some(),
        },
        Expr::Async(_) => TaskShape::Async,
        expr if is_never_a_task(expr) => TaskShape::Never,
        expr if is_place(expr) => TaskShape::Place,
        _ => TaskShape::Value,
    }
}

/// Returns `true` for a closure or an `async` literal, also in parentheses.
pub(crate) fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(paren) => is_literal(&paren.expr),
        Expr::Group(group) => is_literal(&group.expr),
        Expr::Closure(_) | Expr::Async(_) => true,
        _ => false,
    }
}

/// Returns `true` if a `let` binds a name to a closure literal without parameters and declares no type.
pub(crate) fn is_closure_variable(local: &syn::Local) -> bool {
    let init = local.init.as_ref().filter(|init| init.diverge.is_none());
    matches!(local.pat, syn::Pat::Ident(_)) && init.is_some_and(|init| is_closure(&init.expr))
}

fn is_closure(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(paren) => is_closure(&paren.expr),
        Expr::Group(group) => is_closure(&group.expr),
        Expr::Closure(closure) => closure.asyncness.is_none() && closure.inputs.is_empty(),
        _ => false,
    }
}

/// Returns `true` for the call `Type::name(argument)`, with any path to the type.
pub(crate) fn is_call_of(call: &syn::ExprCall, ty: &str, name: &str) -> bool {
    let Expr::Path(path) = &*call.func else {
        return false;
    };
    let mut names = path.path.segments.iter().rev();
    call.args.len() == 1
        && names.next().is_some_and(|last| last.ident == name)
        && names.next().is_some_and(|owner| owner.ident == ty)
}

/// Returns `true` for `x`, `path::to::f`, `self.x.y`. The operator of an index would run twice.
fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_place(&field.base),
        Expr::Paren(paren) => is_place(&paren.expr),
        Expr::Group(group) => is_place(&group.expr),
        _ => false,
    }
}

/// Returns `true` for expressions whose value is no task, that take their type from the callee, or that never return.
fn is_never_a_task(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_)
        | Expr::Tuple(_)
        | Expr::Array(_)
        | Expr::Repeat(_)
        | Expr::Range(_)
        | Expr::Binary(_) => true,
        Expr::Let(_) | Expr::Assign(_) | Expr::Infer(_) | Expr::Const(_) | Expr::Verbatim(_) => {
            true
        }
        Expr::Return(_)
        | Expr::Break(_)
        | Expr::Continue(_)
        | Expr::Loop(_)
        | Expr::While(_)
        | Expr::ForLoop(_) => true,
        Expr::If(branch) => branch.else_branch.is_none() || may_end_without_task(expr),
        Expr::Match(_) => may_end_without_task(expr),
        Expr::Unary(unary) => !matches!(unary.op, UnOp::Deref(_)),
        Expr::Reference(reference) => !is_place(&reference.expr) && !is_literal(&reference.expr),
        Expr::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "None"),
        Expr::Macro(call) => is_macro_without_task(&call.mac),
        Expr::Call(call) => is_call_without_task(call),
        Expr::MethodCall(_) | Expr::Try(_) | Expr::Await(_) => takes_its_type_from_the_callee(expr),
        _ => false,
    }
}

/// Returns `true` if a branch ends in `None`, or in a constructor whose type only the callee may know, so that no other
/// branch ends in a task.
fn may_end_without_task(expr: &Expr) -> bool {
    let at_the_end_of = |block: &syn::Block| match block.stmts.last() {
        Some(syn::Stmt::Expr(tail, None)) => may_end_without_task(tail),
        _ => false,
    };
    match expr {
        Expr::Paren(paren) => may_end_without_task(&paren.expr),
        Expr::Group(group) => may_end_without_task(&group.expr),
        Expr::Block(block) => at_the_end_of(&block.block),
        Expr::If(branch) => {
            let mut other = branch.else_branch.iter();
            at_the_end_of(&branch.then_branch)
                || other.any(|(_, other)| may_end_without_task(other))
        }
        Expr::Match(branches) => {
            let mut arms = branches.arms.iter();
            arms.any(|arm| may_end_without_task(&arm.body))
        }
        Expr::Path(_) | Expr::Call(_) => is_never_a_task(expr),
        _ => false,
    }
}

fn is_macro_without_task(mac: &Macro) -> bool {
    let last = mac.path.segments.last();
    last.is_some_and(|last| macros::gives_no_task(&last.ident.to_string()))
}

/// Returns `true` for `Default::default()`, `Some(…)`, `Vec::new()`: only the callee may know their type arguments.
fn is_call_without_task(call: &syn::ExprCall) -> bool {
    let Expr::Path(path) = &*call.func else {
        return false;
    };
    let mut names = names_from_last(&path.path);
    let last = names.next().unwrap_or_default();
    constructors::is_inferred(names.next().as_deref(), &last)
}

/// Returns `true` for `.into()` and its like, also under `?`, `.await` and `unwrap()`.
fn takes_its_type_from_the_callee(expr: &Expr) -> bool {
    match expr {
        Expr::Try(tried) => takes_its_type_from_the_callee(&tried.expr),
        Expr::Await(awaited) => takes_its_type_from_the_callee(&awaited.base),
        Expr::MethodCall(call) => {
            has(call, Effect::Converts)
                || has(call, Effect::Unwraps) && takes_its_type_from_the_callee(&call.receiver)
        }
        _ => false,
    }
}

fn has(call: &ExprMethodCall, effect: Effect) -> bool {
    methods::has(&call.method.to_string(), effect)
}

/// Returns `true` if `match expr { … }` would take a struct literal's brace for its own.
pub(crate) fn exposes_struct_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Struct(_) => true,
        Expr::Unary(unary) => exposes_struct_literal(&unary.expr),
        Expr::Reference(reference) => exposes_struct_literal(&reference.expr),
        expr => leading_operand(expr).is_some_and(exposes_struct_literal),
    }
}

/// Returns `true` if the expression would end after its first block at the start of a statement.
pub(crate) fn starts_with_block(expr: &Expr) -> bool {
    let Some(operand) = leading_operand(expr) else {
        return false;
    };
    is_block_like(operand) || starts_with_block(operand)
}

fn is_block_like(expr: &Expr) -> bool {
    match expr {
        Expr::Block(_)
        | Expr::Unsafe(_)
        | Expr::Const(_)
        | Expr::Async(_)
        | Expr::If(_)
        | Expr::Match(_) => true,
        Expr::Loop(_) | Expr::While(_) | Expr::ForLoop(_) | Expr::TryBlock(_) => true,
        Expr::Macro(call) => matches!(call.mac.delimiter, syn::MacroDelimiter::Brace(_)),
        _ => false,
    }
}

/// Returns `true` for a block with one expression and nothing else.
pub(crate) fn is_mere_block(block: &syn::ExprBlock) -> bool {
    let is_bare = block.attrs.is_empty() && block.label.is_none();
    is_bare && matches!(block.block.stmts.as_slice(), [syn::Stmt::Expr(_, None)])
}

/// Returns the attributes of an expression, and the rest of it. A `cfg` has to stay in front of the whole statement.
pub(crate) fn split_attributes(expr: TokenStream) -> (TokenStream, TokenStream) {
    let mut tokens = expr.into_iter().peekable();
    let mut attributes = TokenStream::new();
    let is_hash =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '#');
    while let Some(hash) = tokens.next_if(is_hash) {
        attributes.extend([hash]);
        attributes.extend(tokens.next());
    }
    (attributes, tokens.collect())
}

/// Returns the span of the last token of an expression.
pub(crate) fn end(expr: &Expr) -> Span {
    match expr {
        Expr::Block(block) => block.block.brace_token.span.close(),
        expr => {
            let last = expr.to_token_stream().into_iter().last();
            last.map_or_else(Span::call_site, |token| token.span())
        }
    }
}

/// Returns the operand with which a compound expression begins.
pub(crate) fn leading_operand(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::MethodCall(call) => Some(&call.receiver),
        Expr::Call(call) => Some(&call.func),
        Expr::Field(field) => Some(&field.base),
        Expr::Index(index) => Some(&index.expr),
        Expr::Await(awaited) => Some(&awaited.base),
        Expr::Try(tried) => Some(&tried.expr),
        Expr::Binary(binary) => Some(&binary.left),
        Expr::Assign(assign) => Some(&assign.left),
        Expr::Cast(cast) => Some(&cast.expr),
        Expr::Range(range) => range.start.as_deref(),
        _ => None,
    }
}
