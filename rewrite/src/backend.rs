//! Where the engine's decisions go. The macro edits the syntax tree; a command that edits text would record
//! byte ranges. Everything before this point is the same for both, for every change is an insertion.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Block, Expr, Item, Macro, Stmt};

/// Code around a hole for the user's expression, which appears in it exactly once.
pub(crate) type Template<'a> = &'a dyn Fn(TokenStream) -> TokenStream;

/// Puts insertions into the program.
pub(crate) trait Backend {
    /// Surrounds an expression.
    fn wrap(&mut self, expr: &mut Expr, template: Template);
    /// Inserts items at the start of a block.
    fn prepend(&mut self, block: &mut Block, items: TokenStream);
    /// Inserts items at the start of a module.
    fn prepend_item(&mut self, items: &mut Vec<Item>, tokens: TokenStream);
    /// Inserts tokens at the end of a macro's arguments.
    fn append(&mut self, mac: &mut Macro, tokens: TokenStream);
}

/// The back end of the attribute macro: edits the syntax tree in place.
pub(crate) struct Tree;

impl Backend for Tree {
    fn wrap(&mut self, expr: &mut Expr, template: Template) {
        *expr = Expr::Verbatim(template(expr.to_token_stream()));
    }

    fn prepend(&mut self, block: &mut Block, items: TokenStream) {
        block
            .stmts
            .insert(0, Stmt::Expr(Expr::Verbatim(items), None));
    }

    fn prepend_item(&mut self, items: &mut Vec<Item>, tokens: TokenStream) {
        items.insert(0, Item::Verbatim(tokens));
    }

    fn append(&mut self, mac: &mut Macro, tokens: TokenStream) {
        mac.tokens.extend(tokens);
    }
}
