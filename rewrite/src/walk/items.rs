//! Items: each has a name, attributes of its own, and a context of its own.

use std::rc::Rc;

use syn::visit_mut::VisitMut;
use syn::{Attribute, Block, Expr, Signature};

use super::context::{BodyContext, Exemption, ItemContext};
use super::{Walk, tests, waits};
use crate::attribute::nested;
use crate::lexical::guards::Guards;
use crate::lexical::types::type_name;

impl Walk<'_> {
    /// Visits an item with the arguments of the attributes on it.
    pub(super) fn item(
        &mut self,
        attrs: &mut Vec<Attribute>,
        name: Option<String>,
        visit: impl FnOnce(&mut Self),
    ) {
        if self.context.settings.rules.without_tests && attrs.iter().any(nested::needs_tests) {
            return;
        }
        let args = Rc::clone(&self.context.item.args);
        let own = nested::arguments(attrs, args.krate.as_ref());
        if args.frames == Some(false) && own.iter().all(|own| own.frames.is_none()) {
            self.mark_done(attrs);
        }
        let inner = self.context.item.inside(attrs, own, name);
        let waits = self.editor.waits();
        self.in_item(inner, visit);
        if self.editor.waits() != waits {
            self.mark_done(attrs);
        }
    }

    /// Marks an item with an attribute of its own as done. By itself, that attribute would add frames and count polls once
    /// more.
    fn mark_done(&mut self, attrs: &mut Vec<Attribute>) {
        if let Some(own) = nested::find(attrs).cloned() {
            self.editor.mark_done(attrs, &own);
        }
    }

    /// Visits a function of an `impl` or a trait.
    pub(super) fn associated_function(
        &mut self,
        attrs: &mut Vec<Attribute>,
        signature: &Signature,
        block: &mut Block,
    ) {
        let name = Some(signature.ident.to_string());
        let tracks_caller = tracks_caller(attrs);
        self.item(attrs, name, |walk| {
            walk.signature_and_body(signature, block, tracks_caller)
        });
    }

    /// Visits a function. An attribute may block on its body, as `#[tokio::main]` does.
    pub(super) fn function(&mut self, item: &mut syn::ItemFn) {
        let is_entry = waits::is_entry(item);
        let is_test = tests::is_scope(item);
        let name = Some(item.sig.ident.to_string());
        let tracks_caller = tracks_caller(&item.attrs);
        self.item(&mut item.attrs, name, |walk| {
            walk.signature_and_body(&item.sig, &mut item.block, tracks_caller);
            if is_entry {
                walk.wait_for_body(&mut item.block);
            }
            if is_test {
                walk.scope_of_test(&item.sig, &mut item.block);
            }
        });
    }

    /// Visits a function in its own context, which the caller restores.
    fn signature_and_body(
        &mut self,
        signature: &Signature,
        block: &mut Block,
        tracks_caller: bool,
    ) {
        let is_unchanged = self.is_unchanged(block);
        let item = &mut self.context.item;
        item.type_parameters
            .extend(type_parameters(&signature.generics));
        if is_unchanged {
            item.exempt(Exemption::Left);
        }
        let mut body = BodyContext::of_function(signature, item);
        body.tracks_caller = tracks_caller;
        if self.context.may_have_frames() {
            let locate = self.context.settings.locate;
            body.guards = Guards::of_function(signature, block, locate);
        }
        self.in_body(body, |walk| walk.body(block));
    }

    /// Returns `true` if the front end leaves the function with this body as it is.
    fn is_unchanged(&self, block: &Block) -> bool {
        let unchanged = self.context.settings.rules.unchanged;
        let open = block.brace_token.span.open();
        !unchanged.is_empty() && unchanged.contains(&self.context.position(open))
    }

    /// Visits a `static` or a `const`.
    pub(super) fn constant(
        &mut self,
        attrs: &mut Vec<Attribute>,
        name: &syn::Ident,
        expr: &mut Expr,
    ) {
        let name = Some(name.to_string());
        self.item(attrs, name, |walk| walk.visit_expr_mut(expr));
    }

    /// Visits an `impl`.
    pub(super) fn implementation(&mut self, implementation: &mut syn::ItemImpl) {
        let generics = &implementation.generics;
        let items = &mut implementation.items;
        let ty = type_name(&implementation.self_ty, None);
        self.item(&mut implementation.attrs, None, |walk| {
            let item = &mut walk.context.item;
            let has_generics = !generics.params.is_empty();
            item.impl_generics = has_generics.then(|| Rc::new(generics.clone()));
            item.type_parameters.extend(type_parameters(generics));
            item.begin_names(ty);
            let items = items.iter_mut();
            items.for_each(|item| walk.visit_impl_item_mut(item));
        });
    }

    /// Visits a trait.
    pub(super) fn declared_trait(&mut self, declared: &mut syn::ItemTrait) {
        let name = declared.ident.to_string();
        let items = &mut declared.items;
        self.item(&mut declared.attrs, None, |walk| {
            let item = &mut walk.context.item;
            item.type_parameters.push(name.clone());
            item.begin_names(Some(name));
            let items = items.iter_mut();
            items.for_each(|item| walk.visit_trait_item_mut(item));
        });
    }

    /// Visits with another context of items, and restores the present one.
    pub(super) fn in_item(&mut self, inner: ItemContext, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.context.item, inner);
        visit(self);
        self.context.item = outer;
    }

    /// Visits with another context of functions, and restores the present one.
    fn in_body(&mut self, inner: BodyContext, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.context.body, inner);
        visit(self);
        self.context.body = outer;
    }
}

/// Returns the names of type parameters.
fn type_parameters(generics: &syn::Generics) -> Vec<String> {
    let names = generics.type_params().map(|one| one.ident.to_string());
    names.collect()
}

/// Returns `true` if a function takes the place of its caller.
fn tracks_caller(attrs: &[Attribute]) -> bool {
    attrs
        .iter()
        .any(|attr| attr.path().is_ident("track_caller"))
}
