//! Recognises a call as a spawn, and tells what the syntax shows of it.

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprPath, Ident, Token};

use crate::callee::relay::Relay;
use crate::callee::takes::Takes;
use crate::known::callees::{self, Row};
use crate::known::crates;
use crate::known::methods::{self, Effect};
use crate::known::scope_functions::{self, Runs};
use crate::lexical::locals::{self, ThreadScope};
use crate::lexical::role::LexicalContext;
use crate::site::Kind;
use crate::syntax::shape::TaskShape;

/// A callee as it stands in the source.
pub(crate) struct Callee<'a> {
    pub name: &'a Ident,
    /// The path of a call by path.
    pub path: Option<&'a ExprPath>,
    /// The receiver of a method, unless only tokens are at hand.
    pub receiver: Option<&'a Expr>,
}

/// The arguments of a call.
pub(crate) type Arguments = Punctuated<Expr, Token![,]>;

/// A call that the table knows.
pub(crate) struct Spawn {
    pub row: Row,
    /// Which argument is the task.
    pub index: usize,
    pub callee: String,
    /// Where `std::panic::Location::caller()` sees the call.
    pub span: Span,
    pub role: String,
    pub fallible: bool,
    /// Whether the receiver's name tells of a pool that calls each closure once.
    pub looks_like_pool: bool,
    /// The thread scope on which it is called.
    pub thread_scope: Option<ThreadScope>,
    /// Whether a closure with parameters may be the task: a scope gives itself to it, as its only argument but for
    /// the scope itself. Behind other arguments it is what schedules them.
    pub scope_closure_allowed: bool,
    /// Whether a bound may demand this very type of the task: on the receiver, whose type is a type parameter, or
    /// on what it is a field of, in an `execute` that hands on to another `execute`.
    pub type_may_be_fixed: bool,
    threads: bool,
    /// Whether the callee is known to call a closure once, so that it may give up its birth on the way.
    pub called_once: bool,
    /// How the callee takes the task, as far as its signature is in sight.
    pub takes: Takes,
    /// What it has to do with other calls that see the same task.
    pub relay: Relay,
    /// Whether its result is awaited as it stands.
    pub awaited: bool,
    /// `true` if only the name is like that of a spawn. The task stays as it is, and a spawn in the callee records it.
    pub guessed: bool,
}

impl<'a> Callee<'a> {
    /// The callee of a call expression, if it is written as a path or a method.
    pub(crate) fn of(expr: &'a Expr) -> Option<(Callee<'a>, &'a Arguments)> {
        match expr {
            Expr::Call(call) => {
                let Expr::Path(path) = &*call.func else {
                    return None;
                };
                let name = &path.path.segments.last()?.ident;
                Some((
                    Callee {
                        name,
                        path: Some(path),
                        receiver: None,
                    },
                    &call.args,
                ))
            }
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

    /// Returns the row of the callee, from the table or from `also`.
    fn row(&self, args: &Arguments, also: &[String]) -> Option<Row> {
        let name = self.name.to_string();
        callees::find(&name, self.path.is_none(), args.len(), also)
    }

    /// Returns `true` if the table or `also` has the callee.
    pub(crate) fn is_in_table(&self, args: &Arguments, also: &[String]) -> bool {
        self.row(args, also).is_some()
    }

    /// Returns the type of the receiver, if the code in sight shows it.
    pub(crate) fn receiver_type(&self, context: &LexicalContext) -> Option<String> {
        locals::expr_type(self.receiver?, context.locals, context.self_ty)
    }

    /// Looks the callee up in the table.
    pub(crate) fn recognise(
        &self,
        args: &Arguments,
        also: &[String],
        context: &LexicalContext,
    ) -> Option<Spawn> {
        let row = self.row(args, also)?;
        let last = args.len() - 1 - row.from_end;
        let index = last - usize::from(last > 0 && is_text(&args[last]));
        let builder = self
            .receiver
            .is_some_and(|receiver| is_builder(receiver, context))
            || self.path_has(is_builder_type);
        let chain = self.receiver.and_then(chain).unwrap_or_default();
        let tokio = chain.contains("task::Builder");
        let threads = self.path_has(crates::starts_threads) || builder && !tokio;
        let scope = self
            .receiver
            .and_then(|receiver| scope_of(receiver, context));
        Some(Spawn {
            row,
            index,
            callee: self.as_written(),
            span: self.path.map_or(self.name.span(), Spanned::span),
            role: context.role(&args[index]),
            fallible: builder && !row.name.is_empty(),
            looks_like_pool: self
                .receiver
                .is_some_and(|receiver| mentions(receiver, callees::POOLS)),
            called_once: row.blocking
                || threads
                || self.path_has(crates::calls_once)
                || scope == Some(ThreadScope::Thread),
            thread_scope: scope,
            scope_closure_allowed: args.len() == 1
                || row.name.is_empty()
                || self.is_called_on_a_type(),
            type_may_be_fixed: self.is_named_like_its_caller(context)
                || self
                    .receiver_type(context)
                    .is_some_and(|ty| context.parameters.contains(&ty)),
            threads,
            takes: Takes::Unknown,
            relay: Relay::default(),
            awaited: false,
            guessed: false,
        })
    }

    /// Whether the enclosing function is of the same name.
    pub(crate) fn is_named_like_its_caller(&self, context: &LexicalContext) -> bool {
        context
            .function
            .rsplit("::")
            .next()
            .is_some_and(|function| self.name == function)
    }

    /// `Scope::spawn(scope, task)`.
    fn is_called_on_a_type(&self) -> bool {
        let owner = self
            .path
            .and_then(|path| path.path.segments.iter().nth_back(1));
        owner.is_some_and(|owner| locals::is_type(&owner.ident.to_string()))
    }

    fn path_has(&self, test: impl Fn(&str) -> bool) -> bool {
        self.path.is_some_and(|path| any_segment(path, test))
    }

    /// `tokio::spawn`, `self.pool.spawn`, `thread::Builder::new().name().spawn`; `.spawn` of a longer receiver.
    fn as_written(&self) -> String {
        if let Some(path) = self.path {
            return path_text(path);
        }
        let receiver = self
            .receiver
            .and_then(chain)
            .filter(|text| text.len() <= LONGEST_RECEIVER);
        format!("{}.{}", receiver.unwrap_or_default(), self.name)
    }
}

const LONGEST_RECEIVER: usize = 60;

impl Spawn {
    /// Follows the signature of the callee: which argument is the task, and how it is taken.
    pub(crate) fn follow(&mut self, takes: &[Takes], args: &Arguments, context: &LexicalContext) {
        let is_task = takes[self.index].is_task();
        if let Some(index) = takes
            .iter()
            .rposition(|takes| takes.is_task())
            .filter(|_| !is_task)
        {
            self.index = index;
            self.role = context.role(&args[index]);
        }
        self.takes = takes[self.index];
        if let Takes::Task { called_once } | Takes::Literal { called_once } = self.takes {
            self.called_once = called_once;
            self.scope_closure_allowed = true;
        }
    }

    /// Whether the callee starts an OS thread, as far as its name shows.
    pub(crate) fn starts_thread(&self) -> bool {
        self.threads || self.starts_scoped_thread()
    }

    /// Whether that thread ends before its spawner goes on.
    pub(crate) fn starts_scoped_thread(&self) -> bool {
        self.row.name == "spawn_scoped"
            || !self.threads && self.thread_scope == Some(ThreadScope::Thread)
    }

    /// Returns `true` if the callee's signature, or the shape of the argument, shows that the call is a spawn.
    pub(crate) fn is_certain(&self, shape: TaskShape) -> bool {
        self.takes.is_task()
            || !matches!(
                shape,
                TaskShape::Place | TaskShape::Value | TaskShape::Never
            )
    }

    /// What is spawned, as far as the callee and the shape of the task show it.
    pub(crate) fn kind(&self, shape: TaskShape, parameters: bool) -> Kind {
        let closure = matches!(
            shape,
            TaskShape::Closure { .. } | TaskShape::ClosureVariable
        );
        match shape {
            TaskShape::Async => Kind::Future,
            _ if matches!(self.row.mode, callees::Mode::FutureFn) => Kind::Future,
            _ if self.row.blocking => Kind::Blocking,
            _ if self.starts_scoped_thread() => Kind::ScopedThread,
            _ if self.threads => Kind::Thread,
            _ if self.thread_scope == Some(ThreadScope::Unknown) && closure && !parameters => {
                Kind::ScopedThread
            }
            _ if closure => Kind::Job,
            _ => Kind::Unknown,
        }
    }
}

/// Whether an argument is a text, as the name of a task is that stands behind it.
fn is_text(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(literal) => matches!(literal.lit, syn::Lit::Str(_)),
        Expr::Reference(reference) => is_text(&reference.expr),
        Expr::Macro(call) => call.mac.path.is_ident("format"),
        _ => false,
    }
}

/// The scope function whose closure parameter is the receiver.
fn scope_of(receiver: &Expr, context: &LexicalContext) -> Option<ThreadScope> {
    match receiver {
        Expr::Path(path) => {
            context
                .locals
                .get(&path.path.get_ident()?.to_string())?
                .thread_scope
        }
        _ => None,
    }
}

/// Whether the call `scope(|s| …)` gives its closure a thread scope.
pub(crate) fn opens_scope(expr: &Expr) -> Option<ThreadScope> {
    let (callee, _) = Callee::of(expr)?;
    let scope = scope_functions::find(&callee.name.to_string(), Runs::WithThreads)?;
    let path = callee.path?;
    match path.path.segments.len() {
        _ if any_segment(path, |name| scope.paths.contains(&name)) => Some(ThreadScope::Thread),
        1 => Some(ThreadScope::Unknown),
        _ => None,
    }
}

/// Whether the call runs its last argument on another thread while its caller waits, as the caller's own task.
pub(crate) fn inherits(expr: &Expr) -> bool {
    let Some((callee, args)) = Callee::of(expr) else {
        return false;
    };
    let literal =
        matches!(args.last(), Some(Expr::Closure(closure)) if closure.asyncness.is_none());
    let Some(scope) = scope_functions::find(&callee.name.to_string(), Runs::OnPool) else {
        return false;
    };
    literal
        && match callee.receiver {
            Some(receiver) => mentions(receiver, scope.receivers),
            None => callee.path_has(|name| scope.paths.contains(&name)),
        }
}

/// Whether the receiver is a `Builder`: in its chain of calls, or by the type of its variable.
fn is_builder(receiver: &Expr, context: &LexicalContext) -> bool {
    match receiver {
        Expr::Path(path) => {
            let local = path
                .path
                .get_ident()
                .and_then(|name| context.locals.get(&name.to_string()));
            local
                .and_then(|local| local.ty.as_deref())
                .is_some_and(is_builder_type)
        }
        Expr::Call(call) => {
            matches!(&*call.func, Expr::Path(path) if any_segment(path, is_builder_type))
        }
        Expr::MethodCall(call) => is_builder(&call.receiver, context),
        Expr::Paren(paren) => is_builder(&paren.expr, context),
        Expr::Try(tried) => is_builder(&tried.expr, context),
        _ => false,
    }
}

fn is_builder_type(name: &str) -> bool {
    name == "Builder"
}

fn any_segment(path: &ExprPath, test: impl Fn(&str) -> bool) -> bool {
    let mut segments = path.path.segments.iter();
    segments.any(|segment| test(&segment.ident.to_string()))
}

/// Whether the last name of a receiver, under `?`, `unwrap()` and the like, contains one of the words.
pub(crate) fn mentions(receiver: &Expr, words: &[&str]) -> bool {
    let matches = |name: String| words.iter().any(|word| name.to_lowercase().contains(word));
    match receiver {
        Expr::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| matches(last.ident.to_string())),
        Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => matches(name.to_string()),
            syn::Member::Unnamed(_) => mentions(&field.base, words),
        },
        Expr::Paren(paren) => mentions(&paren.expr, words),
        Expr::Reference(reference) => mentions(&reference.expr, words),
        Expr::Unary(unary) => mentions(&unary.expr, words),
        Expr::Try(tried) => mentions(&tried.expr, words),
        Expr::Await(awaited) => mentions(&awaited.base, words),
        Expr::MethodCall(call) if methods::has(&call.method.to_string(), Effect::Accesses) => {
            mentions(&call.receiver, words)
        }
        Expr::MethodCall(call) => matches(call.method.to_string()),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => locals::names_from_last(&path.path).take(2).any(matches),
            _ => false,
        },
        _ => false,
    }
}

/// The receiver without arguments, as long as it is a chain of names, fields and calls.
fn chain(expr: &Expr) -> Option<String> {
    Some(match expr {
        Expr::Path(path) => path_text(path),
        Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => format!("{}.{name}", chain(&field.base)?),
            syn::Member::Unnamed(index) => format!("{}.{}", chain(&field.base)?, index.index),
        },
        Expr::MethodCall(call) => format!("{}.{}()", chain(&call.receiver)?, call.method),
        Expr::Call(call) => format!("{}()", chain(&call.func)?),
        Expr::Try(tried) => format!("{}?", chain(&tried.expr)?),
        Expr::Await(awaited) => format!("{}.await", chain(&awaited.base)?),
        Expr::Paren(paren) => chain(&paren.expr)?,
        Expr::Reference(reference) => chain(&reference.expr)?,
        _ => return None,
    })
}

pub(crate) fn path_text(path: &ExprPath) -> String {
    locals::segment_names(&path.path).join("::")
}
