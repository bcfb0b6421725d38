//! Where the engine's decisions go. [`Tree`] edits the syntax tree, for the macro; `text` notes insertions into
//! the source. Everything before this point is the same for both, for every change is an insertion.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Block, Expr, Item, Macro, Stmt};

use crate::emit::Emit;
use crate::emit::names::FRAMES;
use crate::emit::wrap::Wrap;
use crate::site::{FrameSite, Site};
use crate::syntax::naming::{self, Named};
use crate::syntax::shape;

/// Puts insertions into the program.
pub(crate) trait Backend {
    /// Surrounds an expression.
    fn wrap(&mut self, expr: &mut Expr, around: &Wrap);
    /// Puts a table of sites into a function body.
    fn table_in_body(&mut self, block: &mut Block, sites: &[&Site]);
    /// Puts a table of sites into a module.
    fn table_in_module(&mut self, items: &mut Vec<Item>, sites: &[&Site]);
    /// Puts a table of frame sites into a function body.
    fn frames_in_body(&mut self, block: &mut Block, frames: &[FrameSite]);
    /// Puts a table of frame sites into a module.
    fn frames_in_module(&mut self, items: &mut Vec<Item>, frames: &[FrameSite]);
    /// Counts the polls of a function's body, which is the body of an `async fn`.
    fn block_on_body(&mut self, body: &mut Block);
    /// Marks an item as one in which all is done, for its `own` attribute, which runs later.
    fn mark_done(&mut self, attrs: &mut Vec<Attribute>, own: &Attribute);
    /// Tokens of the user's on one line, as the compiler prints them.
    fn source_of(&self, tokens: &TokenStream) -> String;
    /// Gives an `assert!` whose condition was changed the message that it would have had. Its arguments end
    /// with a comma if `comma`.
    fn assert_message(&mut self, mac: &mut Macro, message: &str, comma: bool);
    /// Has `named!` and `root!` keep the changed task, and no name, which has moved into the birth.
    fn name_moved(&mut self, mac: &mut Macro, named: &Named);
}

/// The back end of the attribute macro: edits the syntax tree in place.
pub(crate) struct Tree {
    pub emit: Emit,
}

impl Backend for Tree {
    fn wrap(&mut self, expr: &mut Expr, around: &Wrap) {
        let (mut tokens, inner) = shape::split_attributes(expr.to_token_stream());
        tokens.extend(self.emit.around(around, inner));
        *expr = match around {
            Wrap::Body { end, .. } => in_braces(tokens, *end),
            _ => Expr::Verbatim(tokens),
        };
    }

    fn table_in_body(&mut self, block: &mut Block, sites: &[&Site]) {
        let table = Expr::Verbatim(self.emit.table(sites));
        block.stmts.insert(0, Stmt::Expr(table, None));
    }

    fn table_in_module(&mut self, items: &mut Vec<Item>, sites: &[&Site]) {
        items.insert(0, Item::Verbatim(self.emit.table(sites)));
    }

    fn frames_in_body(&mut self, block: &mut Block, frames: &[FrameSite]) {
        let table = Expr::Verbatim(self.emit.frames(frames));
        block.stmts.insert(0, Stmt::Expr(table, None));
    }

    fn frames_in_module(&mut self, items: &mut Vec<Item>, frames: &[FrameSite]) {
        items.insert(0, Item::Verbatim(self.emit.frames(frames)));
    }

    fn block_on_body(&mut self, body: &mut Block) {
        let blocked = Expr::Verbatim(self.emit.blocked_body(body));
        body.stmts = vec![Stmt::Expr(blocked, None)];
    }

    fn mark_done(&mut self, attrs: &mut Vec<Attribute>, _: &Attribute) {
        let table = Ident::new(FRAMES, Span::call_site());
        // The compiler takes no notice of what is rustfmt's, and does not take it away as it does a `cfg_attr`.
        attrs.push(syn::parse_quote!(#[rustfmt::#table]));
    }

    fn source_of(&self, tokens: &TokenStream) -> String {
        tokens.to_string()
    }

    fn assert_message(&mut self, mac: &mut Macro, message: &str, comma: bool) {
        mac.tokens.extend(Emit::assert_message(message, comma));
    }

    fn name_moved(&mut self, mac: &mut Macro, named: &Named) {
        mac.tokens = naming::emptied(named);
    }
}

/// The body of a closure. The braces are the user's by their span: with others the closure would lie half inside
/// of the expansion, and errors about it would point at the attribute. They are a block that can be seen as one:
/// where the closure declares its result, a body that seems to be none would get further braces, and a lint
/// would tell the user to remove these.
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
