//! The walk over the syntax tree: finds the spawns and awaits, decides what becomes of them, and has a back end do it.
//!
//! A [`Walk`] has three parts:
//!
//! | part | contents | changes |
//! | --- | --- | --- |
//! | [`Context`] | what surrounds the current expression: attributes, functions, variables, imports | pushed on the way down, popped on the way up |
//! | [`Findings`] | sites, uncovered spawns, errors, and the tables that are being filled | only grows |
//! | [`Editor`] | the back end, and the number of changes | only grows |
//!
//! Decisions are methods of `Context`, because they need nothing else: [`Context::recognise`] for calls,
//! [`Context::known_macro`] for macros, [`Context::exemption_of`] for spawns that are not recorded. The methods of `Walk`
//! go down, ask the context, and carry the answer out.
//!
//! The order of events in a spawn matters. Its site is entered into the table before the walk goes into the task, so
//! that an outer spawn has a lower index than those inside. The expression is wrapped after the walk has left it,
//! because a wrapped expression is no longer syntax but tokens.
//!
//! | to find | look at |
//! | --- | --- |
//! | which items, blocks and patterns are entered | `visit.rs`, `items.rs` |
//! | why a macro is not entered | `macros.rs`, then `crate::imports` |
//! | which calls are spawns | `context/recognise.rs` |
//! | why a spawn is not recorded | `context/mod.rs`, `task/unsupported.rs` |
//! | what is put around a call and its task | `spawn.rs`, `task/mod.rs` |
//! | which awaits have frames | `frames.rs` |
//! | which futures a thread blocks on | `waits.rs` |

mod context;
mod editor;
mod exprs;
mod findings;
mod frames;
mod items;
mod macros;
mod names;
mod spawn;
mod tables;
mod task;
mod temporaries;
mod tests;
mod tokens;
mod values;
mod visit;
mod waits;

use syn::visit_mut::VisitMut;
use syn::{Expr, Item};

use crate::attribute::args::Args;
use crate::emit::backend::Backend;
use crate::emit::wrap::Wrap;
use crate::site::{Site, Uncovered};
#[cfg(feature = "text")]
pub(crate) use context::Exemption;
pub(crate) use context::{Rules, Settings};

use context::Context;
use editor::Editor;
use findings::Findings;

/// A walk over one item or file.
pub(crate) struct Walk<'a> {
    context: Context<'a>,
    findings: Findings,
    editor: Editor<'a>,
}

/// The result of a walk.
pub(crate) struct Outcome {
    /// The spawns that were rewritten.
    pub sites: Vec<Site>,
    /// The spawns that were seen and left alone.
    pub uncovered: Vec<Uncovered>,
    /// The user's mistakes.
    pub errors: Vec<syn::Error>,
    /// `true` if the back end has changed anything.
    pub is_changed: bool,
}

impl<'a> Walk<'a> {
    /// Prepares a walk. `args` are the arguments of the attribute.
    pub(crate) fn new(args: Args, settings: Settings<'a>, backend: &'a mut dyn Backend) -> Self {
        Walk {
            context: Context::new(args, settings),
            findings: Findings::default(),
            editor: Editor::new(backend),
        }
    }

    /// Walks over one item.
    pub(crate) fn over_item(mut self, item: &mut Item) -> Outcome {
        self.visit_item_mut(item);
        self.finish()
    }

    /// Walks over the items of a file, which share tables.
    #[cfg(feature = "text")]
    pub(crate) fn over_file(mut self, items: &mut Vec<Item>) -> Outcome {
        self.module_items(items);
        self.finish()
    }

    fn finish(self) -> Outcome {
        Outcome {
            is_changed: self.editor.changes() > 0,
            sites: self.findings.sites,
            uncovered: self.findings.uncovered,
            errors: self.findings.errors,
        }
    }

    /// Puts generated code around an expression.
    fn wrap(&mut self, expr: &mut Expr, wrap: &Wrap) {
        self.editor.wrap(expr, wrap);
    }

    /// Runs a part of the walk. Returns `true` if it changed the program.
    fn changes(&mut self, visit: impl FnOnce(&mut Self)) -> bool {
        let before = self.editor.changes();
        visit(self);
        self.editor.changes() != before
    }
}
