//! Collects the signatures of a tree.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{Block, Generics, Item, Signature};

use super::{Function, Import, Signatures};
use crate::attribute::nested;
use crate::callee::forwarding::forwards_parameter;
use crate::callee::takes::{Declared, Reader};
use crate::known::{callees, waits};
use crate::lexical::types::type_name;

/// Notes the functions of a tree, and what their signatures mention.
#[derive(Default)]
pub(super) struct Collector<'a> {
    also: Vec<String>,
    found: Vec<Found<'a>>,
    declared: Declared<'a>,
    signatures: Signatures<'static>,
    owner: Option<(String, &'a Generics)>,
    module: Option<String>,
    skipped: bool,
}

struct Found<'a> {
    signature: &'a Signature,
    /// `None` for a method that a trait requires, and for a function that is left alone.
    block: Option<&'a Block>,
    owner: Option<(String, &'a Generics)>,
    module: Option<String>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(module: Option<String>, also: &[String]) -> Self {
        Collector {
            also: also.to_vec(),
            module,
            ..Collector::default()
        }
    }

    /// Collects the functions of some items.
    pub(super) fn collect(mut self, items: &'a [Item]) -> Signatures<'static> {
        items.iter().for_each(|item| self.visit_item(item));
        self.finish()
    }

    fn function(&mut self, signature: &'a Signature, block: Option<&'a Block>) {
        self.found.push(Found {
            signature,
            block: block.filter(|_| !self.skipped),
            owner: self.owner.clone(),
            module: self.module.clone(),
        });
    }

    /// Visits an item, whose functions are left alone if an attribute on it is a `skip`.
    fn unless_skipped(&mut self, attrs: &[syn::Attribute], visit: impl FnOnce(&mut Self)) {
        let outer = self.skipped;
        let arguments = nested::arguments(attrs, None);
        self.skipped |= arguments.iter().any(|arguments| arguments.skip);
        visit(self);
        self.skipped = outer;
    }

    fn within(&mut self, owner: Option<(String, &'a Generics)>, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.owner, owner);
        visit(self);
        self.owner = outer;
    }

    /// Notes the names that a `use` imports. `path` has the first and the last segment in front of the tree.
    fn import(&mut self, path: Option<(&str, &str)>, tree: &syn::UseTree) {
        let name = match tree {
            syn::UseTree::Path(segment) => {
                let name = segment.ident.to_string();
                let root = path.map_or(&name[..], |(root, _)| root);
                return self.import(Some((root, &name)), &segment.tree);
            }
            syn::UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.import(path, tree));
            }
            syn::UseTree::Name(name) => name.ident.to_string(),
            syn::UseTree::Rename(name) => name.rename.to_string(),
            syn::UseTree::Glob(_) => "*".to_owned(),
        };
        // `a::{self}` imports `a`.
        let name = match path {
            Some((_, parent)) if name == "self" => parent.to_owned(),
            _ => name,
        };
        if let Some((root, parent)) = path {
            self.signatures.imports.push(Import {
                name,
                root: root.to_owned(),
                parent: parent.to_owned(),
            });
        }
    }

    fn finish(self) -> Signatures<'static> {
        let mut signatures = self.signatures;
        let functions = self.found.iter().map(|found| {
            let reader = Reader {
                declared: &self.declared,
                signature: found.signature,
                outer: found.owner.as_ref().map(|(_, generics)| *generics),
            };
            let takes = reader.parameters();
            Function {
                name: found.signature.ident.to_string(),
                owner: found.owner.as_ref().map(|(owner, _)| owner.clone()),
                module: found.module.clone(),
                is_method: found.signature.receiver().is_some(),
                forwards_task: found.block.is_some_and(|block| {
                    forwards_parameter(found.signature, &takes, block, &self.also)
                }),
                takes,
            }
        });
        let mut functions: Vec<_> = functions.collect();
        let relays = functions.iter().filter(|function| function.forwards_task);
        let relays: BTreeSet<_> = relays.map(|function| function.name.clone()).collect();
        functions.retain(|function| {
            relays.contains(&function.name)
                || callees::is_known(&function.name, &self.also)
                || waits::is_known(&function.name)
        });
        signatures.functions = functions;
        signatures
    }
}

impl<'a> Visit<'a> for Collector<'a> {
    fn visit_item(&mut self, item: &'a Item) {
        self.declared.note(item);
        visit::visit_item(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'a syn::Attribute) {
        if nested::find(std::slice::from_ref(attribute)).is_some() {
            let arguments = nested::arguments(std::slice::from_ref(attribute), None);
            self.also
                .extend(arguments.into_iter().flat_map(|one| one.also));
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.import(None, &item.tree);
    }

    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        let name = item.ident.to_string();
        self.signatures.modules.push(name.clone());
        let outer = self.module.replace(name);
        self.unless_skipped(&item.attrs, |collector| {
            collector.within(None, |collector| visit::visit_item_mod(collector, item));
        });
        self.module = outer;
    }

    fn visit_item_impl(&mut self, item: &'a syn::ItemImpl) {
        let name = type_name(&item.self_ty, None).unwrap_or_default();
        let owner = Some((name, &item.generics));
        self.unless_skipped(&item.attrs, |collector| {
            collector.within(owner, |collector| visit::visit_item_impl(collector, item));
        });
    }

    fn visit_item_trait(&mut self, item: &'a syn::ItemTrait) {
        let owner = Some((item.ident.to_string(), &item.generics));
        self.unless_skipped(&item.attrs, |collector| {
            collector.within(owner, |collector| visit::visit_item_trait(collector, item));
        });
    }

    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        self.unless_skipped(&item.attrs, |collector| {
            collector.within(None, |collector| {
                collector.function(&item.sig, Some(&item.block));
                visit::visit_item_fn(collector, item);
            });
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        self.unless_skipped(&item.attrs, |collector| {
            collector.function(&item.sig, Some(&item.block));
            visit::visit_impl_item_fn(collector, item);
        });
    }

    fn visit_trait_item_fn(&mut self, item: &'a syn::TraitItemFn) {
        self.unless_skipped(&item.attrs, |collector| {
            collector.function(&item.sig, item.default.as_ref());
            visit::visit_trait_item_fn(collector, item);
        });
    }

    // No function is in these.
    fn visit_type(&mut self, _: &'a syn::Type) {}
    fn visit_path(&mut self, _: &'a syn::Path) {}
    fn visit_pat(&mut self, _: &'a syn::Pat) {}
}
