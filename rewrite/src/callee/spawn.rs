//! The model of a spawn: what the table of callees and the lexical context show of a call.

use proc_macro2::Span;
use syn::{Expr, LitStr};

use super::call::{Arguments, Callee};
use super::receiver;
use super::relay::Relay;
use super::takes::Takes;
use crate::known::callees::{self, Mode, Row};
use crate::known::crates;
use crate::lexical::LexicalContext;
use crate::lexical::locals::ThreadScope;
use crate::site::Kind;
use crate::syntax::shape::TaskShape;

/// A call that spawns.
pub(crate) struct Spawn {
    /// The row of the callee in the table.
    pub row: Row,
    /// The index of the argument that is the task.
    pub index: usize,
    /// The callee as written.
    pub callee: String,
    /// The position that `std::panic::Location::caller()` has for the call.
    pub span: Span,
    /// The role of the task.
    pub role: String,
    /// `true` if the callee returns an `io::Error` when it cannot spawn.
    pub fallible: bool,
    /// `true` if the name of the receiver is that of a pool, which calls each closure once.
    pub looks_like_pool: bool,
    /// The thread scope on which the method is called.
    pub thread_scope: Option<ThreadScope>,
    /// `true` if a closure with parameters may be the task, because a scope passes itself to the closure. Behind other
    /// arguments, a closure with parameters is what schedules the task.
    pub scope_closure_allowed: bool,
    /// `true` if a bound may require the exact type of the task. Such a bound can be on the type parameter of the
    /// receiver, or on the type of an `execute` that calls another `execute`.
    pub type_may_be_fixed: bool,
    /// `true` if the callee is known to call a closure once. The closure can then give up its record by value.
    pub called_once: bool,
    /// How the callee takes the task, as far as its signature is in sight.
    pub takes: Takes,
    /// The relation of the spawn to other calls that see the same task.
    pub relay: Relay,
    /// A text beside the task of a callee that may forward the task.
    pub text: Option<LitStr>,
    /// `true` if the result of the call is awaited directly.
    pub is_awaited: bool,
    /// `true` if only the name of the callee is like that of a spawn. The task stays as it is, and a spawn in the callee
    /// records it.
    pub is_guess: bool,
    names_a_thread: bool,
}

impl Callee<'_> {
    /// Returns the spawn that the call is, if the table or `also` has the callee.
    pub(crate) fn recognise(
        &self,
        args: &Arguments,
        also: &[String],
        context: &LexicalContext,
    ) -> Option<Spawn> {
        let row = self.row(args, also)?;
        let is_listed = row.name.is_empty();
        let index = task_index(&row, args);
        let names_a_thread = self.names_a_thread(context);
        let thread_scope = self
            .receiver
            .and_then(|receiver| receiver::thread_scope(receiver, context));
        Some(Spawn {
            row,
            index,
            callee: self.as_written(),
            span: self.span(),
            role: context.role(&args[index]),
            fallible: self.is_of_builder(context) && !is_listed,
            looks_like_pool: self.receiver_mentions(callees::POOLS),
            thread_scope,
            scope_closure_allowed: args.len() == 1 || is_listed || self.is_called_on_a_type(),
            type_may_be_fixed: self.type_may_be_fixed(context),
            called_once: row.blocking
                || names_a_thread
                || self.path_has(crates::calls_once)
                || thread_scope == Some(ThreadScope::Thread),
            takes: Takes::Unknown,
            relay: Relay::default(),
            text: None,
            is_awaited: false,
            is_guess: false,
            names_a_thread,
        })
    }

    fn type_may_be_fixed(&self, context: &LexicalContext) -> bool {
        let is_parameter = |ty: String| context.type_parameters.contains(&ty);
        self.is_named_like_its_caller(context)
            || self.receiver_type(context).is_some_and(is_parameter)
    }
}

/// Returns the index of the argument that is the task. A string behind the task is the name of the task.
fn task_index(row: &Row, args: &Arguments) -> usize {
    let last = args.len() - 1 - row.from_end;
    last - usize::from(last > 0 && is_string(&args[last]))
}

fn is_string(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(literal) => matches!(literal.lit, syn::Lit::Str(_)),
        Expr::Reference(reference) => is_string(&reference.expr),
        Expr::Macro(call) => call.mac.path.is_ident("format"),
        _ => false,
    }
}

impl Spawn {
    /// Adopts what the signature of the callee shows: which argument is the task, and how the callee takes it.
    pub(crate) fn follow(&mut self, takes: &[Takes], args: &Arguments, context: &LexicalContext) {
        let task = takes.iter().rposition(|takes| takes.is_task());
        if let Some(index) = task.filter(|_| !takes[self.index].is_task()) {
            self.index = index;
            self.role = context.role(&args[index]);
        }
        self.takes = takes[self.index];
        if let Takes::Task { called_once } | Takes::Literal { called_once } = self.takes {
            self.called_once = called_once;
            self.scope_closure_allowed = true;
        }
    }

    /// Takes the argument at a position that the user gives as the task.
    pub(crate) fn take(&mut self, index: usize, args: &Arguments, context: &LexicalContext) {
        if index != self.index {
            self.index = index;
            self.role = context.role(&args[index]);
            self.takes = Takes::Unknown;
        }
    }

    /// Returns `true` if the name of the callee shows that it starts an OS thread.
    pub(crate) fn starts_thread(&self) -> bool {
        self.names_a_thread || self.starts_scoped_thread()
    }

    /// Returns `true` if that thread ends before its spawner continues.
    pub(crate) fn starts_scoped_thread(&self) -> bool {
        let is_scoped = self.thread_scope == Some(ThreadScope::Thread);
        self.row.name == "spawn_scoped" || !self.names_a_thread && is_scoped
    }

    /// Returns `true` if the callee's signature, or the shape of the argument, shows that the call is a spawn.
    pub(crate) fn is_certain(&self, shape: TaskShape) -> bool {
        use TaskShape::{Never, Place, Value};
        !self.is_guess && (self.takes.is_task() || !matches!(shape, Place | Value | Never))
    }

    /// Returns the kind of the task, as far as the callee and the shape of the task show it.
    pub(crate) fn kind(&self, shape: TaskShape, has_parameters: bool) -> Kind {
        let is_closure = shape.is_closure();
        let may_be_scoped = self.thread_scope == Some(ThreadScope::Unknown) && !has_parameters;
        match shape {
            TaskShape::Async => Kind::Future,
            _ if self.row.mode == Mode::FutureFn => Kind::Future,
            _ if self.row.blocking => Kind::Blocking,
            _ if self.starts_scoped_thread() => Kind::ScopedThread,
            _ if self.names_a_thread => Kind::Thread,
            _ if is_closure && may_be_scoped => Kind::ScopedThread,
            _ if is_closure => Kind::Job,
            _ => Kind::Unknown,
        }
    }
}
