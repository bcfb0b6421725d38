//! Futures that a thread blocks on: `runtime.block_on(future)`, and the body of `#[tokio::main] async fn main`.
//!
//! Such a future is part of the task that waits, and gets no record. Its polls are counted as those of the task
//! (`blocked.rs` of the runtime). An attribute such as `#[tokio::main]` may run before the engine or after it. If it
//! ran before, a call of `block_on` is in the function. If it runs later, the engine sees an `async fn`.

use syn::spanned::Spanned;
use syn::{AttrStyle, Attribute, Block, Expr, ItemFn};

use super::Walk;
use super::context::Context;
use crate::callee::call::{Arguments, Callee};
use crate::callee::takes::Takes;
use crate::emit::wrap::Wrap;
use crate::known::waits;
use crate::syntax::shape::{self, TaskShape};

impl Walk<'_> {
    /// Visits a call that blocks on a future, and counts the polls of the future. Returns `false` for other expressions.
    pub(super) fn wait_in(&mut self, expr: &mut Expr) -> bool {
        if !self.context.counts_polls() {
            return false;
        }
        let Some(future) = self.context.blocked_on(expr) else {
            return false;
        };
        let wrap = Wrap::Blocked {
            shape: shape_of(future),
            parens: shape::exposes_struct_literal(future),
            user: future.span(),
        };
        self.parts(expr, None);
        if let Some(future) = last_argument(expr) {
            self.editor.wrap_blocked(future, &wrap);
        }
        true
    }

    /// Counts the polls of the body of an `async fn` on which an attribute will block.
    pub(super) fn wait_for_body(&mut self, body: &mut Block) {
        if self.context.counts_polls() {
            self.editor.block_on_body(body);
        }
    }
}

impl Context<'_> {
    /// Returns `true` if polls of a future that a thread blocks on are counted here.
    fn counts_polls(&self) -> bool {
        !self.is_exempt()
            && !self.settings.rules.only_threads
            && self.item.args.frames != Some(false)
    }

    /// Returns the future on which a call blocks, if it may be changed.
    fn blocked_on<'e>(&self, expr: &'e Expr) -> Option<&'e Expr> {
        let (callee, args) = Callee::of(expr)?;
        let receivers = waits::receivers(&callee.name.to_string())?;
        if !receivers.is_empty() && !callee.receiver_mentions(receivers) {
            return None;
        }
        let future = args.last()?;
        let is_future = match shape_of(future) {
            TaskShape::Async => self.takes_future(&callee, args, true),
            TaskShape::Place | TaskShape::Value => self.takes_future(&callee, args, false),
            _ => false,
        };
        is_future.then_some(future)
    }

    /// Returns `true` unless the signature of the callee excludes a changed future.
    fn takes_future(&self, callee: &Callee, args: &Arguments, is_literal: bool) -> bool {
        let signatures = &self.settings.signatures;
        let takes = signatures.find(callee, args.len(), &self.lexical());
        match takes.and_then(|takes| takes.last().copied()) {
            Some(Takes::Fixed(_)) => false,
            Some(Takes::Literal { .. }) => is_literal,
            _ => true,
        }
    }
}

/// Returns `true` for an `async fn` with an attribute that blocks on its body.
pub(super) fn is_entry(item: &ItemFn) -> bool {
    let signature = &item.sig;
    signature.asyncness.is_some()
        && signature.inputs.is_empty()
        && item.attrs.iter().any(is_entry_attribute)
        && !item.attrs.iter().any(is_inner)
        && !item.block.stmts.is_empty()
}

/// Returns the shape of a future. A task is never a reference, but a future that is only polled here may be.
fn shape_of(future: &Expr) -> TaskShape {
    match future {
        Expr::Reference(reference) if shape_of(&reference.expr) != TaskShape::Never => {
            TaskShape::Value
        }
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
