//! The back end: carries out the decisions of the walk.
//!
//! There are two. [`Tree`](super::tree::Tree) edits the syntax tree, for the attribute. The back end for text notes
//! insertions into the source. Every change is an insertion around an expression, or a table beside it, so the walk is
//! the same for both.

use proc_macro2::TokenStream;
use syn::{Attribute, Block, Expr, Item, Macro};

use super::wrap::Wrap;
use crate::site::{FrameSite, Site};
use crate::syntax::naming::Named;

/// A table of sites.
#[derive(Clone, Copy)]
pub(crate) enum Table<'a> {
    /// Spawn sites.
    Sites(&'a [&'a Site]),
    /// Frame sites.
    Frames(&'a [FrameSite]),
}

/// Changes the program.
pub(crate) trait Backend {
    /// Puts generated code around an expression.
    fn wrap(&mut self, expr: &mut Expr, wrap: &Wrap);

    /// Puts a table into a function body.
    fn table_in_body(&mut self, block: &mut Block, table: Table);

    /// Puts a table into a module.
    fn table_in_module(&mut self, items: &mut Vec<Item>, table: Table);

    /// Counts the polls of a function's body, which is the body of an `async fn`.
    fn block_on_body(&mut self, body: &mut Block);

    /// Begins the scope of a test in its body.
    fn test_scope(&mut self, _body: &mut Block, _name: &str) {}

    /// Makes the body of an asynchronous test a scope. `output` is the type that the body returns.
    fn test_body(&mut self, _body: &mut Block, _name: &str, _output: &str) {}

    /// Marks an item as done, for its `own` attribute, which runs later.
    fn mark_done(&mut self, attrs: &mut Vec<Attribute>, own: &Attribute);

    /// Returns tokens of the user's on one line, as the compiler prints them.
    fn source_of(&self, tokens: &TokenStream) -> String;

    /// Adds a message to an `assert!` whose condition was changed: the one that the compiler would have made of the
    /// original condition. `has_comma` is `true` if the arguments end with a comma.
    fn assert_message(&mut self, mac: &mut Macro, message: &str, has_comma: bool);

    /// Removes the name from a `named!` around a changed task. The name is formatted where the record is made.
    fn name_moved(&mut self, mac: &mut Macro, named: &Named);
}
