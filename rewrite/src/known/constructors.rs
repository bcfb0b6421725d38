//! The tables of constructors: functions whose value is of the type before their name, or holds their argument.

/// A smart pointer.
pub(crate) struct Pointer {
    name: &'static str,
    /// Other pointers may own the value as well, so that a task in it cannot be changed.
    pub shared: bool,
    /// Functions that put their argument behind the pointer, so that its role is that of the argument.
    makers: &'static [&'static str],
}

const fn pointer(name: &'static str, shared: bool, makers: &'static [&'static str]) -> Pointer {
    Pointer {
        name,
        shared,
        makers,
    }
}

const POINTERS: &[Pointer] = &[
    pointer("Box", false, &["pin", "new"]),
    pointer("Pin", false, &["new"]),
    pointer("Arc", true, &["new"]),
    pointer("Rc", true, &[]),
];

/// Functions of a smart pointer whose argument has the type of the content.
const OF_CONTENT: &[&str] = &["new", "clone"];

/// Functions that give a value of the type before their name.
const CONSTRUCTORS: &[&str] = &["new", "default", "from", "bind", "connect", "open"];

/// Prefixes of such functions.
const PREFIXES: &[&str] = &["new_", "with_", "from_"];

/// Functions whose last argument is the future or closure that they run, whatever their path.
const WRAPPERS: &[&str] = &[
    "AssertUnwindSafe",
    "catch_unwind",
    "timeout",
    "timeout_at",
    "unconstrained",
    "with_deadline",
    "with_deadline_blocking",
    "with_label",
    "with_label_async",
    "with_name",
    "with_name_async",
    "with_timeout",
    "with_timeout_blocking",
];

/// Types and traits. Only the signature of the callee may determine the type arguments of their functions.
const INFERRED_OWNERS: &[&str] = &[
    "Default",
    "From",
    "Into",
    "TryFrom",
    "TryInto",
    "FromStr",
    "FromIterator",
    "Vec",
    "VecDeque",
    "HashMap",
    "HashSet",
    "BTreeMap",
    "BTreeSet",
    "PhantomData",
];

/// Such functions, whatever their path.
const INFERRED: &[&str] = &["default", "Some", "Ok", "Err", "PhantomData"];

/// Returns the smart pointer of this name.
pub(crate) fn pointer_named(name: &str) -> Option<&'static Pointer> {
    POINTERS.iter().find(|pointer| pointer.name == name)
}

/// Returns `true` if the name is that of a smart pointer.
pub(crate) fn is_pointer(name: &str) -> bool {
    pointer_named(name).is_some()
}

/// Returns `true` if `owner::name(argument)` puts its argument behind a pointer.
pub(crate) fn points_to_argument(owner: &str, name: &str) -> bool {
    pointer_named(owner).is_some_and(|pointer| pointer.makers.contains(&name))
}

/// Returns `true` if the argument of `pointer::name` has the type of the pointer's content.
pub(crate) fn takes_content(name: &str) -> bool {
    OF_CONTENT.contains(&name)
}

/// Returns `true` if the function gives a value of the type before its name.
pub(crate) fn is_constructor(name: &str) -> bool {
    CONSTRUCTORS.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Returns `true` if the function runs the future or closure that is its last argument.
pub(crate) fn is_wrapper(name: &str) -> bool {
    WRAPPERS.contains(&name)
}

/// Returns `true` if only the signature of the callee may determine the type arguments of `owner::name(…)`.
pub(crate) fn is_inferred(owner: Option<&str>, name: &str) -> bool {
    owner.is_some_and(|owner| INFERRED_OWNERS.contains(&owner)) || INFERRED.contains(&name)
}

/// Returns the functions that run the future or closure that is their last argument.
#[cfg(test)]
pub(super) fn wrappers() -> impl Iterator<Item = &'static str> {
    WRAPPERS.iter().copied()
}

/// Returns the functions that put their argument behind a pointer.
#[cfg(test)]
pub(super) fn makers() -> impl Iterator<Item = String> {
    let makers = |pointer: &'static Pointer| {
        let names = pointer.makers.iter();
        names.map(|maker| format!("{}::{maker}", pointer.name))
    };
    POINTERS.iter().flat_map(makers)
}
