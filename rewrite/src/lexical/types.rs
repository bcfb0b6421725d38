//! The types of expressions and local variables, as far as they are written down.

use syn::{Expr, ExprCall, ExprMethodCall, ExprPath, Pat, Type};

use super::LexicalContext;
use crate::known::constructors::{self, is_constructor, is_pointer};
use crate::known::methods::{self, Effect};
use crate::syntax::paths::{is_type, segment_names};

/// Returns the name that a `let` binds, and the type that it declares.
pub(crate) fn declared(
    local: &syn::Local,
    self_ty: Option<&str>,
) -> Option<(String, Option<String>)> {
    let (pat, ty) = match &local.pat {
        Pat::Type(typed) => (&*typed.pat, type_name(&typed.ty, self_ty)),
        pat => (pat, None),
    };
    match pat {
        Pat::Ident(name) => Some((name.ident.to_string(), ty)),
        _ => None,
    }
}

/// Returns the last segment of a type, behind references and smart pointers.
pub(crate) fn type_name(ty: &Type, self_ty: Option<&str>) -> Option<String> {
    match ty {
        Type::Reference(reference) => type_name(&reference.elem, self_ty),
        Type::Paren(paren) => type_name(&paren.elem, self_ty),
        Type::Group(group) => type_name(&group.elem, self_ty),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            match first_type_argument(last) {
                Some(inner) if is_pointer(&last.ident.to_string()) => type_name(inner, self_ty),
                _ => Some(resolve_self(&last.ident.to_string(), self_ty)),
            }
        }
        _ => None,
    }
}

fn first_type_argument(segment: &syn::PathSegment) -> Option<&Type> {
    let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

impl LexicalContext<'_> {
    /// Returns the type of an expression if it is written down: `Server::new(…)`, `Server { … }`, `Server(…)`.
    pub(crate) fn type_of(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Paren(paren) => self.type_of(&paren.expr),
            Expr::Group(group) => self.type_of(&group.expr),
            Expr::Reference(reference) => self.type_of(&reference.expr),
            Expr::Await(awaited) => self.constructed(&awaited.base),
            Expr::Try(tried) => self.constructed(&tried.expr),
            Expr::Struct(literal) => Some(self.resolved(&literal.path.segments.last()?.ident)),
            Expr::MethodCall(call) if has(call, Effect::Clones) => self.type_of(&call.receiver),
            Expr::Call(_) | Expr::MethodCall(_) => self.constructed(expr),
            Expr::Path(path) => self.type_of_name(path),
            _ => None,
        }
    }

    /// Returns the type of `self`, of a variable, or of a unit struct.
    fn type_of_name(&self, path: &ExprPath) -> Option<String> {
        let name = path.path.get_ident()?;
        if name == "self" {
            return self.self_ty.map(str::to_owned);
        }
        let text = name.to_string();
        match self.locals.get(&text) {
            Some(local) => local.ty.clone(),
            None => is_type(&text).then(|| self.resolved(name)),
        }
    }

    /// Returns the type that a constructor call gives, also under `?`, `.await` and `unwrap()`.
    fn constructed(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Await(awaited) => self.constructed(&awaited.base),
            Expr::Try(tried) => self.constructed(&tried.expr),
            Expr::MethodCall(call) if has(call, Effect::Constructs) => {
                self.constructed(&call.receiver)
            }
            // The methods of a builder return the builder by convention.
            Expr::MethodCall(call) if !has(call, Effect::Builds) => {
                let ty = self.constructed(&call.receiver);
                ty.filter(|ty| ty.ends_with("Builder"))
            }
            Expr::Call(call) => self.constructed_by(call),
            _ => None,
        }
    }

    fn constructed_by(&self, call: &ExprCall) -> Option<String> {
        let Expr::Path(path) = &*call.func else {
            return None;
        };
        let names = segment_names(&path.path);
        match names.as_slice() {
            [.., ty, name] if is_pointer(ty) && constructors::takes_content(name) => {
                self.type_of(call.args.first()?)
            }
            [.., ty, constructor] if is_type(ty) && is_constructor(constructor) => {
                Some(resolve_self(ty, self.self_ty))
            }
            [.., ty] if is_type(ty) => Some(resolve_self(ty, self.self_ty)),
            _ => None,
        }
    }

    fn resolved(&self, name: &syn::Ident) -> String {
        resolve_self(&name.to_string(), self.self_ty)
    }
}

fn has(call: &ExprMethodCall, effect: Effect) -> bool {
    methods::has(&call.method.to_string(), effect)
}

fn resolve_self(name: &str, self_ty: Option<&str>) -> String {
    match self_ty {
        Some(ty) if name == "Self" => ty.to_owned(),
        _ => name.to_owned(),
    }
}
