//! The back end for text: every decision becomes a few insertions. The syntax tree stays as it is.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Block, Expr, Item, Macro};

use crate::around::Around;
use crate::backend::Backend;
use crate::frames::TABLE as FRAMES;
use crate::named::Named;
use crate::shape;
use crate::site::{FrameSite, Site};

use super::edits::Edits;
use super::print::Print;

/// Notes insertions.
pub(super) struct Text<'a> {
    pub print: Print<'a>,
    pub edits: Edits,
}

impl Text<'_> {
    /// Inserts in front of the first token.
    fn before(&mut self, tokens: &impl ToTokens, text: String) {
        if let Some(range) = self.print.source.range(tokens) {
            self.edits.before(range.start, text, None);
        }
    }

    fn in_body(&mut self, block: &Block, table: &str) {
        let source = self.print.source;
        let Some(first) = block.stmts.first().and_then(|first| source.range(first)) else {
            return;
        };
        let open = source.bytes(block.brace_token.span.open()).end;
        let between = &source.text[open..first.start];
        if ["#!", "//!", "/*!"]
            .iter()
            .any(|inner| between.contains(inner))
        {
            self.edits.before(first.start, format!("{table} "), None);
        } else {
            self.edits.after(open, format!(" {table}"), None);
        }
    }

    fn in_module(&mut self, items: &[Item], table: &str) {
        if let Some(last) = items.last() {
            self.after(last, format!(" {table}"));
        }
    }

    /// Inserts behind the last token.
    fn after(&mut self, tokens: &impl ToTokens, text: String) {
        if let Some(range) = self.print.source.range(tokens) {
            self.edits.after(range.end, text, None);
        }
    }
}

impl Backend for Text<'_> {
    fn wrap(&mut self, expr: &mut Expr, around: &Around) {
        let (_, hole) = shape::split_attributes(expr.to_token_stream());
        let Some(range) = self.print.source.range(&hole) else {
            return;
        };
        let (head, tail) = self.print.around(around);
        let site = around.site().map(|site| site.index);
        self.edits.before(range.start, head, site);
        self.edits.after(range.end, tail, site);
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

    fn mark_done(&mut self, _: &mut Vec<Attribute>, own: &Attribute) {
        self.after(own, format!(" #[rustfmt::{FRAMES}]"));
    }

    fn assert_message(&mut self, mac: &mut Macro, condition: &TokenStream, comma: bool) {
        let message = self.print.assert_message(condition, comma);
        self.after(&mac.tokens, message);
    }

    /// The name stays where it is, but for the macro to ignore.
    fn name_moved(&mut self, mac: &mut Macro, named: &Named) {
        if named.name.is_some() {
            self.before(&mac.tokens, "@moved ".to_owned());
        }
    }
}
