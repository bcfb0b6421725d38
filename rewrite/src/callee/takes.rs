//! The type of a parameter, and how it takes the task that is its argument.
//!
//! A changed task is of another type than the original one. So a parameter takes it only if its type leaves that open.
//! Four answers are possible ([`Takes`]):
//!
//! | answer | example |
//! | --- | --- |
//! | a task of any type | `task: impl Future`, `job: Box<dyn FnOnce()>` |
//! | a literal only, because the type may be written down elsewhere | `task: T` with `-> Handle<T>` |
//! | nothing is known | `task: T` with an unknown bound |
//! | no task, or one that has to stay as it is | `task: &mut F`, `job: fn()` |
//!
//! Aliases, supertraits and blanket implementations are followed if they are in sight.

use syn::{
    FnArg, GenericArgument, Generics, Ident, Item, PathArguments, ReturnType, Signature, Type,
    TypeParamBound, WherePredicate,
};

use crate::known::constructors;
use crate::known::types::{self, Bound};

/// How a parameter takes its argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// A task of any type. `called_once` holds for a future, and for a closure that is called once.
    Task { called_once: bool },
    /// A literal only. The type of any other task may be written down somewhere.
    Literal { called_once: bool },
    /// Nothing is known.
    Unknown,
    /// No task, or a task that has to stay as it is. The text is the reason.
    Fixed(Option<&'static str>),
}

const BORROWED: &str = "a task that its callee borrows";
const POINTER: &str = "a task that its callee takes as a function pointer";
const BOUND: &str = "a task with a bound that a changed one does not meet";
const PARAMETERS: &str = "a closure with parameters, which its callee may call more than once";

impl Takes {
    /// Returns what two signatures allow if either may be meant.
    pub(crate) fn and(self, other: Takes) -> Takes {
        match (self, other) {
            (Takes::Fixed(why), Takes::Fixed(other)) => Takes::Fixed(why.or(other)),
            (fixed @ Takes::Fixed(_), _) | (_, fixed @ Takes::Fixed(_)) => fixed,
            (Takes::Unknown, other) | (other, Takes::Unknown) => other,
            (Takes::Task { called_once: one }, Takes::Task { called_once: other }) => Takes::Task {
                called_once: one && other,
            },
            (
                Takes::Task { called_once: one } | Takes::Literal { called_once: one },
                Takes::Task { called_once: other } | Takes::Literal { called_once: other },
            ) => Takes::Literal {
                called_once: one && other,
            },
        }
    }

    /// Returns what is allowed if another function may be meant, which is not in sight.
    pub(crate) fn perhaps(self) -> Takes {
        match self {
            Takes::Fixed(None) => Takes::Unknown,
            takes => takes,
        }
    }

    /// Returns `true` unless the argument is known to be no task.
    pub(crate) fn may_be_task(self) -> bool {
        self.is_task() || self == Takes::Unknown
    }

    /// Returns `true` if a bound, or a trait object, shows that the argument is a task.
    pub(crate) fn has_bound(self) -> bool {
        matches!(self, Takes::Task { .. })
    }

    /// Returns `true` if the argument is a task.
    pub(crate) fn is_task(self) -> bool {
        matches!(self, Takes::Task { .. } | Takes::Literal { .. })
    }
}

/// Declarations in sight that a signature may mention.
#[derive(Default)]
pub(crate) struct Declared<'a> {
    aliases: Vec<&'a syn::ItemType>,
    traits: Vec<&'a syn::ItemTrait>,
    /// Implementations of a trait for a type parameter.
    blankets: Vec<(&'a Ident, &'a syn::ItemImpl)>,
}

impl<'a> Declared<'a> {
    /// Notes an item.
    pub(crate) fn note(&mut self, item: &'a Item) {
        match item {
            Item::Type(alias) => self.aliases.push(alias),
            Item::Trait(declared) => self.traits.push(declared),
            Item::Impl(implementation) => {
                let of = implementation.trait_.as_ref();
                let name = of.and_then(|(_, path, _)| path.segments.last());
                if let Some(name) = name {
                    let ty = type_parameter(&implementation.self_ty);
                    let parameters = &implementation.generics;
                    if ty.is_some_and(|ty| declares(parameters, ty)) {
                        self.blankets.push((&name.ident, implementation));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Reads a signature.
pub(crate) struct Reader<'a> {
    pub declared: &'a Declared<'a>,
    pub signature: &'a Signature,
    /// The type parameters of the `impl` or the trait around it.
    pub outer: Option<&'a Generics>,
}

/// How deep aliases and supertraits are followed.
const DEPTH: usize = 4;

/// The meaning of a list of bounds.
#[derive(Default)]
struct Bounds {
    future: bool,
    called: bool,
    many: bool,
    parameters: bool,
    unmet: bool,
    unknown: bool,
}

impl Bounds {
    fn takes(&self) -> Takes {
        let task = self.future || self.called;
        match self {
            _ if task && self.unmet => Takes::Fixed(Some(BOUND)),
            _ if self.many && self.parameters => Takes::Fixed(Some(PARAMETERS)),
            _ if task => Takes::Task {
                called_once: !self.many,
            },
            _ if self.unknown && !self.unmet => Takes::Unknown,
            _ => Takes::Fixed(None),
        }
    }
}

impl Reader<'_> {
    /// Returns how each parameter takes its argument, `self` among them.
    pub(crate) fn parameters(&self) -> Vec<Takes> {
        let inputs = self.signature.inputs.iter();
        inputs
            .map(|input| match input {
                FnArg::Receiver(_) => Takes::Fixed(None),
                FnArg::Typed(typed) => self.ty(&typed.ty, DEPTH),
            })
            .collect()
    }

    fn ty(&self, ty: &Type, depth: usize) -> Takes {
        match ty {
            Type::Paren(paren) => self.ty(&paren.elem, depth),
            Type::Group(group) => self.ty(&group.elem, depth),
            Type::ImplTrait(bounds) => self.bounds(&bounds.bounds, depth).takes(),
            Type::BareFn(_) => Takes::Fixed(Some(POINTER)),
            Type::Reference(reference) => self.borrowed(&reference.elem, depth),
            // A trait object behind a pointer.
            Type::TraitObject(object) => self.bounds(&object.bounds, depth).takes(),
            Type::Path(path) if path.qself.is_none() => self.path(&path.path, depth),
            Type::Path(_) | Type::Macro(_) | Type::Verbatim(_) => Takes::Unknown,
            _ => Takes::Fixed(None),
        }
    }

    fn path(&self, path: &syn::Path, depth: usize) -> Takes {
        let Some(last) = path.segments.last() else {
            return Takes::Unknown;
        };
        if let Some(name) = path.get_ident() {
            if declares(&self.signature.generics, name) {
                return self.parameter(name, depth);
            }
            if let Some(outer) = self.outer.filter(|outer| declares(outer, name)) {
                let mut bounds = Bounds::default();
                self.bounds_of(outer, name, &mut bounds, depth);
                self.bounds_of(&self.signature.generics, name, &mut bounds, depth);
                return by_name(bounds.takes());
            }
        }
        let name = last.ident.to_string();
        let pointer = constructors::pointer_named(&name);
        match pointer.zip(argument(&last.arguments)) {
            Some((pointer, inner)) if pointer.shared => self.borrowed(inner, depth),
            // A box of a changed task is a box of the same trait object.
            Some((_, inner)) => self.ty(inner, depth),
            None if types::is_boxed_future(&name) => Takes::Task { called_once: true },
            None => self.nominal(&name, path.segments.len() > 1, depth),
        }
    }

    /// A pointer that cannot hold a changed task, because somebody else owns the task as well.
    fn borrowed(&self, inner: &Type, depth: usize) -> Takes {
        match self.ty(inner, depth) {
            Takes::Fixed(why) => Takes::Fixed(why),
            Takes::Task { .. } => Takes::Fixed(Some(BORROWED)),
            Takes::Literal { .. } | Takes::Unknown => Takes::Fixed(None),
        }
    }

    /// A type by its name. Boxes of trait objects have such names as well, if they are elsewhere.
    fn nominal(&self, name: &str, qualified: bool, depth: usize) -> Takes {
        let mut aliases = self.declared.aliases.iter();
        match aliases.find(|alias| alias.ident == name && !qualified) {
            Some(alias) if depth > 0 => self.ty(&alias.ty, depth - 1),
            _ if types::is_no_task(name) => Takes::Fixed(None),
            _ => Takes::Literal { called_once: true },
        }
    }

    /// A type parameter of the function itself.
    fn parameter(&self, name: &Ident, depth: usize) -> Takes {
        let mut bounds = Bounds::default();
        self.bounds_of(&self.signature.generics, name, &mut bounds, depth);
        let takes = bounds.takes();
        match &self.signature.output {
            ReturnType::Type(_, ty) if mentions(ty, name) => by_name(takes),
            _ => takes,
        }
    }

    fn bounds_of(&self, generics: &Generics, name: &Ident, bounds: &mut Bounds, depth: usize) {
        let inline = generics.type_params().filter(|one| one.ident == *name);
        inline.for_each(|one| self.add_bounds(&one.bounds, bounds, depth));
        let clauses = generics.where_clause.iter();
        for predicate in clauses.flat_map(|clause| &clause.predicates) {
            if let WherePredicate::Type(predicate) = predicate
                && type_parameter(&predicate.bounded_ty) == Some(name)
            {
                self.add_bounds(&predicate.bounds, bounds, depth);
            }
        }
    }

    fn bounds<'b>(
        &self,
        list: impl IntoIterator<Item = &'b TypeParamBound>,
        depth: usize,
    ) -> Bounds {
        let mut bounds = Bounds::default();
        self.add_bounds(list, &mut bounds, depth);
        bounds
    }

    fn add_bounds<'b>(
        &self,
        list: impl IntoIterator<Item = &'b TypeParamBound>,
        bounds: &mut Bounds,
        depth: usize,
    ) {
        for bound in list {
            if let TypeParamBound::Trait(bound) = bound
                && let Some(last) = bound.path.segments.last()
            {
                self.add_trait(last, bounds, depth);
            }
        }
    }

    fn add_trait(&self, last: &syn::PathSegment, bounds: &mut Bounds, depth: usize) {
        match types::bound(&last.ident.to_string()) {
            Some(Bound::Future) => bounds.future = true,
            Some(bound @ (Bound::CalledOnce | Bound::Called)) => {
                bounds.called = true;
                bounds.many |= bound == Bound::Called;
                bounds.parameters |= matches!(
                    &last.arguments,
                    PathArguments::Parenthesized(list) if !list.inputs.is_empty()
                );
            }
            Some(Bound::Kept) => {}
            Some(Bound::Unmet) => bounds.unmet = true,
            None => self.add_own_trait(&last.ident, bounds, depth),
        }
    }

    /// A trait of the program: what it requires, and for which types it is implemented.
    fn add_own_trait(&self, name: &Ident, bounds: &mut Bounds, depth: usize) {
        let mut traits = self.declared.traits.iter();
        let Some(declared) = traits.find(|one| one.ident == *name).filter(|_| depth > 0) else {
            bounds.unknown = true;
            return;
        };
        self.add_bounds(&declared.supertraits, bounds, depth - 1);
        let mut blankets = self.declared.blankets.iter().filter(|one| one.0 == name);
        let Some((_, implementation)) = blankets.next() else {
            // A changed task is of another type.
            bounds.unmet = true;
            return;
        };
        if let Some(parameter) = type_parameter(&implementation.self_ty) {
            self.bounds_of(&implementation.generics, parameter, bounds, depth - 1);
        }
    }
}

/// Returns the answer for a type that may be written down somewhere.
fn by_name(takes: Takes) -> Takes {
    match takes {
        Takes::Task { called_once } => Takes::Literal { called_once },
        takes => takes,
    }
}

fn declares(generics: &Generics, name: &Ident) -> bool {
    generics.type_params().any(|one| one.ident == *name)
}

fn type_parameter(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}

fn argument(arguments: &PathArguments) -> Option<&Type> {
    let PathArguments::AngleBracketed(list) = arguments else {
        return None;
    };
    list.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Returns `true` if a type is, or contains, the type parameter itself. An associated type of the parameter does not count.
fn mentions(ty: &Type, name: &Ident) -> bool {
    match ty {
        Type::Path(path) => {
            path.path.get_ident() == Some(name) || {
                let mut segments = path.path.segments.iter();
                segments.any(|segment| {
                    match &segment.arguments {
                PathArguments::AngleBracketed(list) => list.args.iter().any(
                    |argument| matches!(argument, GenericArgument::Type(ty) if mentions(ty, name)),
                ),
                _ => false,
            }
                })
            }
        }
        Type::Reference(reference) => mentions(&reference.elem, name),
        Type::Tuple(tuple) => tuple.elems.iter().any(|ty| mentions(ty, name)),
        Type::Paren(paren) => mentions(&paren.elem, name),
        Type::Group(group) => mentions(&group.elem, name),
        _ => false,
    }
}
