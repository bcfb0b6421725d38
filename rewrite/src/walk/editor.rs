//! The back end, with a count of what it has changed.

use proc_macro2::TokenStream;
use syn::{Attribute, Block, Expr, Item, Macro};

use crate::emit::backend::{Backend, Table};
use crate::emit::wrap::Wrap;
use crate::syntax::naming::Named;

/// Changes the program and counts the changes.
///
/// Tables, names and messages do not count. They only go with a change that does.
pub(super) struct Editor<'a> {
    backend: &'a mut dyn Backend,
    changes: usize,
    /// The number of changed futures that a thread blocks on.
    waits: usize,
}

impl<'a> Editor<'a> {
    pub(super) fn new(backend: &'a mut dyn Backend) -> Self {
        Editor {
            backend,
            changes: 0,
            waits: 0,
        }
    }

    /// Returns the number of changes so far.
    pub(super) fn changes(&self) -> usize {
        self.changes
    }

    /// Puts generated code around an expression.
    pub(super) fn wrap(&mut self, expr: &mut Expr, wrap: &Wrap) {
        self.backend.wrap(expr, wrap);
        self.changes += 1;
    }

    /// Returns the number of changed futures that a thread blocks on.
    pub(super) fn waits(&self) -> usize {
        self.waits
    }

    /// Counts the polls of a future that a thread blocks on.
    pub(super) fn wrap_blocked(&mut self, future: &mut Expr, wrap: &Wrap) {
        self.wrap(future, wrap);
        self.waits += 1;
    }

    /// Counts the polls of the body of an `async fn`.
    pub(super) fn block_on_body(&mut self, body: &mut Block) {
        self.backend.block_on_body(body);
        self.changes += 1;
        self.waits += 1;
    }

    /// Begins the scope of a test in its body.
    pub(super) fn test_scope(&mut self, body: &mut Block, name: &str) {
        self.backend.test_scope(body, name);
        self.changes += 1;
    }

    /// Makes the body of an asynchronous test a scope.
    pub(super) fn test_body(&mut self, body: &mut Block, name: &str, output: &str) {
        self.backend.test_body(body, name, output);
        self.changes += 1;
    }

    /// Marks an item as done, for its `own` attribute, which runs later.
    pub(super) fn mark_done(&mut self, attrs: &mut Vec<Attribute>, own: &Attribute) {
        self.backend.mark_done(attrs, own);
        self.changes += 1;
    }

    /// Puts a table into a function body.
    pub(super) fn table_in_body(&mut self, block: &mut Block, table: Table) {
        self.backend.table_in_body(block, table);
    }

    /// Puts a table into a module.
    pub(super) fn table_in_module(&mut self, items: &mut Vec<Item>, table: Table) {
        self.backend.table_in_module(items, table);
    }

    /// Returns tokens of the user's on one line, as the compiler prints them.
    pub(super) fn source_of(&self, tokens: &TokenStream) -> String {
        self.backend.source_of(tokens)
    }

    /// Adds the original message to an `assert!` whose condition was changed.
    pub(super) fn assert_message(&mut self, mac: &mut Macro, message: &str, has_comma: bool) {
        self.backend.assert_message(mac, message, has_comma);
    }

    /// Removes the name from a `named!` around a changed task.
    pub(super) fn name_moved(&mut self, mac: &mut Macro, named: &Named) {
        self.backend.name_moved(mac, named);
    }
}
