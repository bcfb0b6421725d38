//! The model of what is put into the program: one [`Wrap`] an expression that is surrounded. The engine
//! decides on it, a back end prints it.

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

/// A site, and where it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SiteRef {
    /// Its index among all sites of the run.
    pub index: usize,
    /// Its index in the table that the code around it can see.
    pub entry: usize,
}

/// A birth to be recorded.
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

    /// Whether it is a mere birth at its site.
    pub(crate) fn is_plain(&self) -> bool {
        self.naming.is_plain() && !self.relay.is_received && !self.relay.announces
    }
}

/// Whose identity a closure enters.
#[derive(Clone, Copy)]
pub(crate) enum Identity<'a> {
    /// That of the task which is born here.
    New(NewRecord<'a>),
    /// That of the spawner, who waits for it.
    Inherit,
}

impl Identity<'_> {
    /// The site of the birth.
    pub(crate) fn site(&self) -> Option<SiteRef> {
        match self {
            Identity::New(birth) => Some(birth.site),
            Identity::Inherit => None,
        }
    }
}

/// What is put around an expression. Spans are those of the user, to which errors shall point.
#[derive(Clone, Copy)]
pub(crate) enum Wrap<'a> {
    /// A closure literal: the identity is made before the closure.
    Closure { identity: Identity<'a>, user: Span },
    /// A closure literal that stands elsewhere in the function, by the name of its variable.
    ClosureVariable {
        birth: NewRecord<'a>,
        by_value: bool,
        user: Span,
    },
    /// The body of a closure literal, which enters the identity.
    Body {
        by_value: bool,
        /// Whether the body, as the tail of another block, has to be kept together by parentheses.
        parens: bool,
        /// Whether the closure declares its result, after which only a block may stand.
        typed: bool,
        site: Option<SiteRef>,
        user: Span,
        end: Span,
    },
    /// An `async` block.
    Future { birth: NewRecord<'a>, user: Span },
    /// A closure that returns the future.
    FutureFn { birth: NewRecord<'a>, user: Span },
    /// A place, which may be mentioned twice.
    Place { birth: NewRecord<'a>, user: Span },
    /// Any other value; whether it ends in a brace that `match` would take for its own.
    Value {
        birth: NewRecord<'a>,
        parens: bool,
        user: Span,
    },
    /// A possible task of a callee out of sight. The expression stays as it is, and is announced if its type is a task.
    Guess {
        site: SiteRef,
        shape: TaskShape,
        relay: Relay,
        parens: bool,
        user: Span,
    },
    /// A call whose result may have to carry a refusal; whether it is the operand of something larger.
    PropagateRefusal {
        site: SiteRef,
        fallible: bool,
        parens: bool,
        user: Span,
    },
    /// A call that has announced a task, which ends with it; whether its result is awaited as it stands, and whether the
    /// announcement of another task goes on.
    Returned {
        site: SiteRef,
        awaited: bool,
        beside: bool,
        user: Span,
    },
    /// A future that a thread blocks on; whether it ends in a brace that `match` would take for its own.
    Blocked {
        shape: TaskShape,
        parens: bool,
        user: Span,
    },
    /// What is awaited, which has a frame of its own.
    Frame { entry: usize, user: Span },
    /// The same, where a macro awaits it; whether temporaries that it borrows live as long as it.
    Branch {
        entry: usize,
        extends: bool,
        user: Span,
    },
    /// A macro call that awaits its arguments.
    FrameGuard { entry: usize, user: Span },
    /// A spawn that stands in no function body and brings its table along.
    Table(&'a [&'a Site]),
}

impl Wrap<'_> {
    /// The site that it belongs to.
    #[cfg(feature = "text")]
    pub(crate) fn site(&self) -> Option<SiteRef> {
        match self {
            Wrap::Closure { identity, .. } => identity.site(),
            Wrap::ClosureVariable { birth, .. }
            | Wrap::Future { birth, .. }
            | Wrap::FutureFn { birth, .. }
            | Wrap::Place { birth, .. }
            | Wrap::Value { birth, .. } => Some(birth.site),
            Wrap::Body { site, .. } => *site,
            Wrap::Guess { site, .. }
            | Wrap::PropagateRefusal { site, .. }
            | Wrap::Returned { site, .. } => Some(*site),
            Wrap::Blocked { .. }
            | Wrap::Frame { .. }
            | Wrap::Branch { .. }
            | Wrap::FrameGuard { .. }
            | Wrap::Table(_) => None,
        }
    }
}
