//! The lexical context of a call: the enclosing function, its type and its local variables.
//!
//! No type is inferred. The type of a local variable is known if it is written down, or if a constructor such as
//! `Server::new` makes the value. A task gets its role from the expression that makes it, or from the variable that
//! holds it.

mod awaited;
mod body_role;
pub(crate) mod guards;
pub(crate) mod locals;
mod role;
pub(crate) mod types;

use locals::Locals;

/// The end of the role of a task that the source does not show.
pub(crate) const UNKNOWN: &str = "{task}";

/// The lexical context of an expression.
pub(crate) struct LexicalContext<'a> {
    /// The names of the enclosing type and functions, outermost first.
    pub names: &'a [String],
    /// The type of the enclosing `impl`, or the trait.
    pub self_ty: Option<&'a str>,
    /// The local variables.
    pub locals: &'a Locals,
    /// The type parameters of the enclosing items, and the enclosing trait.
    pub type_parameters: &'a [String],
}

impl LexicalContext<'_> {
    /// Returns the name of the enclosing function, such as `Server::accept`.
    pub(crate) fn function(&self) -> String {
        self.names.join("::")
    }
}
