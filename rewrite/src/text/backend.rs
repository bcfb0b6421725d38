//! The back end for text: every decision becomes a few insertions. The syntax tree stays as it is.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Block, Expr, Item, Macro};

use crate::emit::backend::Backend;
use crate::emit::names::FRAMES;
use crate::emit::wrap::Wrap;
use crate::site::{FrameSite, Site};
use crate::syntax::naming::Named;
use crate::syntax::shape;

use super::edits::Edits;
use super::print::Print;

/// Notes insertions.
pub(super) struct Text<'a> {
    pub print: Print<'a>,
    pub edits: Edits,
}

impl Text<'_> {
    /// Puts something around tokens of the file.
    fn around(&mut self, tokens: &impl ToTokens, around: (String, String), site: Option<usize>) {
        if let Some(range) = self.print.source.range(tokens) {
            let mut around = around;
            // A colon, and the two with which a path begins, would be other tokens.
            if self.print.source.text[..range.start].ends_with(':') {
                around.0.insert(0, ' ');
            }
            self.edits.around(range, around, site);
        }
    }

    fn in_body(&mut self, block: &Block, table: &str) {
        let source = self.print.source;
        let Some(first) = block.stmts.first().and_then(|first| source.range(first)) else {
            return;
        };
        let open = source.bytes(block.brace_token.span.open()).end;
        let between = &source.text[open..first.start];
        let attributes = ["#!", "//!", "/*!"];
        let has_attributes = attributes.iter().any(|inner| between.contains(inner));
        let at = if has_attributes { first.start } else { open };
        self.edits.ahead(first, format!("{table} "), at);
    }

    fn in_module(&mut self, items: &[Item], table: &str) {
        if let Some(range) = items.last().and_then(|last| self.print.source.range(last)) {
            self.edits.behind(range.end, format!(" {table}"));
        }
    }
}

impl Backend for Text<'_> {
    fn wrap(&mut self, expr: &mut Expr, around: &Wrap) {
        let (_, inner) = shape::split_attributes(expr.to_token_stream());
        let site = around.site().map(|site| site.index);
        self.around(&inner, self.print.around(around), site);
    }

    /// Behind the brace, where most often nothing else stands on that line, or behind the inner attributes.
    fn table_in_body(&mut self, block: &mut Block, sites: &[&Site]) {
        let table = self.print.table(sites);
        self.in_body(block, &table);
    }

    /// Behind the last item, where it stands in nobody's way, before a comment on that line.
    fn table_in_module(&mut self, items: &mut Vec<Item>, sites: &[&Site]) {
        let table = self.print.table(sites);
        self.in_module(items, &table);
    }

    fn frames_in_body(&mut self, block: &mut Block, frames: &[FrameSite]) {
        let table = self.print.frames(frames);
        self.in_body(block, &table);
    }

    fn frames_in_module(&mut self, items: &mut Vec<Item>, frames: &[FrameSite]) {
        let table = self.print.frames(frames);
        self.in_module(items, &table);
    }

    fn block_on_body(&mut self, body: &mut Block) {
        self.around(body, self.print.blocked_body(), None);
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

    fn assert_message(&mut self, mac: &mut Macro, message: &str, comma: bool) {
        let message = Print::assert_message(message, comma);
        self.around(&mac.tokens, (String::new(), message), None);
    }

    /// The name stays where it is, but for the macro to ignore.
    fn name_moved(&mut self, mac: &mut Macro, named: &Named) {
        if named.name.is_some() {
            self.around(&mac.tokens, ("@moved ".to_owned(), String::new()), None);
        }
    }
}
