//! Where names come from, above all those of macros.
//!
//! Names cannot be resolved in a macro. But a macro call may be entered only if the name leads to the known macro. So
//! [`Imports::macro_at`] resolves the name as far as the code in sight allows, in the order of the language:
//!
//! 1. A `macro_rules!` around the call. The macro is another one.
//! 2. An import of the name in the blocks and the module around the call. The import is followed.
//! 3. A definition anywhere in the crate ([`MacroNames`]). The macro may be another one.
//! 4. A crate with `#[macro_use]`.
//! 5. The prelude, for macros of std. The compiler refuses a glob import that brings a name of the prelude.
//! 6. A glob import. From a crate in the table of macros, it brings the macros of the table. From another crate, it may
//!    bring a macro of any name.
//! 7. Nothing. If the imports are *out of sight*, the macro may still be the known one. A rare name is then accepted
//!    ([`macros::likely_meant`]).
//!
//! The imports are out of sight in an item outside of a module, and behind a glob import of a module of the same crate.

pub(crate) mod macro_names;

use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, Item, Path, Stmt, Token, UseTree};

use crate::imports::macro_names::MacroNames;
use crate::known::macros::{self, Awaiting, Passes, Row};

/// A path as its names.
type Names = Vec<String>;

/// The declarations of one module or block that decide where names come from.
#[derive(Default)]
struct ImportScope {
    is_module: bool,
    /// Names that are imported one by one, each with its path.
    uses: Vec<(String, Names)>,
    /// The modules of glob imports.
    globs: Vec<Names>,
    /// Macros that are defined here.
    macros: Names,
    /// Modules that are declared here.
    modules: Names,
}

/// The modules and blocks around an expression, innermost last, and the rest of the crate.
pub(crate) struct Imports<'a> {
    scopes: Vec<ImportScope>,
    /// The macros that the crate defines and imports anywhere. The names of several pieces of code count together.
    anywhere: Vec<&'a MacroNames>,
    /// Further paths under which the crate `birthmark` is found.
    ours: Names,
}

/// The origin of a macro.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    /// A path that begins with a crate.
    At(Names),
    /// Nothing in sight has the name, and some imports are out of sight.
    Unseen,
    /// An unknown place, or one of several.
    Elsewhere,
    /// Nothing has the name, and all imports are in sight.
    Nowhere,
}

/// A macro that is the known one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownMacro {
    pub passes: Passes,
    pub awaits: Option<Awaiting>,
}

impl Origin {
    fn of_std(name: &str) -> Origin {
        Origin::At(vec!["std".to_owned(), name.to_owned()])
    }
}

impl From<&Row> for KnownMacro {
    fn from(row: &Row) -> KnownMacro {
        KnownMacro {
            passes: row.passes,
            awaits: row.awaits,
        }
    }
}

impl<'a> Imports<'a> {
    /// Begins outside of all modules. `ours` lists further paths of the crate `birthmark`.
    pub(crate) fn new(anywhere: Vec<&'a MacroNames>, ours: Vec<String>) -> Self {
        Imports {
            scopes: Vec::new(),
            anywhere,
            ours,
        }
    }

    /// Enters a module.
    pub(crate) fn enter_module(&mut self, items: &[Item]) {
        let mut scope = ImportScope {
            is_module: true,
            ..ImportScope::default()
        };
        items.iter().for_each(|item| scope.add(item));
        self.scopes.push(scope);
    }

    /// Enters a block.
    pub(crate) fn enter_block(&mut self, stmts: &[Stmt]) {
        let mut scope = ImportScope::default();
        for stmt in stmts {
            if let Stmt::Item(item) = stmt {
                scope.add(item);
            }
        }
        self.scopes.push(scope);
    }

    /// Leaves what was entered last.
    pub(crate) fn leave(&mut self) {
        self.scopes.pop();
    }

    /// Returns the first segment of the path from which the module or a block imports a name.
    pub(crate) fn root(&self, name: &str) -> Option<&str> {
        let local = &self.scopes[self.local(self.scopes.len())];
        let mut uses = local.iter().rev().flat_map(|scope| &scope.uses);
        let (_, path) = uses.find(|(used, _)| used == name)?;
        path.first().map(String::as_str)
    }

    /// Returns the paths to which a path may lead by the glob imports of the module or a block around.
    pub(crate) fn by_globs<'p>(&'p self, path: &'p Path) -> impl Iterator<Item = Vec<String>> + 'p {
        let local = &self.scopes[self.local(self.scopes.len())];
        let globs = local.iter().flat_map(|scope| &scope.globs);
        let names = || path.segments.iter().map(|one| unraw(&one.ident));
        globs.map(move |glob| glob.iter().cloned().chain(names()).collect())
    }

    /// Returns the known macro that a path leads to.
    pub(crate) fn macro_at(&self, path: &Path) -> Option<KnownMacro> {
        let names: Names = path.segments.iter().map(|one| unraw(&one.ident)).collect();
        let (name, home) = names.split_last()?;
        let origin = if path.leading_colon.is_some() {
            Origin::At(names.clone())
        } else if home.is_empty() {
            self.bare(name, self.scopes.len())
        } else {
            self.resolve(names.clone(), self.scopes.len())
        };
        match origin {
            Origin::At(names) => at(&names).map(KnownMacro::from),
            Origin::Unseen => macros::likely_meant(name).map(|row| KnownMacro {
                passes: row.passes,
                awaits: row.awaits.map(|_| Awaiting::Whole),
            }),
            Origin::Elsewhere | Origin::Nowhere => None,
        }
    }

    /// Returns the origin of a macro that is called by its name alone, in the scopes before `depth`.
    fn bare(&self, name: &str, depth: usize) -> Origin {
        let around = &self.scopes[..depth];
        if around.iter().any(|scope| defines(&scope.macros, name)) {
            return Origin::Elsewhere;
        }
        let local = self.local(depth);
        for scope in around[local.clone()].iter().rev() {
            if let Some(origin) = self.imported(scope, name, depth) {
                return origin;
            }
        }
        if self.anywhere.iter().any(|names| names.defines(name)) {
            return Origin::Elsewhere;
        }
        let macro_use = self.anywhere.iter().flat_map(|names| names.macro_use());
        let mut found: Vec<Origin> = macro_use
            .filter_map(|krate| from_whole(&[krate.to_owned()], name))
            .collect();
        if macros::in_prelude(name).is_some() {
            // The compiler refuses a glob import that brings a name of the prelude.
            return all_same(found).unwrap_or_else(|| Origin::of_std(name));
        }
        let mut out_of_sight = !around.get(local.start).is_some_and(|scope| scope.is_module);
        for glob in around[local].iter().flat_map(|scope| &scope.globs) {
            match self.glob(glob, name, depth) {
                None => {}
                Some(Origin::Unseen) => out_of_sight = true,
                Some(origin) => found.push(origin),
            }
        }
        match all_same(found) {
            Some(origin) => origin,
            None if !out_of_sight => Origin::Nowhere,
            None if self.anywhere.iter().any(|names| names.imports(name)) => Origin::Elsewhere,
            None => Origin::Unseen,
        }
    }

    /// Returns the scopes before `depth` whose imports are visible there: the blocks, and the module around them.
    fn local(&self, depth: usize) -> std::ops::Range<usize> {
        let module = self.scopes[..depth]
            .iter()
            .rposition(|scope| scope.is_module);
        module.unwrap_or(0)..depth
    }

    /// Returns the origin of a name that one scope imports, if it may be a macro.
    fn imported(&self, scope: &ImportScope, name: &str, depth: usize) -> Option<Origin> {
        let imports = scope.uses.iter().filter(|(known, _)| known == name);
        let origins = imports.map(|(_, path)| self.resolve(path.clone(), depth));
        all_same(origins.filter(may_be_a_macro).collect())
    }

    /// Returns the origin to which a path in the scopes before `depth` leads.
    fn resolve(&self, path: Names, depth: usize) -> Origin {
        let mut path = path;
        // Each step leads to an import; more of them go round in a circle.
        for _ in 0..8 {
            if let Some((name, home)) = path.split_last()
                && defines(&self.ours, &home.join("::"))
            {
                return Origin::At(vec!["birthmark".to_owned(), name.clone()]);
            }
            match &*path[0] {
                "super" => return self.in_parent(&path, depth),
                "crate" | "self" | "$crate" => return Origin::Elsewhere,
                _ => {}
            }
            let local = &self.scopes[self.local(depth)];
            if path.len() > 1 && local.iter().any(|scope| defines(&scope.modules, &path[0])) {
                return Origin::Elsewhere;
            }
            let mut uses = local.iter().rev().flat_map(|scope| &scope.uses);
            match uses.find(|(name, _)| *name == path[0]) {
                Some((_, import)) if import[0] != path[0] => {
                    path.splice(..1, import.iter().cloned());
                }
                _ => return Origin::At(path),
            }
        }
        Origin::Elsewhere
    }

    /// Returns the origin to which `super::name` leads, if the parent module is in sight.
    fn in_parent(&self, path: &[String], depth: usize) -> Origin {
        let module = self.local(depth).start;
        match path {
            [_, name] if module > 0 => self.bare(name, module),
            _ => Origin::Elsewhere,
        }
    }

    /// Returns the origin that a glob import gives to a name, if it brings the name.
    fn glob(&self, path: &[String], name: &str, depth: usize) -> Option<Origin> {
        // The variants of an enum.
        if path
            .last()
            .is_some_and(|last| last.starts_with(char::is_uppercase))
        {
            return None;
        }
        if path == ["super"] && self.local(depth).start > 0 {
            let origin = self.bare(name, self.local(depth).start);
            return (origin != Origin::Nowhere).then_some(origin);
        }
        match self.resolve(path.to_vec(), depth) {
            Origin::At(module) => from_whole(&module, name),
            _ => Some(Origin::Unseen),
        }
    }
}

impl ImportScope {
    fn add(&mut self, item: &Item) {
        match item {
            Item::Use(import) => self.import(&mut Vec::new(), &import.tree),
            Item::Macro(definition) => self.macros.extend(definition.ident.as_ref().map(unraw)),
            Item::Mod(module) => self.modules.push(unraw(&module.ident)),
            Item::ExternCrate(krate) => self.extern_crate(krate),
            _ => {}
        }
    }

    fn extern_crate(&mut self, krate: &syn::ItemExternCrate) {
        let path = vec![unraw(&krate.ident)];
        if let Some((_, name)) = &krate.rename {
            self.uses.push((unraw(name), path.clone()));
        }
        for attr in krate.attrs.iter().filter(|attr| is_macro_use(attr)) {
            match attr.parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated) {
                Ok(names) => {
                    let names = names.iter().map(unraw);
                    let uses = names.map(|name| (name.clone(), vec![path[0].clone(), name]));
                    self.uses.extend(uses);
                }
                Err(_) => self.globs.push(path.clone()),
            }
        }
    }

    /// Adds what is imported below a path.
    fn import(&mut self, path: &mut Names, tree: &UseTree) {
        match tree {
            UseTree::Path(inner) => {
                path.push(unraw(&inner.ident));
                self.import(path, &inner.tree);
                path.pop();
            }
            UseTree::Name(name) => self.import_as(path, &name.ident, &name.ident),
            UseTree::Rename(rename) => self.import_as(path, &rename.ident, &rename.rename),
            UseTree::Glob(_) => self.globs.push(path.clone()),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(path, tree);
                }
            }
        }
    }

    fn import_as(&mut self, path: &[String], name: &Ident, known: &Ident) {
        let mut path = path.to_vec();
        // `a::{self}` imports `a`.
        let renamed = (name != known).then(|| unraw(known));
        if name != "self" {
            path.push(unraw(name));
        }
        let known = renamed.or_else(|| path.last().cloned());
        self.uses.extend(known.map(|known| (known, path)));
    }
}

fn defines(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known == name)
}

/// Returns the row of the macro at a path.
fn at(path: &[String]) -> Option<&'static Row> {
    let (name, home) = path.split_last()?;
    macros::at(&home.join("::"), name)
}

/// Returns the origin of a name if all macros of a module are imported.
fn from_whole(module: &[String], name: &str) -> Option<Origin> {
    let mut path = module.to_vec();
    path.push(name.to_owned());
    match at(&path) {
        Some(_) => Some(Origin::At(path)),
        None if macros::tells_of(&module[0]) => None,
        None => Some(Origin::Elsewhere),
    }
}

/// Returns `true` if an imported name may be a macro, and not a function or a module of the same name.
fn may_be_a_macro(origin: &Origin) -> bool {
    match origin {
        Origin::At(path) => at(path).is_some() || !macros::tells_of(&path[0]),
        origin => *origin != Origin::Nowhere,
    }
}

/// Returns the origin that all have in common.
fn all_same(origins: Vec<Origin>) -> Option<Origin> {
    let mut origins = origins.into_iter();
    let first = origins.next()?;
    Some(if origins.all(|other| other == first) {
        first
    } else {
        Origin::Elsewhere
    })
}

fn is_macro_use(attr: &Attribute) -> bool {
    attr.path().is_ident("macro_use")
}

fn unraw(name: &Ident) -> String {
    name.unraw().to_string()
}
