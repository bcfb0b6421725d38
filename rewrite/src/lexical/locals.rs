//! The local variables of a function, as far as the engine knows them.

use syn::{FnArg, Pat};

use super::types::type_name;

/// One local variable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Local {
    /// The last segment of its type, behind references and smart pointers.
    pub ty: Option<String>,
    /// The role of a task that is spawned from the variable.
    pub role: Option<String>,
    /// `true` for a closure literal without parameters. Only the function itself determines how often it may be called.
    pub is_closure: bool,
    /// The thread scope that the variable is, as `s` in `thread::scope(|s| …)`.
    pub thread_scope: Option<ThreadScope>,
    /// `true` if the value is, or was made from, a task that the caller of the enclosing function passed in.
    pub is_received: bool,
}

/// The scope function from which a closure parameter comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThreadScope {
    /// `thread::scope` of std or crossbeam: its spawns are scoped threads.
    Thread,
    /// A bare `scope`. The closures that spawn in std's scope take no parameter, those in rayon's take one.
    Unknown,
}

/// The local variables that are visible, innermost block last.
#[derive(Default)]
pub(crate) struct Locals(Vec<Vec<(String, Local)>>);

impl Locals {
    /// Returns the variables of a function without any yet.
    pub(crate) fn of_function() -> Locals {
        Locals(vec![Vec::new()])
    }

    /// Enters a block.
    pub(crate) fn push(&mut self) {
        self.0.push(Vec::new());
    }

    /// Leaves a block.
    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }

    /// Adds a variable to the innermost block.
    pub(crate) fn bind(&mut self, name: String, local: Local) {
        if let Some(block) = self.0.last_mut() {
            block.push((name, local));
        }
    }

    /// Returns the visible variable of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Local> {
        let mut newest_first = self.0.iter().rev().flat_map(|block| block.iter().rev());
        newest_first
            .find(|(bound, _)| bound == name)
            .map(|(_, local)| local)
    }

    /// Returns `true` if any variable is, or was made from, a task of the caller.
    pub(crate) fn has_received(&self) -> bool {
        self.0.iter().flatten().any(|(_, local)| local.is_received)
    }

    /// Adds a parameter of a function. `received` lists the parameters that may be tasks.
    pub(crate) fn bind_parameter(
        &mut self,
        parameter: &FnArg,
        self_ty: Option<&str>,
        received: &[String],
    ) {
        if let FnArg::Typed(typed) = parameter
            && let Pat::Ident(name) = &*typed.pat
        {
            let name = name.ident.to_string();
            let local = Local {
                ty: type_name(&typed.ty, self_ty),
                is_received: received.contains(&name),
                ..Local::default()
            };
            self.bind(name, local);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_variable_hides_outer_one_until_its_block_ends() {
        let local = |role: &str| Local {
            role: Some(role.to_owned()),
            ..Local::default()
        };
        let mut locals = Locals::of_function();
        locals.bind("x".to_owned(), local("outer"));
        locals.push();
        locals.bind("x".to_owned(), local("inner"));
        let role = |locals: &Locals| locals.get("x").and_then(|local| local.role.clone());
        assert_eq!(role(&locals).as_deref(), Some("inner"));
        locals.pop();
        assert_eq!(role(&locals).as_deref(), Some("outer"));
    }
}
