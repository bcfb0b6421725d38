//! The model of a change: generated code around one expression.
//!
//! The walk decides on a [`Wrap`], and a back end prints it. A `Wrap` contains all that the back ends need, so neither
//! of them looks at the program again. Spans are the user's, because errors shall point at the user's code.

#![cfg_attr(
    not(feature = "text"),
    allow(
        dead_code,
        reason = "the back end for text reads more than the one for trees"
    )
)]

use proc_macro2::Span;

use crate::callee::relay::Relay;
use crate::site::Site;
use crate::syntax::naming::Naming;
use crate::syntax::shape::TaskShape;

/// A site in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SiteRef {
    /// The index among all sites of the walk.
    pub index: usize,
    /// The index in the table that the code around the site can see.
    pub entry: usize,
}

/// A record that generated code makes before the spawn.
#[derive(Clone, Copy)]
pub(crate) struct NewRecord<'a> {
    pub site: SiteRef,
    pub naming: &'a Naming,
    pub relay: Relay,
}

impl NewRecord<'_> {
    /// Returns `true` if the task may be recorded already. A task that gets a name, or is a root, is recorded in any case.
    pub(crate) fn may_be_recorded(&self) -> bool {
        self.relay.is_received && self.naming.is_plain()
    }

    /// Returns `true` if nothing but the site is needed for the record.
    pub(crate) fn is_plain(&self) -> bool {
        let Relay {
            is_received,
            announces,
            is_unknown,
            ..
        } = self.relay;
        self.naming.is_plain() && !is_received && !announces && !is_unknown
    }
}

/// The task that a closure runs as.
#[derive(Clone, Copy)]
pub(crate) enum Identity<'a> {
    /// A new task.
    New(NewRecord<'a>),
    /// The task of the spawner, which waits for the closure.
    Inherit,
}

impl Identity<'_> {
    /// Returns the site of a new task.
    pub(crate) fn site(&self) -> Option<SiteRef> {
        match self {
            Identity::New(record) => Some(record.site),
            Identity::Inherit => None,
        }
    }
}

/// Generated code around an expression.
#[derive(Clone, Copy)]
pub(crate) enum Wrap<'a> {
    /// Around a closure literal: the identity is made before the closure.
    Closure { identity: Identity<'a>, user: Span },
    /// Around the variable of a closure literal that is elsewhere in the function.
    ClosureVariable {
        record: NewRecord<'a>,
        by_value: bool,
        user: Span,
    },
    /// Around the body of a closure literal, which enters the identity.
    Body {
        by_value: bool,
        /// `true` if parentheses have to hold the body together, as the tail of another block.
        parens: bool,
        /// `true` if the closure declares its result. Only a block may follow such a declaration.
        is_typed: bool,
        site: Option<SiteRef>,
        user: Span,
        end: Span,
    },
    /// Around an `async` block.
    Future { record: NewRecord<'a>, user: Span },
    /// Around a closure that returns the future.
    FutureFn { record: NewRecord<'a>, user: Span },
    /// Around a place expression, which may be mentioned twice.
    Place { record: NewRecord<'a>, user: Span },
    /// Around any other value.
    Value {
        record: NewRecord<'a>,
        /// `true` if a struct literal in the value has a brace that `match` would take for its own.
        parens: bool,
        user: Span,
    },
    /// Around a possible task of a callee out of sight. The expression stays as it is, and is announced if its type is
    /// that of a task.
    Guess {
        site: SiteRef,
        shape: TaskShape,
        relay: Relay,
        /// `true` if a struct literal in the value has a brace that `match` would take for its own.
        parens: bool,
        user: Span,
    },
    /// Around a call whose result may have to carry a refusal.
    PropagateRefusal {
        site: SiteRef,
        /// `true` if the callee returns an `io::Error` when it cannot spawn.
        fallible: bool,
        /// `true` if the call is the first operand of a larger expression.
        parens: bool,
        user: Span,
    },
    /// Around a call that has announced a task. The announcement ends with the call.
    Returned {
        site: SiteRef,
        /// `true` if the result is awaited directly.
        is_awaited: bool,
        /// `true` if the announcement of another task continues after the call.
        is_beside: bool,
        user: Span,
    },
    /// Around a future that a thread blocks on.
    Blocked {
        shape: TaskShape,
        /// `true` if a struct literal in the future has a brace that `match` would take for its own.
        parens: bool,
        user: Span,
    },
    /// Around the body of a closure that makes a thread of a pool known by another role.
    ThreadRole { site: SiteRef, user: Span },
    /// Around the operand of an `.await`.
    Frame { entry: usize, user: Span },
    /// Around a future that a macro awaits.
    Branch {
        entry: usize,
        /// `true` if temporaries that the future borrows live as long as the future.
        extends: bool,
        user: Span,
    },
    /// Around a macro call that awaits its arguments.
    FrameGuard { entry: usize, user: Span },
    /// Around a spawn outside of function bodies: a block with its table.
    Table(&'a [&'a Site]),
}

impl Wrap<'_> {
    /// Returns the site to which the generated code belongs.
    #[cfg(feature = "text")]
    pub(crate) fn site(&self) -> Option<SiteRef> {
        match self {
            Wrap::Closure { identity, .. } => identity.site(),
            Wrap::ClosureVariable { record, .. }
            | Wrap::Future { record, .. }
            | Wrap::FutureFn { record, .. }
            | Wrap::Place { record, .. }
            | Wrap::Value { record, .. } => Some(record.site),
            Wrap::Body { site, .. } => *site,
            Wrap::Guess { site, .. }
            | Wrap::PropagateRefusal { site, .. }
            | Wrap::ThreadRole { site, .. }
            | Wrap::Returned { site, .. } => Some(*site),
            Wrap::Blocked { .. }
            | Wrap::Frame { .. }
            | Wrap::Branch { .. }
            | Wrap::FrameGuard { .. }
            | Wrap::Table(_) => None,
        }
    }
}
