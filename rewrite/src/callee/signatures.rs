//! The signatures of the program's own functions that are named like callees or hand their task on, as far as they are
//! in sight.
//!
//! A signature decides which argument is the task, and how it may be treated. [`takes`](crate::callee::takes) reads the type
//! of one parameter.
//!
//! [`Signatures`] has the functions of one item or file. A front end that reads all files of a crate collects
//! `CrateSignatures` first. A call finds a function of another file only if an import, a path or the type of the
//! receiver leads there.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{Block, Generics, Item, Signature};

use crate::attribute::nested;
use crate::callee::relay;
use crate::callee::spawn::Callee;
use crate::callee::takes::{Declared, Reader, Takes};
use crate::known::{callees, waits};
use crate::lexical::locals::{self, names_from_last};
use crate::lexical::role::LexicalContext;

/// The functions of an item, or of a file, that are named like callees or like functions that hand their task on.
#[derive(Default)]
pub(crate) struct Signatures<'a> {
    functions: Vec<Function>,
    imports: Vec<Import>,
    modules: Vec<String>,
    /// The functions of the crate's other files.
    elsewhere: &'a [Function],
}

/// The functions of all files of a crate that are named like callees.
#[cfg(feature = "text")]
#[derive(Clone, Debug, Default)]
pub struct CrateSignatures {
    functions: Vec<Function>,
}

/// An imported name.
struct Import {
    /// The name, or `*` if all names are imported.
    name: String,
    /// The first segment of its path.
    root: String,
    /// The segment before the name.
    parent: String,
}

#[derive(Clone, Debug)]
struct Function {
    name: String,
    /// The type or trait of which it is a function.
    owner: Option<String>,
    /// The module around it, if that is in sight.
    module: Option<String>,
    is_method: bool,
    /// One entry for each parameter, `self` included.
    takes: Vec<Takes>,
    /// The function gives a parameter, as it is, to a callee of the table.
    forwards_task: bool,
}

impl<'a> Signatures<'a> {
    /// Reads the functions in `items`. `also` lists the callees beside those of the table.
    pub(crate) fn of(items: &[Item], also: &[String]) -> Self {
        let mut collector = Collector {
            also: also.to_vec(),
            ..Collector::default()
        };
        items.iter().for_each(|item| collector.visit_item(item));
        collector.finish()
    }

    /// Adds the functions of the crate's other files.
    #[cfg(feature = "text")]
    pub(crate) fn and(self, elsewhere: &'a CrateSignatures) -> Self {
        Signatures {
            elsewhere: &elsewhere.functions,
            ..self
        }
    }

    /// Returns how each argument of a call is taken, if its callee is in sight.
    pub(crate) fn find(
        &self,
        callee: &Callee,
        count: usize,
        context: &LexicalContext,
    ) -> Option<Vec<Takes>> {
        let is_method = callee.path.is_none();
        let ty = callee.receiver_type(context);
        if is_method && ty.is_none() && callee.is_named_like_its_caller(context) {
            // It hands its task on to a function of that name, and hardly to itself.
            return None;
        }
        let named = |function: &&Function| *callee.name == function.name;
        let here = self.meant(callee, ty.as_ref(), context);
        let elsewhere = self.elsewhere.iter().filter(named);
        let elsewhere = elsewhere.filter(|function| match callee.path {
            Some(path) => self.leads_to(function, &path.path, context),
            None => function.is_method && ty.is_some() && function.owner == ty,
        });
        let mut takes =
            agreed(here, is_method, count).or_else(|| agreed(elsewhere, is_method, count))?;
        if is_method && ty.is_none() {
            takes.iter_mut().for_each(|one| *one = one.perhaps());
        }
        Some(takes)
    }

    /// Returns `true` if a path leads to a function of another file.
    fn leads_to(&self, function: &Function, path: &syn::Path, context: &LexicalContext) -> bool {
        let mut names = names_from_last(path);
        let (Some(name), owner) = (names.next(), names.next()) else {
            return false;
        };
        let Some(owner) = owner else {
            return function.owner.is_none()
                && self.imports_of(&name).any(|import| {
                    self.is_of_the_crate(&import.root)
                        && (is_relative(&import.parent)
                            || function.module.as_ref() == Some(&import.parent))
                });
        };
        let root = names.last().unwrap_or_else(|| owner.clone());
        let mut imports = self.imports.iter().filter(|import| import.name == root);
        let is_of_the_crate =
            self.is_of_the_crate(&root) || imports.any(|import| self.is_of_the_crate(&import.root));
        (is_of_the_crate || owner == "Self") && function.is_below(&owner, context)
    }

    /// The imports that may bring a name: those of the name, or else those of all names, unless other crates are
    /// among them.
    fn imports_of(&self, name: &str) -> impl Iterator<Item = &Import> {
        let is_named = self.imports.iter().any(|import| import.name == name);
        let mut globs = self.imports.iter().filter(|import| import.name == "*");
        let has_foreign = globs.any(|import| !self.is_of_the_crate(&import.root));
        self.imports.iter().filter(move |import| match is_named {
            true => import.name == name,
            false => import.name == "*" && !has_foreign,
        })
    }

    /// Returns `true` if a path that begins so stays in the crate.
    fn is_of_the_crate(&self, root: &str) -> bool {
        is_relative(root) || self.modules.iter().any(|module| module == root)
    }

    /// Returns `true` if the callee is in sight and hands its task on, without doubt: each function that may be meant does.
    pub(crate) fn forwards_task(&self, callee: &Callee, context: &LexicalContext) -> bool {
        let mut relays = self
            .functions
            .iter()
            .filter(|function| function.forwards_task);
        if !relays.any(|function| *callee.name == function.name) {
            return false;
        }
        let ty = callee.receiver_type(context);
        let is_unclear = match callee.path {
            Some(path) => is_local(&path.path, context),
            None => ty.is_none(),
        };
        let mut found = self.meant(callee, ty.as_ref(), context).peekable();
        !is_unclear && found.peek().is_some() && found.all(|function| function.forwards_task)
    }

    /// Returns the functions that a callee may be. `ty` is the type of its receiver.
    fn meant<'b>(
        &'b self,
        callee: &'b Callee,
        ty: Option<&'b String>,
        context: &'b LexicalContext,
    ) -> impl Iterator<Item = &'b Function> {
        let named = self.functions.iter();
        let named = named.filter(|function| *callee.name == function.name);
        named.filter(move |function| match callee.path {
            Some(path) => self.is_meant(function, &path.path, context),
            None => function.is_method && function.may_belong_to(ty, context),
        })
    }

    fn is_meant(&self, function: &Function, path: &syn::Path, context: &LexicalContext) -> bool {
        let Some(owner) = names_from_last(path).nth(1) else {
            return function.owner.is_none() && !self.is_imported_from_elsewhere(&function.name);
        };
        function.is_below(&owner, context)
    }

    fn is_imported_from_elsewhere(&self, name: &str) -> bool {
        let mut imports = self.imports.iter().filter(|import| import.name == name);
        imports.any(|import| !self.is_of_the_crate(&import.root))
    }
}

#[cfg(feature = "text")]
impl CrateSignatures {
    /// Adds the functions of a file. `module` is the module that the file is, or empty if it is the root. `also` lists
    /// the callees beside those of the table.
    pub fn add(&mut self, module: &str, source: &str, also: &[String]) {
        if !defines_callee(source, also) {
            return;
        }
        let functions = crate::text::parsed(source, |file| {
            let mut collector = Collector {
                also: also.to_vec(),
                module: Some(module.to_owned()).filter(|it| !it.is_empty()),
                ..Collector::default()
            };
            let items = file.items.iter();
            items.for_each(|item| collector.visit_item(item));
            collector.finish().functions
        });
        self.functions.extend(functions.unwrap_or_default());
    }
}

/// Returns `true` if a function of the text may be named like a callee.
#[cfg(feature = "text")]
fn defines_callee(source: &str, also: &[String]) -> bool {
    source.match_indices("fn ").any(|(start, word)| {
        let name = source[start + word.len()..].trim_start();
        let end = name.find(|it: char| !it.is_alphanumeric() && it != '_');
        let name = &name[..end.unwrap_or(name.len())];
        callees::is_known(name, also) || waits::is_known(name)
    })
}

/// Returns what several functions that may be meant have in common.
fn agreed<'a>(
    functions: impl Iterator<Item = &'a Function>,
    is_method: bool,
    count: usize,
) -> Option<Vec<Takes>> {
    let takes = functions.map(|function| function.takes.get(usize::from(is_method)..));
    let mut takes = takes.flatten().filter(|takes| takes.len() == count);
    let mut agreed = takes.next()?.to_vec();
    for other in takes {
        let pairs = agreed.iter_mut().zip(other);
        pairs.for_each(|(one, other)| *one = one.and(*other));
    }
    Some(agreed)
}

fn is_relative(segment: &str) -> bool {
    matches!(segment, "crate" | "self" | "super")
}

/// Returns `true` if the path is a variable.
fn is_local(path: &syn::Path, context: &LexicalContext) -> bool {
    let name = path.get_ident();
    name.is_some_and(|name| context.locals.get(&name.to_string()).is_some())
}

impl Function {
    /// Returns `true` if `segment::name` may be a path to the function.
    fn is_below(&self, segment: &str, context: &LexicalContext) -> bool {
        match segment {
            "Self" => self.owner.as_deref() == context.self_ty,
            segment if is_relative(segment) => self.owner.is_none(),
            segment if locals::is_type(segment) => self.owner.as_deref() == Some(segment),
            segment => self.owner.is_none() && self.module.as_deref() == Some(segment),
        }
    }

    /// Whether it may be a method of `ty`, the type of a receiver.
    fn may_belong_to(&self, ty: Option<&String>, context: &LexicalContext) -> bool {
        ty.is_none_or(|ty| self.owner.as_ref() == Some(ty) || context.parameters.contains(ty))
    }
}

/// Notes the functions of a tree, and what their signatures mention.
#[derive(Default)]
struct Collector<'a> {
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

    /// Notes what a `use` imports. `path` is what stands before the tree, its first and its last segment.
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
                    relay::forwards_parameter(found.signature, &takes, block, &self.also)
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
        let name = locals::type_name(&item.self_ty, None).unwrap_or_default();
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

    // No function stands in these.
    fn visit_type(&mut self, _: &'a syn::Type) {}
    fn visit_path(&mut self, _: &'a syn::Path) {}
    fn visit_pat(&mut self, _: &'a syn::Pat) {}
}
