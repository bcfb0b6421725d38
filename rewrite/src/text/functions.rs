//! The functions of a source file. A front end leaves a function as it is if the compiler refuses the rewritten one.

use std::ops::RangeInclusive;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Ident};

use super::Unparsed;
use super::source::Source;
use super::thread::on_parser_thread;
use crate::lexical::types::type_name;
use crate::site::Position;
use crate::syntax::parse;

/// A function with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name, such as `Server::accept`.
    pub name: String,
    /// The lines of the function with its attributes, counted from 1.
    pub lines: RangeInclusive<usize>,
    /// The line of its body, and the column, counted in characters from 1.
    pub body: (usize, usize),
}

impl Function {
    /// Returns the position of its body.
    pub(super) fn at(&self, file: &str) -> Position {
        let (line, column) = self.body;
        Position {
            file: file.to_owned(),
            line,
            column,
        }
    }
}

/// Lists the functions of a source file, each before those inside of it.
///
/// # Errors
///
/// If the file does not consist of tokens.
pub fn functions(source: &str) -> Result<Vec<Function>, Unparsed> {
    on_parser_thread(|| {
        let tokens = Source::new(source).tokens()?;
        let mut found = Found::default();
        found.visit_file(&parse::file(tokens).file);
        Ok(found.functions)
    })
}

#[derive(Default)]
struct Found {
    functions: Vec<Function>,
    self_ty: Option<String>,
}

impl Found {
    fn add(&mut self, item: Span, name: &Ident, body: &Block) {
        let body = body.brace_token.span.open().start();
        let ty = self.self_ty.iter().map(|ty| format!("{ty}::"));
        self.functions.push(Function {
            name: ty.chain([name.to_string()]).collect(),
            lines: item.start().line..=item.end().line,
            body: (body.line, body.column + 1),
        });
    }

    /// Visits the functions in an item of this type, or of none.
    fn within(&mut self, ty: Option<String>, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.self_ty, ty);
        visit(self);
        self.self_ty = outer;
    }
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.within(None, |found| {
            found.add(item.span(), &item.sig.ident, &item.block);
            visit::visit_item_fn(found, item);
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(item.span(), &item.sig.ident, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(item.span(), &item.sig.ident, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let ty = type_name(&item.self_ty, None);
        self.within(ty, |found| visit::visit_item_impl(found, item));
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        let ty = Some(item.ident.to_string());
        self.within(ty, |found| visit::visit_item_trait(found, item));
    }
}
