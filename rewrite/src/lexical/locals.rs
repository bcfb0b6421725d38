//! What is known of the local variables: their types, where visible, and what the tasks in them are.

use syn::{Expr, FnArg, Local, Pat, Type};

use crate::known::constructors::{self, is_constructor, is_pointer};
use crate::known::methods::{self, Effect};

/// What is known of one local variable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Binding {
    /// The last segment of its type, references and smart pointers looked through.
    pub ty: Option<String>,
    /// The role of a task that is spawned from it.
    pub role: Option<String>,
    /// Whether it is a closure literal without parameters, which only its own function can tell when it may be called.
    pub closure: bool,
    /// The thread scope that it stands for, as `s` in `thread::scope(|s| …)`.
    pub thread_scope: Option<ThreadScope>,
    /// Whether it is, or was made from, a task that the enclosing function was handed by its caller.
    pub is_received: bool,
}

/// Which scope function a closure parameter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThreadScope {
    /// `thread::scope` of std or crossbeam: its spawns are scoped threads.
    Thread,
    /// A bare `scope`: std's closures take no parameter, rayon's take one.
    Unknown,
}

/// The variables in scope, innermost block last.
#[derive(Default)]
pub(crate) struct Locals(Vec<Vec<(String, Binding)>>);

impl Locals {
    pub(crate) fn push(&mut self) {
        self.0.push(Vec::new());
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }

    pub(crate) fn bind(&mut self, name: String, binding: Binding) {
        if let Some(block) = self.0.last_mut() {
            block.push((name, binding));
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Binding> {
        let mut newest_first = self.0.iter().rev().flat_map(|block| block.iter().rev());
        newest_first
            .find(|(bound, _)| bound == name)
            .map(|(_, binding)| binding)
    }

    /// Whether any variable is, or was made from, a task of the caller's.
    pub(crate) fn has_received(&self) -> bool {
        self.0
            .iter()
            .flatten()
            .any(|(_, binding)| binding.is_received)
    }

    /// Binds a parameter of a function with the type that its signature shows.
    pub(crate) fn bind_parameter(
        &mut self,
        argument: &FnArg,
        self_ty: Option<&str>,
        handed: &[String],
    ) {
        if let FnArg::Typed(typed) = argument
            && let Pat::Ident(name) = &*typed.pat
        {
            let ty = type_name(&typed.ty, self_ty);
            let name = name.ident.to_string();
            let binding = Binding {
                ty,
                is_received: handed.contains(&name),
                ..Binding::default()
            };
            self.bind(name, binding);
        }
    }
}

/// The name that a `let` binds, and the type that it declares.
pub(crate) fn local_name(local: &Local, self_ty: Option<&str>) -> Option<(String, Option<String>)> {
    let (pat, ty) = match &local.pat {
        Pat::Type(typed) => (&*typed.pat, type_name(&typed.ty, self_ty)),
        pat => (pat, None),
    };
    match pat {
        Pat::Ident(name) => Some((name.ident.to_string(), ty)),
        _ => None,
    }
}

/// The last segment of a type, looking through references and smart pointers.
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

/// The type of an initialiser, where it is visible: `Server::new(…)`, `Server { … }`, `Server(…)`.
pub(crate) fn expr_type(expr: &Expr, locals: &Locals, self_ty: Option<&str>) -> Option<String> {
    match expr {
        Expr::Paren(paren) => expr_type(&paren.expr, locals, self_ty),
        Expr::Group(group) => expr_type(&group.expr, locals, self_ty),
        Expr::Reference(reference) => expr_type(&reference.expr, locals, self_ty),
        Expr::Await(awaited) => constructed(&awaited.base, locals, self_ty),
        Expr::Try(tried) => constructed(&tried.expr, locals, self_ty),
        Expr::Struct(literal) => Some(resolve_self(
            &literal.path.segments.last()?.ident.to_string(),
            self_ty,
        )),
        Expr::MethodCall(call) if has(call, Effect::Clones) => {
            expr_type(&call.receiver, locals, self_ty)
        }
        Expr::Call(_) | Expr::MethodCall(_) => constructed(expr, locals, self_ty),
        Expr::Path(path) => match path.path.get_ident()?.to_string().as_str() {
            "self" => self_ty.map(str::to_owned),
            name => match locals.get(name) {
                Some(local) => local.ty.clone(),
                None => is_type(name).then(|| resolve_self(name, self_ty)),
            },
        },
        _ => None,
    }
}

/// The type that a constructor call gives, also under `?`, `.await` and `unwrap()`.
fn constructed(expr: &Expr, locals: &Locals, self_ty: Option<&str>) -> Option<String> {
    match expr {
        Expr::Await(awaited) => constructed(&awaited.base, locals, self_ty),
        Expr::Try(tried) => constructed(&tried.expr, locals, self_ty),
        Expr::MethodCall(call) if has(call, Effect::Constructs) => {
            constructed(&call.receiver, locals, self_ty)
        }
        // The methods of a builder give it back, by convention.
        Expr::MethodCall(call) if !has(call, Effect::Builds) => {
            constructed(&call.receiver, locals, self_ty).filter(|ty| ty.ends_with("Builder"))
        }
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else {
                return None;
            };
            let names = segment_names(&path.path);
            match names.as_slice() {
                [.., ty, name] if is_pointer(ty) && constructors::takes_content(name) => {
                    expr_type(call.args.first()?, locals, self_ty)
                }
                [.., ty, constructor] if is_type(ty) && is_constructor(constructor) => {
                    Some(resolve_self(ty, self_ty))
                }
                [.., ty] if is_type(ty) => Some(resolve_self(ty, self_ty)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn has(call: &syn::ExprMethodCall, effect: Effect) -> bool {
    methods::has(&call.method.to_string(), effect)
}

/// Whether a segment is a type by the usual convention.
pub(crate) fn is_type(name: &str) -> bool {
    name.starts_with(char::is_uppercase) && name.chars().any(char::is_lowercase)
        || name.len() == 1 && name.starts_with(char::is_uppercase)
}

fn resolve_self(name: &str, self_ty: Option<&str>) -> String {
    match self_ty {
        Some(ty) if name == "Self" => ty.to_owned(),
        _ => name.to_owned(),
    }
}

/// The segments of a path without their arguments.
pub(crate) fn segment_names(path: &syn::Path) -> Vec<String> {
    names(path).collect()
}

/// The same, the last one first: the name of a function, and then what it is of.
pub(crate) fn names_from_last(path: &syn::Path) -> impl Iterator<Item = String> {
    names(path).rev()
}

fn names(path: &syn::Path) -> impl DoubleEndedIterator<Item = String> {
    let segments = path.segments.iter();
    segments.map(|segment| segment.ident.to_string())
}
