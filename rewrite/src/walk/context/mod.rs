//! The surroundings of the current expression.
//!
//! | part | replaced at | contents |
//! | --- | --- | --- |
//! | [`Settings`] | never | what the front end wants |
//! | [`ItemContext`] | each item | attributes, names, type parameters |
//! | [`BodyContext`] | each function | local variables, and whether a task may wait |
//! | [`Imports`] | each module and block | where names come from |
//!
//! The walk replaces a part on its way into the program, and restores it on its way out. So nothing here remembers what
//! was visited before.

mod body;
mod item;
mod recognise;

use proc_macro2::Span;

use crate::attribute::args::Args;
use crate::callee::received;
use crate::callee::signatures::Signatures;
use crate::callee::spawn::Spawn;
use crate::imports::Imports;
use crate::imports::macro_names::MacroNames;
use crate::lexical::LexicalContext;
use crate::site::{Locate, Position, Reason};
use crate::syntax::paths::joined;
use syn::Expr;

pub(super) use body::BodyContext;
pub(super) use item::ItemContext;

/// The wishes of the front end for a walk.
pub(crate) struct Settings<'a> {
    /// Returns the position of a span.
    pub locate: Locate<'a>,
    /// The signatures that are in sight.
    pub signatures: Signatures<'a>,
    /// The macros that the crate defines and imports, as far as its text is known.
    pub macro_names: Vec<&'a MacroNames>,
    /// A path under which the code finds the runtime, besides `birthmark` and the path in `crate = …`.
    pub runtime: Option<String>,
    /// Which spawns are recorded.
    pub rules: Rules<'a>,
}

/// Rules for which spawns are recorded.
#[derive(Default)]
pub(crate) struct Rules<'a> {
    /// The reason for which nothing is changed.
    pub exemption: Option<Exemption>,
    /// Functions that are not changed, by the positions of their bodies.
    pub unchanged: &'a [Position],
    /// `true` if only OS threads are recorded. The crate is a runtime, and its threads are roots unless they are scoped.
    pub only_threads: bool,
    /// Methods that only forward a task to a runtime.
    pub forwarders: &'a [String],
    /// Functions whose tasks a pool keeps. The tasks are roots.
    pub pooled: &'a [String],
    /// `true` if a pool keeps all tasks, except scoped threads.
    pub all_pooled: bool,
    /// Roles by which people know the tasks of the crate.
    #[cfg(feature = "text")]
    pub roles: &'static [crate::known::roles::KnownRole],
    /// `true` if items for tests are passed over.
    pub without_tests: bool,
    /// `true` if each test is a root, at whose end leaks are looked for.
    pub tests_are_roots: bool,
}

/// The reason for which an item is left unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exemption {
    /// An attribute says `skip`.
    Skipped,
    /// The front end leaves the function or the file as it is.
    Left,
}

/// The surroundings of the current expression.
pub(super) struct Context<'a> {
    pub settings: Settings<'a>,
    pub item: ItemContext,
    pub body: BodyContext,
    pub imports: Imports<'a>,
    /// `true` inside of a task that a pool keeps.
    pub in_pooled_task: bool,
}

impl<'a> Context<'a> {
    /// Returns the context outside of all items. `args` are the arguments of the attribute.
    pub(super) fn new(args: Args, mut settings: Settings<'a>) -> Context<'a> {
        let names = std::mem::take(&mut settings.macro_names);
        let ours = args.krate.as_ref().map(joined);
        let ours = ours.into_iter().chain(settings.runtime.take());
        Context {
            imports: Imports::new(names, ours.collect()),
            item: ItemContext::new(args, settings.rules.exemption),
            body: BodyContext::default(),
            in_pooled_task: false,
            settings,
        }
    }

    /// Returns the context of a call.
    pub(super) fn lexical(&self) -> LexicalContext<'_> {
        LexicalContext {
            names: &self.item.names,
            self_ty: self.item.self_ty.as_deref(),
            locals: &self.body.locals,
            type_parameters: &self.item.type_parameters,
        }
    }

    /// Returns the name of the enclosing function.
    pub(super) fn function(&self) -> String {
        self.lexical().function()
    }

    /// Returns the position of a span.
    pub(super) fn position(&self, span: Span) -> Position {
        (self.settings.locate)(span)
    }

    /// Returns the callees that the attributes list.
    pub(super) fn also(&self) -> &[String] {
        &self.item.args.also
    }

    /// Returns `true` if nothing here is changed.
    pub(super) fn is_exempt(&self) -> bool {
        self.item.exemption.is_some()
    }

    /// Returns the reason for which nothing here is changed.
    pub(super) fn exemption(&self) -> Option<Reason> {
        self.item.exemption.map(|exemption| match exemption {
            Exemption::Skipped => Reason::Skipped,
            Exemption::Left => Reason::Left,
        })
    }

    /// Returns the reason for which a spawn is not recorded.
    pub(super) fn exemption_of(&self, spawn: &Spawn) -> Option<Reason> {
        let rules = &self.settings.rules;
        let is_forwarder =
            rules.only_threads && !spawn.starts_thread() || self.item.is_one_of(rules.forwarders);
        match is_forwarder {
            true => Some(Reason::Forwarder),
            false => self.exemption(),
        }
    }

    /// Returns `true` if a pool keeps the task, so that it is a root. A task that such a task spawns is its child.
    pub(super) fn is_pooled(&self, spawn: &Spawn) -> bool {
        if self.in_pooled_task {
            return false;
        }
        let rules = &self.settings.rules;
        let are_kept = rules.only_threads || rules.all_pooled;
        are_kept && !spawn.starts_scoped_thread() || self.item.is_one_of(rules.pooled)
    }

    /// Returns `true` if an expression mentions a task that the enclosing function received from its caller.
    pub(super) fn mentions_received(&self, expr: &Expr) -> bool {
        received::mentions_received(expr, &self.body.locals, self.also())
    }
}
