//! Frames: each `.await`, and each branch of a `join!` or `select!`, shows where the task waits.
//!
//! | code | generated code |
//! | --- | --- |
//! | `.await` | `frame` around its operand |
//! | a macro that awaits any future | `branch` around each argument |
//! | another macro that awaits | one guard around the call, for all arguments together |
//!
//! A branch is wrapped in one of two forms, because a call shortens the lives of temporaries that a `let` in the macro
//! would extend: see [`Temporaries`].

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Expr, ExprAwait, Macro, Stmt};

use super::Walk;
use super::context::Context;
use super::exprs::Parent;
use super::temporaries::Temporaries;
use crate::emit::wrap::Wrap;
use crate::imports::KnownMacro;
use crate::known::macros::Awaiting;
use crate::site::FrameSite;
use crate::syntax::shape;
use crate::syntax::tokens::mentions_await;

impl Walk<'_> {
    /// Returns `true` if awaits here have frames.
    pub(super) fn has_frames(&self) -> bool {
        self.findings.has_frame_table() && self.context.may_have_frames()
    }

    /// Returns `true` if each branch of a macro has a frame.
    pub(super) fn frames_branches(&self, known: KnownMacro) -> bool {
        self.has_frames() && known.awaits == Some(Awaiting::Branches)
    }

    /// Visits an expression that has a frame. Returns `false` if it has none.
    pub(super) fn frame_in(&mut self, expr: &mut Expr) -> bool {
        match expr {
            Expr::Await(awaited) if self.has_frames() => self.awaited(awaited),
            Expr::Macro(call) if call.attrs.is_empty() && self.needs_guard(&call.mac) => {
                self.visit_macro_mut(&mut call.mac);
                self.guard(expr);
            }
            _ => return false,
        }
        true
    }

    /// Visits an `.await`, and puts a frame around its operand.
    fn awaited(&mut self, awaited: &mut ExprAwait) {
        let user = awaited.base.span();
        let span = awaited.await_token.span;
        let site = self.context.frame_site(&awaited.base, span);
        // The larger expression will not begin with the operand, because the operand becomes an argument.
        let parent = Parent {
            begins: false,
            awaits: true,
        };
        self.expr(&mut awaited.base, parent);
        if let Some(entry) = self.findings.add_frame(site) {
            self.wrap_argument(&mut awaited.base, &Wrap::Frame { entry, user });
        }
    }

    /// Visits a branch, and puts a frame around it.
    pub(super) fn branch(&mut self, branch: &mut Expr) {
        let user = branch.span();
        let site = self.context.frame_site(branch, user);
        let temporaries = self.context.temporaries(branch);
        self.visit_expr_mut(branch);
        if temporaries == Temporaries::Unsure {
            return;
        }
        if let Some(entry) = self.findings.add_frame(site) {
            let wrap = Wrap::Branch {
                entry,
                extends: temporaries == Temporaries::Extended,
                user,
            };
            self.wrap_argument(branch, &wrap);
        }
    }

    /// Puts code around an expression inside of its parentheses or braces. The compiler objects to them around an
    /// argument.
    fn wrap_argument(&mut self, expr: &mut Expr, wrap: &Wrap) {
        match expr {
            Expr::Paren(paren) if paren.attrs.is_empty() => {
                self.wrap_argument(&mut paren.expr, wrap);
            }
            Expr::Block(block) if shape::is_mere_block(block) => {
                if let Some(Stmt::Expr(tail, None)) = block.block.stmts.first_mut() {
                    self.wrap_argument(tail, wrap);
                }
            }
            expr => self.wrap(expr, wrap),
        }
    }

    /// Puts a guard around a macro call that awaits its arguments.
    fn guard(&mut self, expr: &mut Expr) {
        let Expr::Macro(call) = &*expr else { return };
        let Some(name) = call.mac.path.segments.last() else {
            return;
        };
        let user = name.ident.span();
        let site = FrameSite {
            awaited: format!("{}!", name.ident),
            ..self.context.frame_site(expr, user)
        };
        if let Some(entry) = self.findings.add_frame(site) {
            self.wrap(expr, &Wrap::FrameGuard { entry, user });
        }
    }

    /// Visits a macro call that is a statement. Returns the statement that replaces it if it gets a guard.
    pub(super) fn macro_statement(&mut self, stmt: &syn::StmtMacro) -> Option<Stmt> {
        if !stmt.attrs.is_empty() || !self.needs_guard(&stmt.mac) {
            return None;
        }
        let mut expr = Expr::Macro(syn::ExprMacro {
            attrs: Vec::new(),
            mac: stmt.mac.clone(),
        });
        self.visit_expr_mut(&mut expr);
        Some(Stmt::Expr(expr, stmt.semi_token))
    }

    /// Returns `true` if a macro awaits its arguments, and gets one guard for all of them.
    fn needs_guard(&self, mac: &Macro) -> bool {
        let awaits_as_a_whole = |known: KnownMacro| {
            known.awaits == Some(Awaiting::Whole)
                || mentions_await(&mac.tokens) && self.keeps_condition(mac, known)
        };
        self.context.body.is_async
            && self.has_frames()
            && self.context.known_macro(mac).is_some_and(awaits_as_a_whole)
    }
}

impl Context<'_> {
    /// Returns `true` if no attribute around it forbids frames here.
    pub(super) fn may_have_frames(&self) -> bool {
        !self.is_exempt() && self.item.args.frames != Some(false)
    }

    fn frame_site(&self, awaited: &Expr, span: Span) -> FrameSite {
        let context = self.lexical();
        let position = self.position(span);
        FrameSite {
            guards: self.body.guards.at(&position),
            position,
            function: context.function(),
            awaited: context.awaited(awaited),
        }
    }
}
