//! Roles of types in the walk.

use std::collections::HashSet;

use crate::debug_info::{DebugInfo, Search};
use crate::dwarf::{Kind, Type, TypeRef};
use crate::known::{self, Collection, Known, resources};

/// Role of a type in the walk.
pub(super) enum Role<'a> {
    /// A state machine.
    Coroutine,
    /// A pointer that owns or exclusively borrows a value.
    Pointer(TypeRef),
    /// Memory for a value, which has the value if it is polled.
    Uninit(TypeRef),
    /// A pointer that owns or exclusively borrows a trait object: name of the trait, offsets of the two words.
    Object {
        trait_name: &'a str,
        pointer: u64,
        vtable: u64,
    },
    /// A pointer that owns or exclusively borrows a slice.
    Slice {
        element: TypeRef,
        pointer: u64,
        length: u64,
    },
    Known(Known),
    Closure,
    Tuple,
    /// A struct or an enum.
    Aggregate,
    Array {
        element: TypeRef,
        count: u64,
    },
    Other,
}

/// Returns `true` if a pointer of this name owns or exclusively borrows its target.
fn is_exclusive(name: &str) -> bool {
    name.starts_with("&mut ") || name.starts_with("alloc::boxed::Box<")
}

pub(super) fn role(of_type: &Type) -> Role<'_> {
    match &of_type.kind {
        Kind::Pointer {
            target: Some(target),
        } if is_exclusive(&of_type.name) => Role::Pointer(*target),
        Kind::Union if known::is_maybe_uninit(of_type) => match of_type.parameters.first() {
            Some((_, value)) => Role::Uninit(*value),
            None => Role::Other,
        },
        Kind::Array { element, count } => Role::Array {
            element: *element,
            count: *count,
        },
        Kind::Struct { variants, .. } => {
            let discriminant = variants
                .as_ref()
                .and_then(|variants| variants.discriminant.as_ref());
            if discriminant.is_some_and(|member| &*member.name == "__state") {
                return Role::Coroutine;
            }
            if let Some(role) = wide_pointer(of_type) {
                return role;
            }
            if let Some(known) = known::of(of_type) {
                return Role::Known(known);
            }
            match () {
                () if of_type.name.starts_with("{closure_env#") => Role::Closure,
                () if of_type.name.starts_with('(') => Role::Tuple,
                () => Role::Aggregate,
            }
        }
        _ => Role::Other,
    }
}

/// Returns the role of a pointer of two words, or `None` if the type is none.
fn wide_pointer(of_type: &Type) -> Option<Role<'_>> {
    let name = &*of_type.name;
    if let (Some(pointer), Some(vtable)) = (of_type.member("pointer"), of_type.member("vtable")) {
        return Some(match is_exclusive(name) {
            true => Role::Object {
                trait_name: trait_name(name),
                pointer: pointer.offset,
                vtable: vtable.offset,
            },
            false => Role::Other,
        });
    }
    let (pointer, length) = (of_type.member("data_ptr")?, of_type.member("length")?);
    Some(match is_exclusive(name) {
        true => Role::Slice {
            element: pointer.of_type,
            pointer: pointer.offset,
            length: length.offset,
        },
        false => Role::Other,
    })
}

/// Returns the path of the first trait of a trait object: `core::future::future::Future` of
/// `alloc::boxed::Box<(dyn core::future::future::Future<Output=()> + core::marker::Send), alloc::alloc::Global>`.
fn trait_name(name: &str) -> &str {
    let Some((_, after)) = name.split_once("dyn ") else {
        return "";
    };
    let end = after.find(['<', ' ', ',', ')', '>']).unwrap_or(after.len());
    &after[..end]
}

/// Returns `true` if an object of this trait is polled as a whole.
pub(super) fn is_polled(trait_name: &str) -> bool {
    let last = trait_name.rsplit("::").next().unwrap_or(trait_name);
    ["Future", "FusedFuture", "Stream", "FusedStream"].contains(&last)
}

/// Returns `true` if a value of a type can contain what is searched.
pub(crate) fn may_contain(info: &mut DebugInfo, start: TypeRef, search: Search) -> bool {
    if let Some(known) = info.contents.get(&(search, start)) {
        return *known;
    }
    let mut seen = HashSet::from([start]);
    let mut open = vec![start];
    let mut found = false;
    while let Some(next) = open.pop() {
        info.spend(1);
        if info.is_exhausted() {
            return false;
        }
        match info.contents.get(&(search, next)) {
            Some(true) => {
                found = true;
                break;
            }
            Some(false) => continue,
            None => {}
        }
        let Some(of_type) = info.get(next) else {
            continue;
        };
        if search == Search::Uses && resources::handle(&of_type).is_some() {
            found = true;
            break;
        }
        let mut targets = Vec::new();
        match role(&of_type) {
            Role::Coroutine
            | Role::Object { .. }
            | Role::Known(Known::Collection(Collection::JoinHandle | Collection::JoinSet)) => {
                found = true;
                break;
            }
            Role::Pointer(target) | Role::Uninit(target) => targets.push(target),
            Role::Slice { element, .. } => {
                let target = info.get(element);
                if let Some(Kind::Pointer {
                    target: Some(target),
                }) = target.as_deref().map(|it| &it.kind)
                {
                    targets.push(*target);
                }
            }
            Role::Array { element, .. } => targets.push(element),
            Role::Known(Known::Collection(Collection::Vec | Collection::FuturesUnordered)) => {
                targets.extend(of_type.parameters.first().map(|(_, of_type)| *of_type));
            }
            Role::Known(_) | Role::Closure | Role::Tuple | Role::Aggregate => {
                targets.extend(of_type.members().iter().map(|member| member.of_type));
                targets.extend(of_type.payloads().map(|member| member.of_type));
            }
            Role::Other => {}
        }
        open.extend(targets.into_iter().filter(|target| seen.insert(*target)));
    }
    if found {
        info.contents.insert((search, start), true);
    } else {
        // Nothing that was reached can lead to anything else.
        info.contents
            .extend(seen.into_iter().map(|of_type| ((search, of_type), false)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_trait_of_an_object_is_its_name() {
        let name = "alloc::boxed::Box<(dyn core::future::future::Future<Output=()> + core::marker::Send), A>";
        assert_eq!(trait_name(name), "core::future::future::Future");
        assert_eq!(trait_name("&mut dyn app::Service"), "app::Service");
        assert!(is_polled("core::future::future::Future") && !is_polled("app::Service"));
    }
}
