//! The task of a spawn: the way from the argument to the expression that is the task, and the change of it.
//!
//! Blocks, branches, parentheses, `Box::pin(…)` and `named!` stay as they are. The walk goes through them and changes the
//! innermost expression, so that the types that the callee expects still reach that expression.
//!
//! The change depends on the shape of the innermost expression ([`TaskShape`]):
//!
//! | shape | change |
//! | --- | --- |
//! | closure literal | the record is made before the closure, and the body enters it |
//! | `async` block | `future(record, …)` |
//! | variable of a closure literal | a closure that calls it |
//! | place or other value | `adapt!`, which finds out by its type what it is |
//! | never a task | none |

mod boxes;
mod unsupported;

use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Block, Expr, ExprCall, ExprIf, ExprMacro, ExprMatch, ReturnType, Stmt};

use super::Walk;
use super::context::Context;
use crate::callee::spawn::Spawn;
use crate::callee::takes::Takes;
use crate::emit::wrap::{Identity, NewRecord, SiteRef, Wrap};
use crate::known::callees::Mode;
use crate::lexical::locals::ThreadScope;
use crate::site::Reason;
use crate::syntax::naming::Naming;
use crate::syntax::shape::{self, TaskShape};

use boxes::{ends_in_box, if_ends_in_boxes, is_decorated_literal, is_transparent_call};

/// A spawn whose task is being looked for.
pub(super) struct Task {
    pub spawn: Spawn,
    naming: Naming,
    /// The site, once the argument turned out to be a task.
    pub site: Option<SiteRef>,
    /// `true` if the result of the call may have to carry a refusal.
    pub propagates_refusal: bool,
}

impl Task {
    /// Begins the search. The task is a root if `pooled`.
    pub(super) fn new(spawn: Spawn, pooled: bool) -> Task {
        Task {
            naming: Naming {
                pooled,
                offered: spawn.text.clone().filter(|_| !pooled),
                ..Naming::default()
            },
            spawn,
            site: None,
            propagates_refusal: false,
        }
    }

    /// Returns `true` if a pool keeps the task.
    pub(super) fn is_pooled(&self) -> bool {
        self.naming.pooled
    }

    fn record(&self, site: SiteRef) -> NewRecord<'_> {
        NewRecord {
            site,
            naming: &self.naming,
            relay: self.spawn.relay,
        }
    }
}

impl Walk<'_> {
    /// Visits an argument that is a task, or contains one.
    pub(super) fn task(&mut self, expr: &mut Expr, task: &mut Task) {
        match expr {
            // The closure returns the future, so nothing inside of it is the task.
            _ if task.spawn.row.mode == Mode::FutureFn && !self.is_naming(expr) => {
                self.innermost(expr, task)
            }
            Expr::Paren(paren) => self.task(&mut paren.expr, task),
            Expr::Group(group) => self.task(&mut group.expr, task),
            Expr::Block(block) if block.label.is_none() => {
                self.task_in_block(&mut block.block, task)
            }
            Expr::Unsafe(block) => self.task_in_block(&mut block.block, task),
            Expr::If(branch) if if_ends_in_boxes(branch) => self.task_in_if(branch, task),
            Expr::Match(branches) if branches.arms.iter().all(|arm| ends_in_box(&arm.body)) => {
                self.task_in_arms(branches, task)
            }
            Expr::Macro(call) if self.context.naming(&call.mac).is_some() => {
                self.task_in_naming(call, task)
            }
            Expr::Call(call) if is_transparent_call(call) || self.context.boxes_closure(call) => {
                self.task(&mut call.args[0], task)
            }
            Expr::Cast(cast) if matches!(&*cast.expr, Expr::Call(call) if is_transparent_call(call)) => {
                self.task(&mut cast.expr, task)
            }
            Expr::MethodCall(call) if is_decorated_literal(&call.receiver, &call.method) => {
                self.task(&mut call.receiver, task);
                let args = call.args.iter_mut();
                args.for_each(|arg| self.visit_expr_mut(arg));
            }
            _ => self.innermost(expr, task),
        }
    }

    fn is_naming(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Macro(call) if self.context.naming(&call.mac).is_some())
    }

    fn task_in_block(&mut self, block: &mut Block, task: &mut Task) {
        self.context.imports.enter_block(&block.stmts);
        self.in_block(|walk| {
            let last = block.stmts.len().saturating_sub(1);
            for (index, stmt) in block.stmts.iter_mut().enumerate() {
                match stmt {
                    Stmt::Expr(tail, None) if index == last => walk.task(tail, task),
                    stmt => walk.visit_stmt_mut(stmt),
                }
            }
        });
        self.context.imports.leave();
    }

    fn task_in_if(&mut self, branch: &mut ExprIf, task: &mut Task) {
        self.visit_expr_mut(&mut branch.cond);
        self.task_in_block(&mut branch.then_branch, task);
        if let Some((_, other)) = &mut branch.else_branch {
            self.task(other, task);
        }
    }

    fn task_in_arms(&mut self, branches: &mut ExprMatch, task: &mut Task) {
        self.visit_expr_mut(&mut branches.expr);
        for arm in &mut branches.arms {
            self.in_block(|walk| {
                walk.bind_pattern(&arm.pat, false);
                if let Some((_, guard)) = &mut arm.guard {
                    walk.visit_expr_mut(guard);
                }
                walk.task(&mut arm.body, task);
            });
        }
    }

    /// Notes a `named!` or `root!`, and visits the task in it.
    fn task_in_naming(&mut self, call: &mut ExprMacro, task: &mut Task) {
        let Some(mut named) = self.context.naming(&call.mac) else {
            return;
        };
        let outer = task.naming.clone();
        task.naming.offered = None;
        match &named.name {
            Some(name) => task.naming.name = Some(name.clone()),
            None => task.naming.root = true,
        }
        if self.changes(|walk| walk.task(&mut named.task, task)) {
            self.editor.name_moved(&mut call.mac, &named);
        }
        task.naming = outer;
    }

    /// Visits the innermost expression, and changes it if it may be a task.
    fn innermost(&mut self, expr: &mut Expr, task: &mut Task) {
        // The shape is that of the original expression, before the spawns inside of it are rewritten.
        let shape = self.context.shape_of(expr);
        let has_parameters = matches!(expr, Expr::Closure(closure) if !closure.inputs.is_empty());
        let is_opaque = has_parameters || shape == TaskShape::AsyncClosure;
        if task.spawn.is_guess && is_opaque {
            return self.visit_expr_mut(expr);
        }
        if let Some(reason) = unsupported::reason(shape, has_parameters, &task.spawn) {
            let Spawn { span, callee, .. } = &task.spawn;
            self.uncovered(*span, callee.clone(), Reason::Shape(reason));
            return self.visit_expr_mut(expr);
        }
        if shape == TaskShape::Never || is_query(expr, &task.spawn) || takes_no_task(&task.spawn) {
            return self.visit_expr_mut(expr);
        }
        let kind = task.spawn.kind(shape, has_parameters);
        let site = *task
            .site
            .get_or_insert_with(|| self.site(&task.spawn, kind));
        self.findings.sites[site.index].certain |= task.spawn.is_certain(shape);
        let exposes_brace = shape::exposes_struct_literal(expr);
        let scope = task.spawn.thread_scope;
        self.argument(expr, scope.filter(|scope| *scope == ThreadScope::Thread));
        self.wrap_task(expr, shape, site, exposes_brace, task);
    }

    /// Puts code around a task.
    fn wrap_task(
        &mut self,
        expr: &mut Expr,
        shape: TaskShape,
        site: SiteRef,
        exposes_brace: bool,
        task: &mut Task,
    ) {
        let user = expr.span();
        if task.spawn.is_guess {
            task.propagates_refusal |= !shape.is_closure();
            let guess = Wrap::Guess {
                site,
                shape,
                relay: task.spawn.relay,
                parens: exposes_brace,
                user,
            };
            return self.wrap(expr, &guess);
        }
        let called_once = task.spawn.called_once;
        let is_future_fn = task.spawn.row.mode == Mode::FutureFn;
        task.propagates_refusal |= is_future_fn || !shape.is_closure() || task.spawn.fallible;
        let record = task.record(site);
        let wrap = match shape {
            _ if is_future_fn => Wrap::FutureFn { record, user },
            TaskShape::Closure { moves } => {
                let by_value = !moves || called_once;
                return self.wrap_closure(expr, Identity::New(record), by_value);
            }
            TaskShape::ClosureVariable => Wrap::ClosureVariable {
                record,
                by_value: called_once,
                user,
            },
            TaskShape::Async => Wrap::Future { record, user },
            TaskShape::Place => Wrap::Place { record, user },
            _ => Wrap::Value {
                record,
                parens: exposes_brace,
                user,
            },
        };
        self.wrap(expr, &wrap);
    }

    /// Puts code around a closure literal and its body.
    pub(super) fn wrap_closure(&mut self, expr: &mut Expr, identity: Identity, by_value: bool) {
        let user = expr.span();
        let Expr::Closure(closure) = expr else { return };
        let is_block = matches!(*closure.body, Expr::Block(_));
        let body = Wrap::Body {
            by_value,
            // A lint objects to the braces of a body that becomes the tail of another block.
            parens: is_block || shape::starts_with_block(&closure.body),
            is_typed: matches!(closure.output, ReturnType::Type(..)),
            site: identity.site(),
            user,
            end: shape::end(&closure.body),
        };
        self.wrap(&mut closure.body, &body);
        self.wrap(expr, &Wrap::Closure { identity, user });
    }
}

/// Returns `true` for what a database executes. A query is borrowed, but a pool owns what it executes.
fn is_query(expr: &Expr, spawn: &Spawn) -> bool {
    spawn.row.mode == Mode::Execute && matches!(expr, Expr::Reference(_))
}

fn takes_no_task(spawn: &Spawn) -> bool {
    spawn.takes == Takes::Fixed(None)
}

impl Context<'_> {
    /// Returns the shape of an expression that may be a task.
    fn shape_of(&self, expr: &Expr) -> TaskShape {
        match shape::of(expr) {
            TaskShape::Place if self.is_closure_variable(expr) => TaskShape::ClosureVariable,
            shape => shape,
        }
    }

    /// Returns `true` if an expression is a variable that is bound to a closure literal.
    fn is_closure_variable(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Paren(paren) => self.is_closure_variable(&paren.expr),
            Expr::Path(path) => {
                let name = path.path.get_ident().map(ToString::to_string);
                let local = name.and_then(|name| self.body.locals.get(&name));
                local.is_some_and(|local| local.is_closure)
            }
            _ => false,
        }
    }

    /// Returns `true` for `Box::new(work)` of such a variable.
    fn boxes_closure(&self, call: &ExprCall) -> bool {
        shape::is_call_of(call, "Box", "new") && self.is_closure_variable(&call.args[0])
    }
}
