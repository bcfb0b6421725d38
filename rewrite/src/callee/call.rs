//! The callee of a call as written in the source.

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprPath, Ident, Token};

use super::receiver;
use crate::known::callees::{self, Row};
use crate::known::crates;
use crate::lexical::LexicalContext;
use crate::syntax::paths::{is_type, joined, names_from_last};

/// A callee as written.
pub(crate) struct Callee<'a> {
    /// The last segment of the path, or the name of the method.
    pub name: &'a Ident,
    /// The path, unless the callee is a method.
    pub path: Option<&'a ExprPath>,
    /// The receiver of a method, if it was parsed.
    pub receiver: Option<&'a Expr>,
}

/// The arguments of a call.
pub(crate) type Arguments = Punctuated<Expr, Token![,]>;

const MAX_RECEIVER_LEN: usize = 60;

impl<'a> Callee<'a> {
    /// Returns the callee and the arguments of a call, if the callee is a path or a method.
    pub(crate) fn of(expr: &'a Expr) -> Option<(Callee<'a>, &'a Arguments)> {
        match expr {
            Expr::Call(call) => Some((Callee::of_path(&call.func)?, &call.args)),
            Expr::MethodCall(call) => Some((
                Callee {
                    name: &call.method,
                    path: None,
                    receiver: Some(&call.receiver),
                },
                &call.args,
            )),
            _ => None,
        }
    }

    fn of_path(function: &'a Expr) -> Option<Callee<'a>> {
        let Expr::Path(path) = function else {
            return None;
        };
        Some(Callee {
            name: &path.path.segments.last()?.ident,
            path: Some(path),
            receiver: None,
        })
    }

    /// Returns the callee of a method whose receiver is known as tokens only.
    pub(crate) fn of_method(name: &'a Ident) -> Callee<'a> {
        Callee {
            name,
            path: None,
            receiver: None,
        }
    }

    /// Returns the row of the callee, from the table or from `also`.
    pub(crate) fn row(&self, args: &Arguments, also: &[String]) -> Option<Row> {
        let name = self.name.to_string();
        callees::find(&name, self.path.is_none(), args.len(), also)
    }

    /// Returns `true` if the table or `also` has the callee.
    pub(crate) fn is_in_table(&self, args: &Arguments, also: &[String]) -> bool {
        self.row(args, also).is_some()
    }

    /// Returns the type of the receiver, if the code in sight shows it.
    pub(crate) fn receiver_type(&self, context: &LexicalContext) -> Option<String> {
        context.type_of(self.receiver?)
    }

    /// Returns the first segment of the path.
    pub(crate) fn first_segment(&self) -> Option<String> {
        let first = self.path?.path.segments.first()?;
        Some(first.ident.to_string())
    }

    /// Returns the position that `std::panic::Location::caller()` has for the call.
    pub(crate) fn span(&self) -> Span {
        self.path.map_or(self.name.span(), Spanned::span)
    }

    /// Returns `true` if the call is in a function of the same name.
    pub(crate) fn is_named_like_its_caller(&self, context: &LexicalContext) -> bool {
        let caller = context.names.last();
        caller.is_some_and(|caller| self.name == caller)
    }

    /// Returns `true` for `Scope::spawn(scope, task)`.
    pub(crate) fn is_called_on_a_type(&self) -> bool {
        let owner = self.path.and_then(|it| names_from_last(&it.path).nth(1));
        owner.is_some_and(|owner| is_type(&owner))
    }

    /// Returns `true` if the name of the receiver contains one of the words.
    pub(crate) fn receiver_mentions(&self, words: &[&str]) -> bool {
        let receiver = self.receiver;
        receiver.is_some_and(|receiver| receiver::mentions(receiver, words))
    }

    /// Returns `true` if a segment of the path passes the test.
    pub(crate) fn path_has(&self, test: impl Fn(&str) -> bool) -> bool {
        self.path
            .is_some_and(|path| receiver::any_segment(path, test))
    }

    /// Returns `true` if the path or the receiver is a builder, such as `std::thread::Builder`.
    pub(crate) fn is_of_builder(&self, context: &LexicalContext) -> bool {
        let receiver = self.receiver;
        receiver.is_some_and(|receiver| receiver::is_builder(receiver, context))
            || self.path_has(receiver::is_builder_type)
    }

    /// Returns `true` if the path or a builder shows that the callee starts an OS thread.
    pub(crate) fn names_a_thread(&self, context: &LexicalContext) -> bool {
        let chain = self.receiver.and_then(receiver::chain).unwrap_or_default();
        let is_of_tokio = chain.contains("task::Builder");
        self.path_has(crates::starts_threads) || self.is_of_builder(context) && !is_of_tokio
    }

    /// Returns the callee as written: `tokio::spawn`, `self.pool.spawn`. A long receiver is omitted, as in `.spawn`.
    pub(crate) fn as_written(&self) -> String {
        if let Some(path) = self.path {
            return joined(&path.path);
        }
        let receiver = self.receiver.and_then(receiver::chain);
        let receiver = receiver.filter(|text| text.len() <= MAX_RECEIVER_LEN);
        format!("{}.{}", receiver.unwrap_or_default(), self.name)
    }
}
