//! A call that spawns: its site, its arguments, and the code around the call.

use proc_macro2::Span;
use syn::{Expr, ExprCall, ExprMethodCall};

use super::Walk;
use super::exprs::Parent;
use super::task::Task;
use crate::callee::call::Arguments;
use crate::callee::spawn::Spawn;
use crate::emit::wrap::{SiteRef, Wrap};
use crate::site::{Kind, Reason, Site, Uncovered};
use syn::visit_mut::VisitMut;

impl Walk<'_> {
    /// Visits a call that spawns. `is_operand` is `true` if a larger expression begins with the call.
    pub(super) fn spawn(&mut self, expr: &mut Expr, spawn: Spawn, is_operand: bool) {
        if let Some(reason) = self.context.exemption_of(&spawn) {
            #[cfg(feature = "text")]
            if self.thread_role(expr, &spawn, &reason) {
                return;
            }
            self.uncovered(spawn.span, spawn.callee, reason);
            return self.parts(expr, None);
        }
        let has_no_table = self.findings.has_no_table();
        let mut task = self.new_task(spawn);
        let outer = self.context.in_pooled_task;
        self.context.in_pooled_task |= task.is_pooled();
        self.call(expr, &mut task);
        self.context.in_pooled_task = outer;
        self.wrap_call(expr, &task, is_operand);
        if has_no_table {
            self.add_local_table(expr);
        }
    }

    /// Begins the search for the task among the arguments of a spawn.
    pub(super) fn new_task(&self, spawn: Spawn) -> Task {
        let is_pooled = self.context.is_pooled(&spawn);
        Task::new(spawn, is_pooled)
    }

    fn call(&mut self, expr: &mut Expr, task: &mut Task) {
        match expr {
            Expr::Call(ExprCall { args, .. }) => self.arguments(args, task),
            Expr::MethodCall(ExprMethodCall { receiver, args, .. }) => {
                let parent = Parent {
                    begins: true,
                    ..Parent::default()
                };
                self.expr(receiver, parent);
                self.arguments(args, task);
            }
            _ => {}
        }
    }

    /// Visits the arguments of a spawn. The task is one of them.
    pub(super) fn arguments(&mut self, args: &mut Arguments, task: &mut Task) {
        for (index, arg) in args.iter_mut().enumerate() {
            if index == task.spawn.index {
                self.task(arg, task);
            } else {
                self.visit_expr_mut(arg);
            }
        }
    }

    /// Puts code around the call: the end of an announcement, and the propagation of a refusal.
    fn wrap_call(&mut self, expr: &mut Expr, task: &Task, is_operand: bool) {
        let (Some(site), user) = (task.site, task.spawn.span) else {
            return;
        };
        if task.spawn.relay.announces {
            let returned = Wrap::Returned {
                site,
                is_awaited: task.spawn.is_awaited,
                is_beside: task.spawn.relay.is_beside,
                user,
            };
            self.wrap(expr, &returned);
        }
        if task.propagates_refusal {
            let propagate = Wrap::PropagateRefusal {
                site,
                fallible: task.spawn.fallible,
                parens: is_operand,
                user,
            };
            self.wrap(expr, &propagate);
        }
    }

    /// Adds the site of a spawn.
    pub(super) fn site(&mut self, spawn: &Spawn, kind: Kind) -> SiteRef {
        let function = self.context.function();
        let known = self.known_role(&function);
        self.findings.add_site(Site {
            position: self.context.position(spawn.span),
            function,
            callee: spawn.callee.clone(),
            role: known.map_or_else(|| spawn.role.clone(), str::to_owned),
            kind,
            fallible: spawn.fallible,
            certain: spawn.row.certain,
        })
    }

    /// Gives a thread of a pool the role of the closure that it runs for long. Returns `false` if that is not known.
    #[cfg(feature = "text")]
    fn thread_role(&mut self, expr: &mut Expr, spawn: &Spawn, reason: &Reason) -> bool {
        if self.context.is_exempt() {
            return false;
        }
        let function = self.context.function();
        let roles = self.context.settings.rules.roles;
        let role = crate::known::roles::of_thread(roles, &function);
        let args = match expr {
            Expr::Call(call) => &mut call.args,
            Expr::MethodCall(call) => &mut call.args,
            _ => return false,
        };
        let (Some(role), Reason::Forwarder, Some(Expr::Closure(closure))) =
            (role, reason, args.get_mut(spawn.index))
        else {
            return false;
        };
        let site = self.findings.add_site(Site {
            position: self.context.position(spawn.span),
            function,
            callee: spawn.callee.clone(),
            role: role.to_owned(),
            kind: Kind::Thread,
            fallible: false,
            certain: true,
        });
        self.visit_expr_mut(&mut closure.body);
        let user = closure.or1_token.span;
        self.wrap(&mut closure.body, &Wrap::ThreadRole { site, user });
        true
    }

    /// Returns the role by which people know the task of the next spawn in a function, if the crate is a known library.
    #[cfg(feature = "text")]
    fn known_role(&self, function: &str) -> Option<&'static str> {
        let roles = self.context.settings.rules.roles;
        if roles.is_empty() {
            return None;
        }
        let sites = self.findings.sites.iter();
        let before = sites.filter(|site| site.function == function).count();
        crate::known::roles::find(roles, function, before)
    }

    /// Returns nothing, because the attribute does not know the name of the crate.
    #[cfg(not(feature = "text"))]
    fn known_role(&self, _: &str) -> Option<&'static str> {
        None
    }

    /// Notes a spawn that is left alone.
    pub(super) fn uncovered(&mut self, span: Span, callee: String, reason: Reason) {
        self.findings.uncovered.push(Uncovered {
            position: self.context.position(span),
            function: self.context.function(),
            callee,
            reason,
        });
    }
}
