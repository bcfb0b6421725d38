//! The signatures of the program's own functions that are named like callees, as far as they are in sight.
//!
//! A signature decides which argument is the task, and how it may be treated. [`takes`](crate::takes) reads the type
//! of one parameter.

use syn::visit::{self, Visit};
use syn::{Generics, Item, Signature};

use crate::known::callees;
use crate::nested;
use crate::role::Place;
use crate::scope::{self, names_from_last};
use crate::spawn::Callee;
use crate::takes::{Declared, Reader, Takes};

/// The functions of an item, or of a file, that are named like callees.
#[derive(Default)]
pub(crate) struct Signatures {
    functions: Vec<Function>,
    /// Imported names, each with the first segment of its path.
    imports: Vec<(String, String)>,
    modules: Vec<String>,
}

struct Function {
    name: String,
    /// The type or trait of which it is a function.
    owner: Option<String>,
    /// The module around it, if that is in sight.
    module: Option<String>,
    is_method: bool,
    /// One entry for each parameter, `self` included.
    takes: Vec<Takes>,
}

impl Signatures {
    /// Reads the functions in `items`. `also` lists the callees beside those of the table.
    pub(crate) fn of(items: &[Item], also: &[String]) -> Self {
        let mut collector = Collector {
            also: also.to_vec(),
            ..Collector::default()
        };
        items.iter().for_each(|item| collector.visit_item(item));
        collector.finish()
    }

    /// Returns how each argument of a call is taken, if its callee is in sight.
    pub(crate) fn find(&self, callee: &Callee, count: usize, place: &Place) -> Option<Vec<Takes>> {
        let is_method = callee.path.is_none();
        let receiver = callee.receiver;
        let ty = receiver.and_then(|it| scope::expr_type(it, place.scopes, place.self_ty));
        if is_method && ty.is_none() && callee.forwards(place) {
            // It hands its task on to a function of that name, and hardly to itself.
            return None;
        }
        let mut found = self
            .functions
            .iter()
            .filter(|function| *callee.name == function.name)
            .filter(|function| match callee.path {
                Some(path) => self.is_meant(function, &path.path, place),
                None => function.is_method && function.may_belong_to(ty.as_ref(), place),
            })
            .map(|function| &function.takes[usize::from(is_method)..])
            .filter(|takes| takes.len() == count);
        let mut takes = found.next()?.to_vec();
        for other in found {
            let pairs = takes.iter_mut().zip(other);
            pairs.for_each(|(one, other)| *one = one.and(*other));
        }
        if is_method && ty.is_none() {
            takes.iter_mut().for_each(|one| *one = one.perhaps());
        }
        Some(takes)
    }

    fn is_meant(&self, function: &Function, path: &syn::Path, place: &Place) -> bool {
        let Some(owner) = names_from_last(path).nth(1) else {
            return function.owner.is_none() && !self.is_imported_from_elsewhere(&function.name);
        };
        match owner.as_str() {
            "Self" => function.owner.as_deref() == place.self_ty,
            "self" | "super" | "crate" => function.owner.is_none(),
            owner if scope::is_type(owner) => function.owner.as_deref() == Some(owner),
            owner => function.owner.is_none() && function.module.as_deref() == Some(owner),
        }
    }

    fn is_imported_from_elsewhere(&self, name: &str) -> bool {
        let mut imports = self.imports.iter().filter(|(imported, _)| imported == name);
        imports.any(|(_, root)| {
            !matches!(root.as_str(), "crate" | "self" | "super") && !self.modules.contains(root)
        })
    }
}

impl Function {
    /// Whether it may be a method of `ty`, the type of a receiver.
    fn may_belong_to(&self, ty: Option<&String>, place: &Place) -> bool {
        ty.is_none_or(|ty| self.owner.as_ref() == Some(ty) || place.parameters.contains(ty))
    }
}

/// Notes the functions of a tree, and what their signatures mention.
#[derive(Default)]
struct Collector<'a> {
    also: Vec<String>,
    found: Vec<Found<'a>>,
    declared: Declared<'a>,
    signatures: Signatures,
    owner: Option<(String, &'a Generics)>,
    module: Option<String>,
}

struct Found<'a> {
    signature: &'a Signature,
    owner: Option<(String, &'a Generics)>,
    module: Option<String>,
}

impl<'a> Collector<'a> {
    fn function(&mut self, signature: &'a Signature) {
        self.found.push(Found {
            signature,
            owner: self.owner.clone(),
            module: self.module.clone(),
        });
    }

    fn within(&mut self, owner: Option<(String, &'a Generics)>, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.owner, owner);
        visit(self);
        self.owner = outer;
    }

    fn import(&mut self, root: Option<&str>, tree: &syn::UseTree) {
        match (tree, root) {
            (syn::UseTree::Path(path), _) => {
                let name = path.ident.to_string();
                self.import(root.or(Some(&name)), &path.tree);
            }
            (syn::UseTree::Group(group), _) => {
                group.items.iter().for_each(|tree| self.import(root, tree));
            }
            (syn::UseTree::Name(name), Some(root)) => {
                let import = (name.ident.to_string(), root.to_owned());
                self.signatures.imports.push(import);
            }
            (syn::UseTree::Rename(name), Some(root)) => {
                let import = (name.rename.to_string(), root.to_owned());
                self.signatures.imports.push(import);
            }
            _ => {}
        }
    }

    fn finish(self) -> Signatures {
        let mut signatures = self.signatures;
        for found in self.found {
            let name = found.signature.ident.to_string();
            if !callees::is_known(&name, &self.also) {
                continue;
            }
            let reader = Reader {
                declared: &self.declared,
                signature: found.signature,
                outer: found.owner.as_ref().map(|(_, generics)| *generics),
            };
            signatures.functions.push(Function {
                name,
                owner: found.owner.as_ref().map(|(owner, _)| owner.clone()),
                module: found.module,
                is_method: found.signature.receiver().is_some(),
                takes: reader.parameters(),
            });
        }
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
        self.within(None, |collector| visit::visit_item_mod(collector, item));
        self.module = outer;
    }

    fn visit_item_impl(&mut self, item: &'a syn::ItemImpl) {
        let name = scope::type_name(&item.self_ty, None).unwrap_or_default();
        let owner = Some((name, &item.generics));
        self.within(owner, |collector| visit::visit_item_impl(collector, item));
    }

    fn visit_item_trait(&mut self, item: &'a syn::ItemTrait) {
        let owner = Some((item.ident.to_string(), &item.generics));
        self.within(owner, |collector| visit::visit_item_trait(collector, item));
    }

    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        self.within(None, |collector| {
            collector.function(&item.sig);
            visit::visit_item_fn(collector, item);
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        self.function(&item.sig);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'a syn::TraitItemFn) {
        self.function(&item.sig);
        visit::visit_trait_item_fn(self, item);
    }

    // No function stands in these.
    fn visit_type(&mut self, _: &'a syn::Type) {}
    fn visit_path(&mut self, _: &'a syn::Path) {}
    fn visit_pat(&mut self, _: &'a syn::Pat) {}
}
