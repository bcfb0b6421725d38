//! What the task is, derived from the argument of the spawn: `send_email`, `Server::run`, `accept::{closure}`.

use syn::{Expr, ExprPath, Path, Stmt};

use crate::known::constructors;
use crate::known::methods::{self, Effect};
use crate::lexical::locals::{Locals, expr_type, is_type, names_from_last};
use crate::syntax::naming;

/// What is visible where the spawn stands.
pub(crate) struct LexicalContext<'a> {
    pub function: String,
    pub self_ty: Option<&'a str>,
    pub locals: &'a Locals,
    /// The type parameters of the enclosing items; in a trait, the trait.
    pub parameters: &'a [String],
}

impl LexicalContext<'_> {
    /// The role of the task; never empty.
    pub(crate) fn role(&self, task: &Expr) -> String {
        self.find(task).unwrap_or_else(|| self.within("{task}"))
    }

    /// The role of the task, unless nothing tells it.
    pub(crate) fn find(&self, task: &Expr) -> Option<String> {
        match task {
            Expr::Closure(_) => Some(self.within("{closure}")),
            Expr::Async(_) => Some(self.within("{async}")),
            Expr::Paren(paren) => self.find(&paren.expr),
            Expr::Group(group) => self.find(&group.expr),
            Expr::Cast(cast) => self.find(&cast.expr),
            Expr::Reference(reference) => self.find(&reference.expr),
            Expr::Unary(unary) => self.find(&unary.expr),
            Expr::Await(awaited) => self.find(&awaited.base),
            Expr::Try(tried) => self.find(&tried.expr),
            Expr::Block(block) => self.find(tail(&block.block.stmts)?),
            Expr::Unsafe(block) => self.find(tail(&block.block.stmts)?),
            Expr::Struct(literal) => Some(self.path(&literal.path)),
            Expr::Macro(call) => match naming::inner(&call.mac) {
                Some(inner) => self.find(&inner),
                None => Some(format!("{}!", call.mac.path.segments.last()?.ident)),
            },
            Expr::Call(call) => self.call(call),
            Expr::MethodCall(call) => self.method(call),
            Expr::Path(path) => self.value(path),
            _ => None,
        }
    }

    fn within(&self, what: &str) -> String {
        if self.function.is_empty() {
            what.to_owned()
        } else {
            format!("{}::{what}", self.function)
        }
    }

    fn call(&self, call: &syn::ExprCall) -> Option<String> {
        let Expr::Path(path) = &*call.func else {
            return self.find(&call.func);
        };
        let name = path.path.segments.last()?.ident.to_string();
        let owner = path
            .path
            .segments
            .iter()
            .nth_back(1)
            .map(|segment| segment.ident.to_string());
        match (owner.as_deref(), name.as_str()) {
            (Some(owner), name) if constructors::points_to_argument(owner, name) => {
                self.find(call.args.first()?)
            }
            (_, name) if constructors::is_wrapper(name) => self.find(call.args.last()?),
            _ => self.value(path),
        }
    }

    fn method(&self, call: &syn::ExprMethodCall) -> Option<String> {
        let name = call.method.to_string();
        if methods::has(&name, Effect::Decorates) {
            return self.find(&call.receiver);
        }
        match expr_type(&call.receiver, self.locals, self.self_ty) {
            Some(ty) => Some(format!("{ty}::{name}")),
            None => Some(format!(".{name}")),
        }
    }

    /// A function by its path, or a local variable by what it was made from.
    fn value(&self, path: &ExprPath) -> Option<String> {
        if let Some(qself) = &path.qself
            && let Some(ty) = crate::lexical::locals::type_name(&qself.ty, self.self_ty)
        {
            return Some(format!("{ty}::{}", path.path.segments.last()?.ident));
        }
        match path
            .path
            .get_ident()
            .and_then(|name| self.locals.get(&name.to_string()))
        {
            Some(local) => local.role.clone(),
            None if path.path.is_ident("self") => self.self_ty.map(str::to_owned),
            None => Some(self.path(&path.path)),
        }
    }

    /// `run` of `module::run`, `Server::run` of `module::Server::run`.
    fn path(&self, path: &Path) -> String {
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
