//! The part of the context that changes at items: attributes, names and type parameters.

use std::rc::Rc;

use syn::{Attribute, Generics};

use super::Exemption;
use crate::attribute::args::Args;

/// The context that an item inherits from the items around it.
#[derive(Clone)]
pub(in crate::walk) struct ItemContext {
    /// The arguments of the attributes on all items around.
    pub args: Rc<Args>,
    /// The enclosing type and functions.
    pub names: Vec<String>,
    /// The type of the enclosing `impl`, or the trait.
    pub self_ty: Option<String>,
    /// The type parameters of the enclosing items, and the enclosing trait.
    pub type_parameters: Vec<String>,
    /// The type parameters of the enclosing `impl`, with their bounds.
    pub impl_generics: Option<Rc<Generics>>,
    /// `true` if a `cfg` may remove the code while the module around it stays.
    pub is_conditional: bool,
    /// The reason for which nothing is changed.
    pub exemption: Option<Exemption>,
}

impl ItemContext {
    /// Returns the context outside of all items.
    pub(super) fn new(args: Args, exemption: Option<Exemption>) -> Self {
        ItemContext {
            args: Rc::new(args),
            names: Vec::new(),
            self_ty: None,
            type_parameters: Vec::new(),
            impl_generics: None,
            is_conditional: true,
            exemption,
        }
    }

    /// Returns the context in an item. `own` has the arguments of the attributes on the item itself.
    pub(in crate::walk) fn inside(
        &self,
        attrs: &[Attribute],
        own: Vec<Args>,
        name: Option<String>,
    ) -> Self {
        let mut inner = self.clone();
        if own.iter().any(|args| args.skip) {
            inner.exempt(Exemption::Skipped);
        }
        for args in own {
            Rc::make_mut(&mut inner.args).merge(args);
        }
        inner.is_conditional |= attrs.iter().any(is_conditional);
        inner.names.extend(name);
        inner
    }

    /// Returns the context in a module.
    pub(in crate::walk) fn for_module(&self) -> Self {
        let mut inner = self.clone();
        inner.begin_names(None);
        inner.is_conditional = false;
        inner
    }

    /// Begins names anew, as in a module, an `impl` or a trait.
    pub(in crate::walk) fn begin_names(&mut self, self_ty: Option<String>) {
        self.names = self_ty.iter().cloned().collect();
        self.self_ty = self_ty;
    }

    /// Adds a reason for which nothing is changed. The stronger reason remains.
    pub(in crate::walk) fn exempt(&mut self, exemption: Exemption) {
        self.exemption = self.exemption.max(Some(exemption));
    }

    /// Returns `true` if the enclosing function is one of these. A method has its type before its name.
    pub(super) fn is_one_of(&self, functions: &[String]) -> bool {
        let Some(name) = self.names.last().filter(|_| !functions.is_empty()) else {
            return false;
        };
        functions.contains(&match &self.self_ty {
            Some(ty) => format!("{ty}::{name}"),
            None => name.clone(),
        })
    }
}

fn is_conditional(attr: &Attribute) -> bool {
    attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr")
}
