//! Functions that hand a task on: `fn spawn(task: F) { tokio::spawn(task) }`.
//!
//! Such a task is spawned once and goes through two calls that look like spawns, so that one of them must not make a
//! record. The record is that of the first call, which knows best where the task comes from. Only the program knows
//! which call is the first: a function may be called from code that is not instrumented. So the first call *announces*
//! its task until it has returned (`announced.rs` of the runtime), and a spawn of what a function was *handed* by its
//! caller makes no record while one is announced.
//!
//! A callee that is out of sight may be known by its name alone, which begins as a spawn's does. Its task stays as it is,
//! because the type may be written down somewhere. The call announces a task without a record, and the spawn to which
//! the task is handed records it as if it were the call.
//!
//! Calls of well-known libraries announce nothing, because no instrumented function stands behind them.
//!
//! A function that gives a parameter as it is to a callee of the table is a callee itself, where it is in sight
//! ([`forwards_parameter`]). Its record would otherwise have the role and the site of the spawn in it.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Block, Expr, FnArg, Generics, Pat, Signature};

use crate::callee::spawn::{Arguments, Callee};
use crate::callee::takes::{Declared, Reader, Takes};
use crate::imports::Imports;
use crate::known::crates;
use crate::lexical::locals::{self, Locals};
use crate::lexical::role::LexicalContext;

/// What a spawn has to do with other calls that see the same task.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Relay {
    /// The callee may hand the task on: its record is announced to what it calls.
    pub announces: bool,
    /// The task was handed to the enclosing function, by whose caller it may be recorded.
    pub is_received: bool,
    /// The enclosing function was handed a task by its caller, and this is another one. The announcement of that task
    /// goes on when the call has returned.
    pub beside: bool,
    /// The enclosing function may run after its caller's call has returned, when the result is awaited.
    pub late: bool,
}

/// Whether the callee may be a function that hands its task on to another spawn.
pub(crate) fn may_forward(
    callee: &Callee,
    task: &Expr,
    context: &LexicalContext,
    imports: &Imports,
    args: &Arguments,
) -> bool {
    let Some(path) = callee.path else {
        // A scope gives itself to the closure.
        let scoped =
            args.len() == 1 && matches!(task, Expr::Closure(closure) if !closure.inputs.is_empty());
        let ty = callee.receiver_type(context);
        return callee.receiver.is_some()
            && !scoped
            && ty.is_none_or(|ty| !crates::is_type_of_library(&ty));
    };
    let first = path.path.segments.first();
    let first = first.map_or_else(String::new, |first| first.ident.to_string());
    match imports.root(&first) {
        Some(root) => !crates::is_library(root),
        None => path.path.segments.len() == 1 || !crates::is_library(&first),
    }
}

/// The parameters of a function that may be the task which it hands on.
#[derive(Default)]
pub(crate) struct ReceivedTasks {
    pub names: Vec<String>,
    /// Whether bounds say that they are tasks, rather than types of which nothing is known.
    pub are_bounded: bool,
}

impl ReceivedTasks {
    /// Reads a signature; `outer` are the type parameters of the `impl` around it.
    pub(crate) fn of(signature: &Signature, outer: Option<&Generics>) -> Self {
        let declared = Declared::default();
        let reader = Reader {
            declared: &declared,
            signature,
            outer,
        };
        let takes = reader.parameters();
        let candidates = |sure: bool| -> Vec<String> {
            let inputs = signature.inputs.iter().zip(&takes);
            let maybe =
                inputs.filter(|(_, takes)| takes.may_be_task() && (takes.has_bound() || !sure));
            maybe.filter_map(|(input, _)| name(input)).collect()
        };
        let names = candidates(true);
        match names.is_empty() {
            true => ReceivedTasks {
                names: candidates(false),
                are_bounded: false,
            },
            false => ReceivedTasks {
                names,
                are_bounded: true,
            },
        }
    }
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

/// Returns `true` if a function gives a parameter to a callee of the table, once and before it returns, and does nothing
/// else with a task. Each of `takes` is how the parameter at that position is taken.
pub(crate) fn forwards_parameter(
    signature: &Signature,
    takes: &[Takes],
    block: &Block,
    also: &[String],
) -> bool {
    let parameters = signature.inputs.iter().zip(takes);
    let tasks = parameters.filter(|(_, takes)| takes.has_bound());
    let tasks: Vec<String> = tasks.filter_map(|(input, _)| name(input)).collect();
    if tasks.is_empty() || signature.asyncness.is_some() {
        return false;
    }
    let mut search = Given {
        tasks,
        also,
        found: false,
        others: false,
    };
    search.visit_block(block);
    search.found && !search.others
}

/// A search for a call to which a task is given.
struct Given<'a> {
    tasks: Vec<String>,
    also: &'a [String],
    found: bool,
    /// There are other calls with arguments. A task among them may be handed on, too, and would be taken for this one.
    others: bool,
}

impl Given<'_> {
    /// Returns `true` if the expression is one of the tasks, perhaps in an adaptor of its own.
    fn is_task(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Path(path) => {
                let name = path.path.get_ident();
                name.is_some_and(|name| self.tasks.iter().any(|task| name == task))
            }
            Expr::Paren(paren) => self.is_task(&paren.expr),
            Expr::MethodCall(call) => call.method != "clone" && self.is_task(&call.receiver),
            Expr::Call(call) => call.args.iter().any(|arg| self.is_task(arg)),
            _ => false,
        }
    }

    fn note(&mut self, callee: &Callee, args: &Arguments) {
        let is_given = args.iter().any(|arg| self.is_task(arg));
        self.found |= is_given && callee.is_in_table(args, self.also);
        let is_adapted = callee.receiver.is_some_and(|it| self.is_task(it));
        let is_type = locals::is_type(&callee.name.to_string());
        self.others |= !is_given && !is_adapted && !args.is_empty() && !is_type;
    }
}

impl<'a> Visit<'a> for Given<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            // These run later, or more than once.
            Expr::Closure(_)
            | Expr::Async(_)
            | Expr::ForLoop(_)
            | Expr::While(_)
            | Expr::Loop(_) => return,
            _ => {}
        }
        if let Some((callee, args)) = Callee::of(expr) {
            self.note(&callee, args);
        }
        visit::visit_expr(self, expr);
    }

    fn visit_item(&mut self, _: &'a syn::Item) {}
}

/// Whether an expression mentions what the enclosing function was handed, outside of the spawns in it.
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

struct Search<'a> {
    locals: &'a Locals,
    also: &'a [String],
    found: bool,
}

impl Search<'_> {
    fn name(&mut self, name: &str) {
        self.found |= self.locals.get(name).is_some_and(|local| local.is_received);
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
