//! The signatures of the program's own functions that are callees, as far as they are in sight.
//!
//! A macro cannot resolve names. If a function named like a callee is in sight, its signature shows more than the
//! table: which argument is the task, and how the task may be treated. [`takes`](super::takes) reads the type of one
//! parameter. Functions that forward their task are callees whatever their names ([`forwarding`](super::forwarding)).
//!
//! [`Signatures`] has the functions of one item or file. A front end that reads all files of a crate collects
//! `CrateSignatures` first. A call then finds functions at two distances:
//!
//! 1. Here: functions of the same item or file. A method of any type may be meant if the type of the receiver is
//!    unknown.
//! 2. Elsewhere: functions of other files. An import, a path or the type of the receiver must lead there.
//!
//! If several functions may be meant, only what all of them allow is done ([`Takes::and`]).

mod collector;

use syn::Item;

use super::call::Callee;
use super::takes::Takes;
use crate::lexical::LexicalContext;
use crate::syntax::paths::{is_type, names_from_last};
use collector::Collector;

/// The functions of an item, or of a file, that are named like callees or like functions that forward their task.
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
    /// `true` if the function gives a parameter unchanged to a callee of the table.
    forwards_task: bool,
}

impl<'a> Signatures<'a> {
    /// Reads the functions in `items`. `also` lists the callees beside those of the table.
    pub(crate) fn of(items: &[Item], also: &[String]) -> Self {
        Collector::new(None, also).collect(items)
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
            // The function forwards its task to another of that name, and hardly to itself.
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

    /// Returns the imports that may bring a name.
    ///
    /// They are the imports of the name, or else the glob imports, unless one of those is from another crate.
    fn imports_of(&self, name: &str) -> impl Iterator<Item = &Import> {
        let is_named = self.imports.iter().any(|import| import.name == name);
        let mut globs = self.imports.iter().filter(|import| import.name == "*");
        let has_foreign = globs.any(|import| !self.is_of_the_crate(&import.root));
        self.imports.iter().filter(move |import| match is_named {
            true => import.name == name,
            false => import.name == "*" && !has_foreign,
        })
    }

    /// Returns `true` if a path with this first segment leads into the crate.
    fn is_of_the_crate(&self, root: &str) -> bool {
        is_relative(root) || self.modules.iter().any(|module| module == root)
    }

    /// Returns `true` if the callee is in sight and forwards its task. Each function that may be meant has to.
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
    /// Adds the functions of a file. `module` is the module that the file is, or empty for the root.
    pub(crate) fn add_items(&mut self, module: &str, items: &[Item], also: &[String]) {
        let module = Some(module.to_owned()).filter(|it| !it.is_empty());
        let signatures = Collector::new(module, also).collect(items);
        self.functions.extend(signatures.functions);
    }
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
            segment if is_type(segment) => self.owner.as_deref() == Some(segment),
            segment => self.owner.is_none() && self.module.as_deref() == Some(segment),
        }
    }

    /// Returns `true` if the function may be a method of `ty`, the type of a receiver.
    fn may_belong_to(&self, ty: Option<&String>, context: &LexicalContext) -> bool {
        ty.is_none_or(|ty| self.owner.as_ref() == Some(ty) || context.type_parameters.contains(ty))
    }
}
