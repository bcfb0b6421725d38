//! The back end of the attribute macro: edits the syntax tree in place.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Block, Expr, Item, Macro, Stmt};

use super::Emit;
use super::backend::{Backend, Table};
use super::names::FRAMES;
use super::wrap::Wrap;
use crate::syntax::naming::{self, Named};
use crate::syntax::shape;

/// Edits the syntax tree.
pub(crate) struct Tree {
    pub emit: Emit,
}

impl Tree {
    fn table(&self, table: Table) -> TokenStream {
        match table {
            Table::Sites(sites) => self.emit.table(sites),
            Table::Frames(frames) => self.emit.frames(frames),
        }
    }
}

impl Backend for Tree {
    fn wrap(&mut self, expr: &mut Expr, wrap: &Wrap) {
        let (mut tokens, inner) = shape::split_attributes(expr.to_token_stream());
        tokens.extend(self.emit.wrapped(wrap, inner));
        *expr = match wrap {
            Wrap::Body { end, .. } => in_braces(tokens, *end),
            _ => Expr::Verbatim(tokens),
        };
    }

    fn table_in_body(&mut self, block: &mut Block, table: Table) {
        let table = Expr::Verbatim(self.table(table));
        block.stmts.insert(0, Stmt::Expr(table, None));
    }

    fn table_in_module(&mut self, items: &mut Vec<Item>, table: Table) {
        items.insert(0, Item::Verbatim(self.table(table)));
    }

    fn block_on_body(&mut self, body: &mut Block) {
        let blocked = Expr::Verbatim(self.emit.blocked_body(body));
        body.stmts = vec![Stmt::Expr(blocked, None)];
    }

    fn mark_done(&mut self, attrs: &mut Vec<Attribute>, _: &Attribute) {
        let table = Ident::new(FRAMES, Span::call_site());
        // The compiler ignores attributes of rustfmt, and does not remove them as it does a `cfg_attr`.
        attrs.push(syn::parse_quote!(#[rustfmt::#table]));
    }

    fn source_of(&self, tokens: &TokenStream) -> String {
        tokens.to_string()
    }

    fn assert_message(&mut self, mac: &mut Macro, message: &str, has_comma: bool) {
        mac.tokens.extend(Emit::assert_message(message, has_comma));
    }

    fn name_moved(&mut self, mac: &mut Macro, named: &Named) {
        mac.tokens = naming::emptied(named);
    }
}

/// Returns the body of a closure as a block.
///
/// The braces have the user's span. With another span, the closure would lie partly in the expansion, and errors about
/// it would point at the attribute. The body is a block node because a closure with a declared result needs one. A body
/// that is no block would get further braces, and a lint would ask the user to remove them.
fn in_braces(body: TokenStream, span: Span) -> Expr {
    let block = Block {
        brace_token: syn::token::Brace(span),
        stmts: vec![Stmt::Expr(Expr::Verbatim(body), None)],
    };
    Expr::Block(syn::ExprBlock {
        attrs: Vec::new(),
        label: None,
        block,
    })
}
