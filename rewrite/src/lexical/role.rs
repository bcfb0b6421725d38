//! The role of a task, derived from the argument of the spawn: `send_email`, `Server::run`, `accept::{closure}`.

use syn::{Expr, ExprCall, ExprMacro, ExprMethodCall, ExprPath, Path, Stmt};

use super::LexicalContext;
use super::types::type_name;
use crate::known::constructors;
use crate::known::methods;
use crate::syntax::naming;
use crate::syntax::paths::{is_type, names_from_last};

impl LexicalContext<'_> {
    /// Returns the role of a task; never empty.
    pub(crate) fn role(&self, task: &Expr) -> String {
        let known = self.known_role(task);
        known.unwrap_or_else(|| self.within("{task}"))
    }

    /// Returns the role of a task, if the expression shows it.
    pub(crate) fn known_role(&self, task: &Expr) -> Option<String> {
        match task {
            Expr::Closure(_) => Some(self.within("{closure}")),
            Expr::Async(_) => Some(self.within("{async}")),
            Expr::Paren(paren) => self.known_role(&paren.expr),
            Expr::Group(group) => self.known_role(&group.expr),
            Expr::Cast(cast) => self.known_role(&cast.expr),
            Expr::Reference(reference) => self.known_role(&reference.expr),
            Expr::Unary(unary) => self.known_role(&unary.expr),
            Expr::Await(awaited) => self.known_role(&awaited.base),
            Expr::Try(tried) => self.known_role(&tried.expr),
            Expr::Block(block) => self.known_role(tail(&block.block.stmts)?),
            Expr::Unsafe(block) => self.known_role(tail(&block.block.stmts)?),
            Expr::Struct(literal) => Some(self.role_of_path(&literal.path)),
            Expr::Macro(call) => self.role_of_macro(call),
            Expr::Call(call) => self.role_of_call(call),
            Expr::MethodCall(call) => self.role_of_method(call),
            Expr::Path(path) => self.role_of_value(path),
            _ => None,
        }
    }

    fn within(&self, what: &str) -> String {
        match self.names {
            [] => what.to_owned(),
            _ => format!("{}::{what}", self.function()),
        }
    }

    fn role_of_macro(&self, call: &ExprMacro) -> Option<String> {
        match naming::inner(&call.mac) {
            Some(inner) => self.known_role(&inner),
            None => Some(format!("{}!", call.mac.path.segments.last()?.ident)),
        }
    }

    fn role_of_call(&self, call: &ExprCall) -> Option<String> {
        let Expr::Path(path) = &*call.func else {
            return self.known_role(&call.func);
        };
        let mut names = names_from_last(&path.path);
        let (name, owner) = (names.next()?, names.next());
        if owner.is_some_and(|owner| constructors::points_to_argument(&owner, &name)) {
            self.known_role(call.args.first()?)
        } else if constructors::is_wrapper(&name) {
            self.known_role(call.args.last()?)
        } else {
            self.role_of_value(path)
        }
    }

    fn role_of_method(&self, call: &ExprMethodCall) -> Option<String> {
        let name = call.method.to_string();
        if methods::decorates(&name) {
            return self.known_role(&call.receiver);
        }
        let ty = self.type_of(&call.receiver);
        Some(ty.map_or_else(|| format!(".{name}"), |ty| format!("{ty}::{name}")))
    }

    /// Returns the role of a function by its path, or that of a local variable by its initial value.
    fn role_of_value(&self, path: &ExprPath) -> Option<String> {
        let owner = path.qself.as_ref();
        if let Some(ty) = owner.and_then(|qself| type_name(&qself.ty, self.self_ty)) {
            return Some(format!("{ty}::{}", path.path.segments.last()?.ident));
        }
        let name = path.path.get_ident();
        match name.and_then(|name| self.locals.get(&name.to_string())) {
            Some(local) => local.role.clone(),
            None if path.path.is_ident("self") => self.self_ty.map(str::to_owned),
            None => Some(self.role_of_path(&path.path)),
        }
    }

    /// Returns `run` for `module::run`, and `Server::run` for `module::Server::run`.
    fn role_of_path(&self, path: &Path) -> String {
        let mut names = names_from_last(path);
        let last = names.next().unwrap_or_default();
        match names.next() {
            Some(owner) if owner == "Self" => format!("{}::{last}", self.self_ty.unwrap_or("Self")),
            Some(owner) if is_type(&owner) => format!("{owner}::{last}"),
            _ if last == "Self" => self.self_ty.unwrap_or("Self").to_owned(),
            _ => last,
        }
    }
}

fn tail(stmts: &[Stmt]) -> Option<&Expr> {
    match stmts.last()? {
        Stmt::Expr(expr, None) => Some(expr),
        _ => None,
    }
}
