//! The tasks that a function received from its caller, and the expressions that mention them.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Expr, FnArg, Generics, Pat, Signature};

use super::call::Callee;
use super::takes::{Declared, Reader, Takes};
use crate::lexical::locals::Locals;

/// The parameters of a function that may be tasks.
#[derive(Default)]
pub(crate) struct ReceivedTasks {
    /// The names of the parameters.
    pub names: Vec<String>,
    /// `true` if bounds show that the parameters are tasks. Otherwise nothing is known of their types.
    pub are_bounded: bool,
}

impl ReceivedTasks {
    /// Reads a signature. `outer` has the type parameters of the `impl` around it.
    pub(crate) fn of(signature: &Signature, outer: Option<&Generics>) -> Self {
        let reader = Reader {
            declared: &Declared::default(),
            signature,
            outer,
        };
        let takes = reader.parameters();
        let bounded = parameters(signature, &takes, Takes::has_bound);
        if !bounded.is_empty() {
            return ReceivedTasks {
                names: bounded,
                are_bounded: true,
            };
        }
        ReceivedTasks {
            names: parameters(signature, &takes, Takes::may_be_task),
            are_bounded: false,
        }
    }
}

/// Returns the names of the parameters that are taken in a certain way. `takes` has an entry for each parameter.
pub(super) fn parameters(
    signature: &Signature,
    takes: &[Takes],
    is_wanted: impl Fn(Takes) -> bool,
) -> Vec<String> {
    let inputs = signature.inputs.iter().zip(takes);
    let wanted = inputs.filter(|(_, takes)| is_wanted(**takes));
    wanted.filter_map(|(input, _)| name(input)).collect()
}

fn name(input: &FnArg) -> Option<String> {
    match input {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(name) => Some(name.ident.to_string()),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    }
}

/// Returns `true` if an expression mentions a received task outside of the spawns in it.
pub(crate) fn mentions_received(expr: &Expr, locals: &Locals, also: &[String]) -> bool {
    if !locals.has_received() {
        return false;
    }
    let mut search = Search {
        locals,
        also,
        found: false,
    };
    search.visit_expr(expr);
    search.found
}

/// A search for names of received tasks.
struct Search<'a> {
    locals: &'a Locals,
    also: &'a [String],
    found: bool,
}

impl Search<'_> {
    fn name(&mut self, name: &str) {
        let local = self.locals.get(name);
        self.found |= local.is_some_and(|local| local.is_received);
    }

    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(name) => self.name(&name.to_string()),
                TokenTree::Group(group) => self.tokens(group.stream()),
                _ => {}
            }
        }
    }
}

impl<'a> Visit<'a> for Search<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        let spawn =
            Callee::of(expr).is_some_and(|(callee, args)| callee.is_in_table(args, self.also));
        if !spawn {
            visit::visit_expr(self, expr);
        }
    }

    fn visit_expr_path(&mut self, path: &'a syn::ExprPath) {
        if let Some(name) = path.path.get_ident() {
            self.name(&name.to_string());
        }
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        self.tokens(call.tokens.clone());
    }
}
