//! Futures that a thread blocks on: `runtime.block_on(future)`, and the body of `#[tokio::main] async fn main`.
//!
//! Such a future is part of the task that waits, and gets no record. Its polls are counted as those of the task
//! (`blocked.rs` of the runtime). An attribute such as `#[tokio::main]` may run before the engine or after it. If it
//! ran before, a call of `block_on` is in the function. If it runs later, the engine sees an `async fn`.

use syn::spanned::Spanned;
use syn::visit_mut;
use syn::{AttrStyle, Attribute, Block, Expr, ItemFn};

use crate::callee::spawn::{self, Callee};
use crate::callee::takes::Takes;
use crate::emit::wrap::Wrap;
use crate::known::waits;
use crate::syntax::shape::{self, TaskShape};
use crate::walk::visitor::Visitor;

impl Visitor<'_> {
    /// Returns `true` if polls of what a thread blocks on are counted here.
    fn counts_polls(&self) -> bool {
        !self.is_skipped() && !self.only_threads && self.args.frames != Some(false)
    }

    /// Goes into a call that blocks on a future, and counts the polls of that. Returns whether it is one.
    pub(crate) fn wait_in(&mut self, expr: &mut Expr) -> bool {
        if !self.counts_polls() {
            return false;
        }
        let Some(future) = self.blocked_on(expr) else {
            return false;
        };
        let around = Wrap::Blocked {
            shape: leaf(future),
            parens: shape::exposes_struct_literal(future),
            user: future.span(),
        };
        self.operand = shape::leading_operand(expr).is_some();
        visit_mut::visit_expr_mut(self, expr);
        self.operand = false;
        if let Some(future) = last_argument(expr) {
            self.wrap(future, &around);
            self.waits += 1;
        }
        true
    }

    /// Returns the future on which a call blocks, if it may be changed.
    fn blocked_on<'e>(&self, expr: &'e Expr) -> Option<&'e Expr> {
        let (callee, args) = Callee::of(expr)?;
        let receivers = waits::receivers(&callee.name.to_string())?;
        let is_meant = |receiver| spawn::mentions(receiver, receivers);
        if !receivers.is_empty() && !callee.receiver.is_some_and(is_meant) {
            return None;
        }
        let future = args.last()?;
        let takes = self.signatures.find(&callee, args.len(), &self.lexical());
        let takes = takes.and_then(|takes| takes.last().copied());
        let is_literal = matches!(future, Expr::Async(_));
        match takes {
            Some(Takes::Fixed(_)) => return None,
            Some(Takes::Literal { .. }) if !is_literal => return None,
            _ => {}
        }
        matches!(
            leaf(future),
            TaskShape::Async | TaskShape::Place | TaskShape::Value
        )
        .then_some(future)
    }

    /// Counts the polls of the body of an `async fn` on which an attribute will block.
    pub(crate) fn wait_for_body(&mut self, body: &mut Block) {
        if self.counts_polls() {
            self.backend.block_on_body(body);
            self.edits += 1;
            self.waits += 1;
        }
    }
}

/// Returns `true` for an `async fn` with an attribute that blocks on its body.
pub(crate) fn is_entry(item: &ItemFn) -> bool {
    let signature = &item.sig;
    signature.asyncness.is_some()
        && signature.inputs.is_empty()
        && item.attrs.iter().any(is_entry_attribute)
        && !item.attrs.iter().any(is_inner)
        && !item.block.stmts.is_empty()
}

/// Classifies a future. A task is never a reference, but a future that is only polled here may be.
fn leaf(future: &Expr) -> TaskShape {
    match future {
        Expr::Reference(reference) if leaf(&reference.expr) != TaskShape::Never => TaskShape::Value,
        future => shape::of(future),
    }
}

fn last_argument(expr: &mut Expr) -> Option<&mut Expr> {
    match expr {
        Expr::Call(call) => call.args.last_mut(),
        Expr::MethodCall(call) => call.args.last_mut(),
        _ => None,
    }
}

fn is_entry_attribute(attr: &Attribute) -> bool {
    let last = attr.path().segments.last();
    last.is_some_and(|last| waits::is_entry(&last.ident.to_string()))
}

fn is_inner(attr: &Attribute) -> bool {
    matches!(attr.style, AttrStyle::Inner(_))
}
