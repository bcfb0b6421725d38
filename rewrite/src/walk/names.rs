//! Blocks, patterns and `let`: which local variables come into scope, and what is known of them.

use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{Expr, Item, Pat, PatIdent, Stmt, UseTree};

use super::Walk;
use crate::lexical::locals::Local;
use crate::lexical::types;
use crate::syntax::shape;

impl Walk<'_> {
    /// Visits a part of a function whose variables are visible only there.
    pub(super) fn in_block(&mut self, visit: impl FnOnce(&mut Self)) {
        self.context.body.locals.push();
        visit(self);
        self.context.body.locals.pop();
    }

    /// Binds the names in a pattern. They stand for a task of the caller if `is_received`.
    pub(super) fn bind_pattern(&mut self, pat: &Pat, is_received: bool) {
        self.bind_names(pat, is_received, None);
    }

    /// Binds the names in a pattern. `role` is that of a task among them.
    fn bind_names(&mut self, pat: &Pat, is_received: bool, role: Option<&String>) {
        let mut names = Names(Vec::new());
        names.visit_pat(pat);
        for name in names.0 {
            let local = Local {
                is_received,
                role: role.cloned(),
                ..Local::default()
            };
            self.context.body.locals.bind(name, local);
        }
    }

    /// Visits a `let`. What its initial value shows is known of the variable.
    pub(super) fn local(&mut self, local: &mut syn::Local) {
        let known = self.known_of(local);
        let init = local.init.as_ref();
        let is_received = init.is_some_and(|init| self.context.mentions_received(&init.expr));
        let role = self.role_of_pair(local);
        self.bind_names(&local.pat, is_received, role.as_ref());
        if let Some(init) = &mut local.init {
            self.visit_expr_mut(&mut init.expr);
            if let Some((_, diverge)) = &mut init.diverge {
                self.visit_expr_mut(diverge);
            }
        }
        if let Some((name, known)) = known {
            let local = Local {
                is_received,
                ..known
            };
            self.context.body.locals.bind(name, local);
        }
    }

    /// Returns the role of a task that a call returns beside something else: `let (sender, connection) = handshake(io).await?`.
    fn role_of_pair(&self, local: &syn::Local) -> Option<String> {
        let init = local.init.as_ref().filter(|_| is_tuple(&local.pat))?;
        match behind_await(&init.expr) {
            call @ (Expr::Call(_) | Expr::MethodCall(_)) => self.context.lexical().known_role(call),
            _ => None,
        }
    }

    /// Returns what is known of the variable that a `let` binds.
    fn known_of(&self, local: &syn::Local) -> Option<(String, Local)> {
        let context = self.context.lexical();
        let (name, declared) = types::declared(local, context.self_ty)?;
        let init = local.init.as_ref().map(|init| &*init.expr);
        let known = Local {
            ty: declared.or_else(|| context.type_of(init?)),
            role: init.and_then(|init| context.known_role(init)),
            is_closure: shape::is_closure_variable(local),
            ..Local::default()
        };
        Some((name, known))
    }
}

fn is_tuple(pat: &Pat) -> bool {
    match pat {
        Pat::Tuple(_) => true,
        Pat::Type(typed) => is_tuple(&typed.pat),
        _ => false,
    }
}

/// Returns the operand of `.await` and `?`.
fn behind_await(expr: &Expr) -> &Expr {
    match expr {
        Expr::Await(awaited) => behind_await(&awaited.base),
        Expr::Try(tried) => behind_await(&tried.expr),
        expr => expr,
    }
}

/// The names that a pattern binds.
struct Names(Vec<String>);

impl<'a> Visit<'a> for Names {
    fn visit_pat_ident(&mut self, name: &'a PatIdent) {
        self.0.push(name.ident.to_string());
    }

    // No name is bound in these.
    fn visit_attribute(&mut self, _: &'a syn::Attribute) {}
    fn visit_expr(&mut self, _: &'a syn::Expr) {}
    fn visit_block(&mut self, _: &'a syn::Block) {}
    fn visit_type(&mut self, _: &'a syn::Type) {}
    fn visit_path(&mut self, _: &'a syn::Path) {}
}

/// Returns `true` for `use path::*`, also in a group.
pub(super) fn imports_all(statement: &Stmt) -> bool {
    fn is_glob(tree: &UseTree) -> bool {
        match tree {
            UseTree::Glob(_) => true,
            UseTree::Path(path) => is_glob(&path.tree),
            UseTree::Group(group) => group.items.iter().any(is_glob),
            UseTree::Name(_) | UseTree::Rename(_) => false,
        }
    }
    matches!(statement, Stmt::Item(Item::Use(item)) if is_glob(&item.tree))
}
