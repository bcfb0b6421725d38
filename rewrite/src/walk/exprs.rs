//! Expressions: calls that spawn, awaits, closures, and everything else.

use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprCall, ExprClosure, ExprMatch, ExprMethodCall};

use super::Walk;
use crate::callee::call::{Arguments, Callee};
use crate::callee::scope_call;
use crate::emit::wrap::Identity;
use crate::lexical::locals::ThreadScope;

/// How an expression is part of a larger one.
#[derive(Clone, Copy, Default)]
pub(super) struct Parent {
    /// `true` if the larger expression begins with this one.
    pub begins: bool,
    /// `true` if the larger expression awaits this one.
    pub awaits: bool,
}

impl Parent {
    const BEGINS: Parent = Parent {
        begins: true,
        awaits: false,
    };
}

impl Walk<'_> {
    /// Visits an expression.
    pub(super) fn expr(&mut self, expr: &mut Expr, parent: Parent) {
        let found = Callee::of(expr).and_then(|(callee, args)| {
            self.report_values(args);
            self.context.recognise(&callee, args)
        });
        if let Some(mut spawn) = found {
            spawn.is_awaited = parent.awaits;
            self.spawn(expr, spawn, parent.begins);
        } else if !self.frame_in(expr) && !self.wait_in(expr) {
            self.scope_call(expr);
        }
    }

    /// Visits an expression that is no spawn and has no frame. Scope functions are known.
    fn scope_call(&mut self, expr: &mut Expr) {
        let is_recorded = !self.context.is_exempt() && !self.context.settings.rules.only_threads;
        if is_recorded && scope_call::runs_as_its_caller(expr) {
            self.parts(expr, None);
            self.inherit(expr);
        } else {
            let scope = scope_call::opens_scope(expr);
            self.parts(expr, scope);
        }
    }

    /// Changes the closure of a scope function, which runs as the task of its caller.
    fn inherit(&mut self, expr: &mut Expr) {
        let (Expr::Call(ExprCall { args, .. }) | Expr::MethodCall(ExprMethodCall { args, .. })) =
            expr
        else {
            return;
        };
        if let Some(closure) = args.last_mut() {
            self.wrap_closure(closure, Identity::Inherit, true);
        }
    }

    /// Visits the parts of an expression. A closure among the arguments gets `scope` as its first parameter.
    pub(super) fn parts(&mut self, expr: &mut Expr, scope: Option<ThreadScope>) {
        match expr {
            Expr::Call(call) => {
                self.expr(&mut call.func, Parent::BEGINS);
                self.each(&mut call.args, scope);
            }
            Expr::MethodCall(call) => {
                self.expr(&mut call.receiver, Parent::BEGINS);
                self.each(&mut call.args, scope);
            }
            Expr::Field(field) => self.expr(&mut field.base, Parent::BEGINS),
            Expr::Index(index) => {
                self.expr(&mut index.expr, Parent::BEGINS);
                self.visit_expr_mut(&mut index.index);
            }
            Expr::Await(awaited) => {
                let parent = Parent {
                    begins: true,
                    awaits: true,
                };
                self.expr(&mut awaited.base, parent);
            }
            Expr::Try(tried) => self.expr(&mut tried.expr, Parent::BEGINS),
            Expr::Binary(binary) => {
                self.expr(&mut binary.left, Parent::BEGINS);
                self.visit_expr_mut(&mut binary.right);
            }
            Expr::Assign(assign) => {
                self.expr(&mut assign.left, Parent::BEGINS);
                self.visit_expr_mut(&mut assign.right);
            }
            Expr::Cast(cast) => self.expr(&mut cast.expr, Parent::BEGINS),
            Expr::Range(range) => {
                let start = range.start.iter_mut();
                start.for_each(|start| self.expr(start, Parent::BEGINS));
                let end = range.end.iter_mut();
                end.for_each(|end| self.visit_expr_mut(end));
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn each(&mut self, args: &mut Arguments, scope: Option<ThreadScope>) {
        for arg in args {
            self.argument(arg, scope);
        }
    }

    /// Visits an argument. If it is a closure, `scope` is its first parameter.
    pub(super) fn argument(&mut self, arg: &mut Expr, scope: Option<ThreadScope>) {
        match arg {
            Expr::Closure(closure) => self.closure(closure, scope),
            Expr::Paren(paren) => self.argument(&mut paren.expr, scope),
            Expr::Group(group) => self.argument(&mut group.expr, scope),
            _ => self.visit_expr_mut(arg),
        }
    }

    /// Visits a closure.
    pub(super) fn closure(&mut self, closure: &mut ExprClosure, scope: Option<ThreadScope>) {
        let is_async = closure.asyncness.is_some();
        self.in_async(is_async, |walk| {
            walk.in_block(|walk| {
                for input in &closure.inputs {
                    walk.bind_pattern(input, false);
                }
                if let Some((first, scope)) = closure.inputs.first().zip(scope) {
                    walk.context.body.bind_scope(first, scope);
                }
                walk.visit_expr_mut(&mut closure.body);
            });
        });
    }

    /// Visits code in which a task may wait, or may not.
    pub(super) fn in_async(&mut self, is_async: bool, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.context.body.is_async, is_async);
        visit(self);
        self.context.body.is_async = outer;
    }

    /// Visits a `match`. The names in its patterns may stand for a received task.
    pub(super) fn branches(&mut self, branches: &mut ExprMatch) {
        let is_received = self.context.mentions_received(&branches.expr);
        self.visit_expr_mut(&mut branches.expr);
        for arm in &mut branches.arms {
            self.in_block(|walk| {
                walk.bind_pattern(&arm.pat, is_received);
                if let Some((_, guard)) = &mut arm.guard {
                    walk.visit_expr_mut(guard);
                }
                walk.visit_expr_mut(&mut arm.body);
            });
        }
    }
}
