//! The part of the context that changes at functions: local variables, and whether a task may wait.

use syn::{Pat, Signature};

use super::ItemContext;
use crate::callee::received::ReceivedTasks;
use crate::lexical::guards::Guards;
use crate::lexical::locals::{Local, Locals, ThreadScope};

/// The context that an expression inherits from the function around it.
#[derive(Default)]
pub(in crate::walk) struct BodyContext {
    /// The local variables.
    pub locals: Locals,
    /// The variables with guards, if awaits have frames.
    pub guards: Guards,
    /// `true` if a task may wait here.
    pub is_async: bool,
    /// `true` if bounds show that the function received a task from its caller.
    pub receives_task: bool,
    /// `true` if the function takes the place of its caller.
    pub tracks_caller: bool,
}

impl BodyContext {
    /// Returns the context in a function. No local variable of the outside is visible.
    pub(in crate::walk) fn of_function(signature: &Signature, item: &ItemContext) -> Self {
        let received = ReceivedTasks::of(signature, item.impl_generics.as_deref());
        let mut locals = Locals::of_function();
        for parameter in &signature.inputs {
            locals.bind_parameter(parameter, item.self_ty.as_deref(), &received.names);
        }
        BodyContext {
            locals,
            guards: Guards::default(),
            is_async: signature.asyncness.is_some(),
            receives_task: received.are_bounded,
            tracks_caller: false,
        }
    }

    /// Binds a closure's parameter that is a thread scope.
    pub(in crate::walk) fn bind_scope(&mut self, parameter: &Pat, scope: ThreadScope) {
        if let Pat::Ident(name) = parameter {
            let local = Local {
                thread_scope: Some(scope),
                ..Local::default()
            };
            self.locals.bind(name.ident.to_string(), local);
        }
    }
}
