//! The role of a task, derived from the argument of the spawn: `send_email`, `Server::run`, `worker.run` if the type of
//! `worker` is not known, `accept::{closure}`.

use syn::{
    Expr, ExprCall, ExprClosure, ExprMacro, ExprMethodCall, ExprPath, Member, Pat, Path, Stmt,
};

use super::types::type_name;
use super::{LexicalContext, UNKNOWN};
use crate::known::constructors;
use crate::known::methods::{self, Effect};
use crate::syntax::naming;
use crate::syntax::paths::{is_type, names_from_last};

impl LexicalContext<'_> {
    /// Returns the role of a task; never empty.
    pub(crate) fn role(&self, task: &Expr) -> String {
        let known = self.known_role(task);
        known.unwrap_or_else(|| self.within(UNKNOWN))
    }

    /// Returns the role of a task, if the expression shows it.
    pub(crate) fn known_role(&self, task: &Expr) -> Option<String> {
        match task {
            Expr::Closure(closure) => Some(self.role_of_closure(closure)),
            Expr::Async(block) => {
                let role = self.role_of_block(&block.block);
                Some(role.unwrap_or_else(|| self.within("{async}")))
            }
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
            Expr::MethodCall(call) => {
                let role = self.role_of_method(call)?;
                Some(match role.strip_prefix('.') {
                    Some(method) => format!(
                        "{}.{method}",
                        first_name(&call.receiver).unwrap_or_default()
                    ),
                    None => role,
                })
            }
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

    /// Returns the role of the one call in the body. A parameter could be mistaken for a variable of the same name.
    fn role_of_closure(&self, closure: &ExprClosure) -> String {
        let hides_nothing = closure
            .inputs
            .iter()
            .all(|input| matches!(input, Pat::Wild(_)));
        let role = hides_nothing.then(|| self.role_of_body(&closure.body));
        role.flatten().unwrap_or_else(|| self.within("{closure}"))
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

    pub(super) fn role_of_method(&self, call: &ExprMethodCall) -> Option<String> {
        let name = call.method.to_string();
        if methods::decorates(&name) {
            return self.known_role(&call.receiver);
        }
        if methods::has(&name, Effect::Runs) {
            return self.known_role(call.args.last()?);
        }
        let ty = self.type_of(&call.receiver);
        Some(match ty {
            Some(ty) => format!("{ty}::{name}"),
            None => format!("{}.{name}", last_name(&call.receiver).unwrap_or_default()),
        })
    }

    /// Returns the role of a function by its path, or that of a local variable by its initial value.
    pub(super) fn role_of_value(&self, path: &ExprPath) -> Option<String> {
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

/// Returns the name of a variable or a field, behind references and `clone()`.
fn last_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Path(path) => names_from_last(&path.path).next(),
        Expr::Field(field) => match &field.member {
            Member::Named(name) => Some(name.to_string()),
            Member::Unnamed(_) => last_name(&field.base),
        },
        Expr::Index(index) => last_name(&index.expr),
        Expr::Paren(paren) => last_name(&paren.expr),
        Expr::Reference(reference) => last_name(&reference.expr),
        Expr::Unary(unary) => last_name(&unary.expr),
        Expr::MethodCall(call) if methods::has(&call.method.to_string(), Effect::Passes) => {
            last_name(&call.receiver)
        }
        _ => None,
    }
}

/// Returns the name at which a chain of calls begins: `client` of `client.get(url).header(key, value)`.
fn first_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::MethodCall(call) => last_name(&call.receiver).or_else(|| first_name(&call.receiver)),
        Expr::Call(call) => first_name(&call.func),
        Expr::Await(awaited) => first_name(&awaited.base),
        Expr::Try(tried) => first_name(&tried.expr),
        expr => last_name(expr),
    }
}

fn tail(stmts: &[Stmt]) -> Option<&Expr> {
    match stmts.last()? {
        Stmt::Expr(expr, None) => Some(expr),
        _ => None,
    }
}
