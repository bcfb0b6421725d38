//! The back end for text: notes insertions. The syntax tree stays unchanged.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Block, Expr, Item, Macro};

use super::edits::Edits;
use super::print::Print;
use crate::emit::backend::{Backend, Table};
use crate::emit::names::FRAMES;
use crate::emit::wrap::Wrap;
use crate::syntax::naming::Named;
use crate::syntax::shape;

/// Notes insertions.
pub(super) struct Text<'a> {
    pub print: Print<'a>,
    pub edits: Edits,
}

impl Text<'_> {
    /// Puts something around tokens of the file.
    fn around(&mut self, tokens: &impl ToTokens, parts: (String, String), site: Option<usize>) {
        if let Some(range) = self.print.source.range(tokens) {
            let mut parts = parts;
            // A colon and the two colons at the start of a path would be other tokens.
            if self.print.source.text[..range.start].ends_with(':') {
                parts.0.insert(0, ' ');
            }
            self.edits.around(range, parts, site);
        }
    }

    /// Inserts an item or a statement behind the brace, or behind the inner attributes.
    fn first_in_body(&mut self, block: &Block, text: &str) {
        let source = self.print.source;
        let Some(first) = block.stmts.first().and_then(|first| source.range(first)) else {
            return;
        };
        let open = source.bytes(block.brace_token.span.open()).end;
        let between = &source.text[open..first.start];
        let attributes = ["#!", "//!", "/*!"];
        let has_attributes = attributes.iter().any(|inner| between.contains(inner));
        let at = if has_attributes { first.start } else { open };
        self.edits.ahead(first, format!("{text} "), at);
    }

    fn table(&self, table: Table) -> String {
        match table {
            Table::Sites(sites) => self.print.table(sites),
            Table::Frames(frames) => self.print.frames(frames),
        }
    }
}

impl Backend for Text<'_> {
    fn wrap(&mut self, expr: &mut Expr, wrap: &Wrap) {
        let (_, inner) = shape::split_attributes(expr.to_token_stream());
        let site = wrap.site().map(|site| site.index);
        self.around(&inner, self.print.parts(wrap), site);
    }

    /// Inserts the table behind the brace, where nothing else is on most lines, or behind the inner attributes.
    fn table_in_body(&mut self, block: &mut Block, table: Table) {
        let table = self.table(table);
        self.first_in_body(block, &table);
    }

    /// Inserts the table behind the last item, before a comment on that line.
    fn table_in_module(&mut self, items: &mut Vec<Item>, table: Table) {
        if let Some(range) = items.last().and_then(|last| self.print.source.range(last)) {
            let table = self.table(table);
            self.edits.behind(range.end, format!(" {table}"));
        }
    }

    fn block_on_body(&mut self, body: &mut Block) {
        self.around(body, self.print.blocked_body(), None);
    }

    fn test_scope(&mut self, body: &mut Block, name: &str) {
        let scope = self.print.test_scope(name);
        self.first_in_body(body, &scope);
    }

    fn test_body(&mut self, body: &mut Block, name: &str, output: &str) {
        self.around(body, self.print.test_body(name, output), None);
    }

    fn mark_done(&mut self, _: &mut Vec<Attribute>, own: &Attribute) {
        if let Some(range) = self.print.source.range(own) {
            let mark = format!(" #[rustfmt::{FRAMES}]");
            self.edits.behind(range.end, mark);
        }
    }

    fn source_of(&self, tokens: &TokenStream) -> String {
        let range = self.print.source.range(tokens);
        range.map_or_else(String::new, |range| {
            self.print.source.text[range].to_owned()
        })
    }

    fn assert_message(&mut self, mac: &mut Macro, message: &str, has_comma: bool) {
        let message = Print::assert_message(message, has_comma);
        self.around(&mac.tokens, (String::new(), message), None);
    }

    /// Leaves the name in place, and has the macro ignore it.
    fn name_moved(&mut self, mac: &mut Macro, named: &Named) {
        if named.name.is_some() {
            self.around(&mac.tokens, ("@moved ".to_owned(), String::new()), None);
        }
    }
}
