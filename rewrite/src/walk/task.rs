//! The way from the argument of a spawn to the expression that is the task, and what is put around it.
//!
//! Blocks, branches, parentheses, `Box::pin(…)`, `named!` are gone through and left as they are: what stands
//! innermost is changed in place, so that the types that the callee expects still reach it.

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Block, Expr, ExprCall, ExprMacro, ExprMatch, ReturnType, Stmt, Token};

use crate::callee::spawn::Spawn;
use crate::callee::takes::Takes;
use crate::emit::wrap::{Identity, NewRecord, SiteRef, Wrap};
use crate::known::callees::Mode;
use crate::known::methods::{self, Effect};
use crate::lexical::locals::ThreadScope;
use crate::site::Reason;
use crate::syntax::naming::{self, Naming};
use crate::syntax::shape::{self, TaskShape};
use crate::walk::visitor::Visitor;

/// A spawn whose arguments are being visited.
pub(crate) struct Task {
    pub spawn: Spawn,
    naming: Naming,
    /// The index of its site; a spawn whose argument turns out to be no task has none.
    pub site: Option<SiteRef>,
    /// Whether the call's result has to be settled.
    pub propagates_refusal: bool,
}

impl Task {
    pub(crate) fn new(spawn: Spawn, pooled: bool) -> Task {
        Task {
            spawn,
            naming: Naming {
                pooled,
                ..Naming::default()
            },
            site: None,
            propagates_refusal: false,
        }
    }
}

impl Visitor<'_> {
    /// Visits the arguments of a spawn, its task among them.
    pub(crate) fn arguments(&mut self, args: &mut Punctuated<Expr, Token![,]>, task: &mut Task) {
        for (index, arg) in args.iter_mut().enumerate() {
            if index == task.spawn.index {
                self.task(arg, task);
            } else {
                self.visit_expr_mut(arg);
            }
        }
    }

    /// Goes through an expression towards the task in it.
    fn task(&mut self, expr: &mut Expr, task: &mut Task) {
        match expr {
            // The closure returns the future: there is nothing inside to look for.
            _ if task.spawn.row.mode == Mode::FutureFn && !self.is_naming(expr) => {
                self.innermost(expr, task)
            }
            Expr::Paren(paren) => self.task(&mut paren.expr, task),
            Expr::Group(group) => self.task(&mut group.expr, task),
            Expr::Block(block) if block.label.is_none() => {
                self.task_in_block(&mut block.block, task)
            }
            Expr::Unsafe(block) => self.task_in_block(&mut block.block, task),
            Expr::If(branch) if if_ends_in_boxes(branch) => {
                self.visit_expr_mut(&mut branch.cond);
                self.task_in_block(&mut branch.then_branch, task);
                if let Some((_, other)) = &mut branch.else_branch {
                    self.task(other, task);
                }
            }
            Expr::Match(branches) if branches.arms.iter().all(|arm| ends_in_box(&arm.body)) => {
                self.task_in_arms(branches, task)
            }
            Expr::Macro(call) if self.naming(&call.mac).is_some() => {
                self.task_in_naming(call, task)
            }
            Expr::Call(call) if is_transparent_call(call) || self.is_boxed_variable(call) => {
                self.task(&mut call.args[0], task)
            }
            Expr::Cast(cast) if matches!(&*cast.expr, Expr::Call(call) if is_transparent_call(call)) => {
                self.task(&mut cast.expr, task)
            }
            Expr::MethodCall(call) if is_decorated_literal(&call.receiver, &call.method) => {
                self.task(&mut call.receiver, task);
                call.args
                    .iter_mut()
                    .for_each(|arg| self.visit_expr_mut(arg));
            }
            _ => self.innermost(expr, task),
        }
    }

    fn is_naming(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Macro(call) if self.naming(&call.mac).is_some())
    }

    fn task_in_block(&mut self, block: &mut Block, task: &mut Task) {
        self.imports.enter_block(&block.stmts);
        self.locals.push();
        let last = block.stmts.len().saturating_sub(1);
        for (index, stmt) in block.stmts.iter_mut().enumerate() {
            match stmt {
                Stmt::Expr(tail, None) if index == last => self.task(tail, task),
                stmt => self.visit_stmt_mut(stmt),
            }
        }
        self.locals.pop();
        self.imports.leave();
    }

    fn task_in_arms(&mut self, branches: &mut ExprMatch, task: &mut Task) {
        self.visit_expr_mut(&mut branches.expr);
        for arm in &mut branches.arms {
            self.locals.push();
            self.visit_pat_mut(&mut arm.pat);
            if let Some((_, guard)) = &mut arm.guard {
                self.visit_expr_mut(guard);
            }
            self.task(&mut arm.body, task);
            self.locals.pop();
        }
    }

    /// Whether an expression is a variable that a closure literal is bound to.
    fn is_closure_variable(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Paren(paren) => self.is_closure_variable(&paren.expr),
            Expr::Path(path) => {
                let name = path.path.get_ident().map(ToString::to_string);
                let local = name.and_then(|name| self.locals.get(&name));
                local.is_some_and(|local| local.closure)
            }
            _ => false,
        }
    }

    /// `Box::new(work)`, of such a variable.
    fn is_boxed_variable(&self, call: &ExprCall) -> bool {
        shape::is_call_of(call, "Box", "new") && self.is_closure_variable(&call.args[0])
    }

    /// Takes note of `named!` or `root!` and goes on inside.
    fn task_in_naming(&mut self, call: &mut ExprMacro, task: &mut Task) {
        let Some(mut named) = self.naming(&call.mac) else {
            return;
        };
        let outer = task.naming.clone();
        match &named.name {
            Some(name) => task.naming.name = Some(name.clone()),
            None => task.naming.root = true,
        }
        let edits = self.edits;
        self.task(&mut named.task, task);
        if self.edits != edits {
            self.backend.name_moved(&mut call.mac, &named);
        }
        task.naming = outer;
    }

    /// Changes the innermost expression. Its shape is taken before its own spawns are rewritten.
    fn innermost(&mut self, expr: &mut Expr, task: &mut Task) {
        let shape = match shape::of(expr) {
            TaskShape::Place if self.is_closure_variable(expr) => TaskShape::ClosureVariable,
            shape => shape,
        };
        let parameters = matches!(expr, Expr::Closure(closure) if !closure.inputs.is_empty());
        if task.spawn.guessed && (parameters || shape == TaskShape::AsyncClosure) {
            return self.visit_expr_mut(expr);
        }
        if let Some(reason) = unsupported(shape, parameters, &task.spawn) {
            self.uncovered(&task.spawn, Reason::Shape(reason));
            return self.visit_expr_mut(expr);
        }
        // A pool owns what it executes; a database executes a query on what it borrows.
        let is_borrowed = matches!(expr, Expr::Reference(_));
        let is_query = task.spawn.row.mode == Mode::Execute && is_borrowed;
        if shape == TaskShape::Never || is_query || task.spawn.takes == Takes::Fixed(None) {
            return self.visit_expr_mut(expr);
        }
        let kind = task.spawn.kind(shape, parameters);
        let site = *task
            .site
            .get_or_insert_with(|| self.site(&task.spawn, kind));
        self.sites[site.index].certain |= !task.spawn.guessed && task.spawn.is_certain(shape);
        let exposed = shape::exposes_struct_literal(expr);
        self.scope_parameter = task
            .spawn
            .thread_scope
            .filter(|scope| *scope == ThreadScope::Thread);
        self.visit_expr_mut(expr);
        self.scope_parameter = None;
        self.emit(expr, shape, site, exposed, task);
    }

    fn emit(
        &mut self,
        expr: &mut Expr,
        shape: TaskShape,
        site: SiteRef,
        exposed: bool,
        task: &mut Task,
    ) {
        let user = expr.span();
        let naming = &task.naming;
        let relay = task.spawn.relay;
        if task.spawn.guessed {
            task.propagates_refusal |= !matches!(
                shape,
                TaskShape::Closure { .. } | TaskShape::ClosureVariable
            );
            let guess = Wrap::Guess {
                site,
                shape,
                relay,
                parens: exposed,
                user,
            };
            return self.wrap(expr, &guess);
        }
        let birth = NewRecord {
            site,
            naming,
            relay,
        };
        let future_fn = task.spawn.row.mode == Mode::FutureFn;
        let closure = matches!(
            shape,
            TaskShape::Closure { .. } | TaskShape::ClosureVariable
        );
        task.propagates_refusal |= future_fn || !closure || task.spawn.fallible;
        let around = match shape {
            _ if future_fn => Wrap::FutureFn { birth, user },
            TaskShape::Closure { moves } => {
                let by_value = !moves || task.spawn.called_once;
                return self.closure(expr, Identity::New(birth), by_value);
            }
            TaskShape::ClosureVariable => Wrap::ClosureVariable {
                birth,
                by_value: task.spawn.called_once,
                user,
            },
            TaskShape::Async => Wrap::Future { birth, user },
            TaskShape::Place => Wrap::Place { birth, user },
            _ => Wrap::Value {
                birth,
                parens: exposed,
                user,
            },
        };
        self.wrap(expr, &around);
    }

    /// Changes a closure literal: the birth before it, its entry at the start of the body.
    pub(crate) fn closure(&mut self, expr: &mut Expr, identity: Identity, by_value: bool) {
        let user = expr.span();
        let Expr::Closure(closure) = expr else { return };
        let body = Wrap::Body {
            by_value,
            // The braces of a body are needless where it is the tail of another block, and a lint says so.
            parens: shape::starts_with_block(&closure.body)
                || matches!(*closure.body, Expr::Block(_)),
            typed: matches!(closure.output, ReturnType::Type(..)),
            site: identity.site(),
            user,
            end: shape::end(&closure.body),
        };
        self.wrap(&mut closure.body, &body);
        self.wrap(expr, &Wrap::Closure { identity, user });
    }
}

const CALLED_AGAIN: &str = "a closure without `move` that may be called more than once";
const NAMED_TYPE: &str = "a task whose type its callee names";

/// Why a task of this shape cannot be adapted.
fn unsupported(shape: TaskShape, parameters: bool, spawn: &Spawn) -> Option<&'static str> {
    match (shape, spawn.takes) {
        _ if spawn.guessed => return None,
        (TaskShape::Never, _) => return None,
        (shape, Takes::Fixed(reason)) if shape != TaskShape::Async => return reason,
        (
            TaskShape::ClosureVariable | TaskShape::Place | TaskShape::Value,
            Takes::Literal { .. },
        ) => {
            return Some(NAMED_TYPE);
        }
        (TaskShape::Closure { moves: false }, _) if spawn.takes.is_task() && !spawn.called_once => {
            return Some(CALLED_AGAIN);
        }
        _ => {}
    }
    match (shape, spawn.row.mode) {
        (TaskShape::AsyncClosure, Mode::Task | Mode::Execute) => Some("an async closure"),
        _ if spawn.takes.is_task() => None,
        (TaskShape::Closure { moves: false }, Mode::Execute) if !spawn.looks_like_pool => {
            Some(CALLED_AGAIN)
        }
        (TaskShape::Closure { .. }, Mode::Task) if parameters && !spawn.scope_closure_allowed => {
            Some(
                "a closure with parameters behind other arguments, which may be called more than once",
            )
        }
        (TaskShape::ClosureVariable | TaskShape::Place | TaskShape::Value, Mode::Execute)
            if spawn.type_may_be_fixed =>
        {
            Some("a task whose very type a bound may demand")
        }
        _ => None,
    }
}

/// Whether all branches are boxes, whose types may differ until the callee's type makes them one. Branches of
/// another kind are of one type already, or become it (a function pointer) before the callee sees them.
fn if_ends_in_boxes(branch: &syn::ExprIf) -> bool {
    let other = branch.else_branch.as_ref();
    ends_in_box_block(&branch.then_branch) && other.is_some_and(|(_, other)| ends_in_box(other))
}

fn ends_in_box(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => is_transparent_call(call),
        Expr::Cast(cast) => ends_in_box(&cast.expr),
        Expr::Paren(paren) => ends_in_box(&paren.expr),
        Expr::Block(block) => ends_in_box_block(&block.block),
        Expr::If(branch) => if_ends_in_boxes(branch),
        Expr::Match(branches) => branches.arms.iter().all(|arm| ends_in_box(&arm.body)),
        _ => false,
    }
}

fn ends_in_box_block(block: &Block) -> bool {
    matches!(block.stmts.last(), Some(Stmt::Expr(tail, None)) if ends_in_box(tail))
}

fn is_naming(expr: &Expr) -> bool {
    matches!(expr, Expr::Macro(call) if naming::parse(&call.mac).is_some())
}

/// `Box::pin(task)`, and `Box::new` around a literal, a box or a name.
fn is_transparent_call(call: &ExprCall) -> bool {
    shape::is_call_of(call, "Box", "pin")
        || shape::is_call_of(call, "Box", "new") && is_boxed_literal(&call.args[0])
}

fn is_boxed_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => is_transparent_call(call),
        Expr::Block(block) => {
            matches!(block.block.stmts.last(), Some(Stmt::Expr(tail, None)) if shape::is_literal(tail))
        }
        expr => shape::is_literal(expr) || is_naming(expr),
    }
}

/// `async { … }.instrument(span)` and its like, which keep working on the changed literal.
fn is_decorated_literal(receiver: &Expr, method: &syn::Ident) -> bool {
    let decoration = methods::has(&method.to_string(), Effect::WrapsLiteral);
    decoration
        && match receiver {
            Expr::Async(_) => true,
            Expr::MethodCall(call) => is_decorated_literal(&call.receiver, &call.method),
            _ => false,
        }
}
