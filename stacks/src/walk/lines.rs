//! Lines of `await`s.
//!
//! The variant of a state has the line of its `.await`. If a macro made the `.await`, the variant has a line of the
//! macro's definition. Then the user's line is known by its bounds only: the function, and the suspension points before
//! and after.

use std::sync::Arc;

use crate::debug_info::DebugInfo;
use crate::dwarf::{Member, Type, TypeRef, Variants};
use crate::location::Location;

/// Index of the variant of a state machine that was not polled. Its line is that of the function.
const NOT_STARTED: usize = 0;
/// Index of the variant of a state machine that has returned. Its line is the last one of the function.
const RETURNED: usize = 1;
/// Index of the variant of the first suspension point.
const FIRST_SUSPENDED: usize = 3;

/// Returns the position of a state.
pub(super) fn location(
    info: &mut DebugInfo,
    at: TypeRef,
    of_type: &Type,
    variants: &Variants,
    state: &Member,
) -> Option<Location> {
    let positions: Vec<Option<(u64, u32)>> = variants
        .list
        .iter()
        .map(|variant| position(variant.member.as_ref()?))
        .collect();
    let index = variants.list.iter().position(|variant| {
        let member = variant.member.as_ref();
        member.is_some_and(|member| member.of_type == state.of_type)
    })?;
    let (own_file, own_line) = position(state)?;
    let user_file = user_file(info, at, of_type, &positions, own_file);
    let path = info.source_file(at, own_file)?;
    if own_file == user_file {
        return Some(Location {
            file: path,
            line: own_line,
            last_line: own_line,
            in_macro: None,
            of_line: of_line(&positions, index),
        });
    }
    let in_user_file = |position: &Option<(u64, u32)>| {
        position
            .filter(|(file, _)| *file == user_file)
            .map(|it| it.1)
    };
    let first = positions.get(NOT_STARTED).and_then(in_user_file);
    let last = positions.get(RETURNED).and_then(in_user_file);
    let suspended = positions.get(FIRST_SUSPENDED..).unwrap_or_default();
    let own = index.checked_sub(FIRST_SUSPENDED);
    let before = own.and_then(|own| suspended[..own].iter().filter_map(in_user_file).max());
    let after = own.and_then(|own| {
        suspended
            .get(own + 1..)?
            .iter()
            .filter_map(in_user_file)
            .min()
    });
    let (first, last) = (first.max(before)?, last.into_iter().chain(after).min()?);
    let in_macro = Some((path, own_line));
    // Suspension points of a loop need not be in the order of their lines.
    let (line, last_line) = match first <= last {
        true => (first, last),
        false => {
            let function = positions.get(NOT_STARTED).and_then(in_user_file)?;
            (
                function,
                positions
                    .get(RETURNED)
                    .and_then(in_user_file)?
                    .max(function),
            )
        }
    };
    Some(Location {
        file: info.source_file(at, user_file)?,
        line,
        last_line,
        in_macro,
        of_line: None,
    })
}

fn position(member: &Member) -> Option<(u64, u32)> {
    Some((member.file?, u32::try_from(member.line?).ok()?))
}

/// Returns the number of the file with the user's code, not a macro's.
///
/// The two files that come into question are those of the function and of the state. The user's is the one whose path
/// resembles the path of the function's module.
fn user_file(
    info: &mut DebugInfo,
    at: TypeRef,
    of_type: &Type,
    positions: &[Option<(u64, u32)>],
    own_file: u64,
) -> u64 {
    let Some(Some((function_file, _))) = positions.first() else {
        return own_file;
    };
    if *function_file == own_file {
        return own_file;
    }
    let path = |info: &mut DebugInfo, file| info.source_file(at, file).unwrap_or_default();
    let function = path(info, *function_file);
    let own = path(info, own_file);
    match (
        is_module(&function, &of_type.scope),
        is_module(&own, &of_type.scope),
    ) {
        (false, true) => own_file,
        _ => *function_file,
    }
}

/// Returns `true` if a file's path is that of the module of a function.
fn is_module(file: &str, scope: &[Arc<str>]) -> bool {
    let Some((crate_name, modules)) = scope.split_first() else {
        return false;
    };
    let path = file.strip_suffix(".rs").unwrap_or(file);
    let below = path.rsplit_once("/src/").map_or(path, |(_, below)| below);
    let mut parts: Vec<&str> = below.split('/').collect();
    if parts
        .last()
        .is_some_and(|last| ["mod", "lib", "main"].contains(last))
    {
        parts.pop();
    }
    let is_prefix = parts.len() <= modules.len()
        && parts
            .iter()
            .zip(modules)
            .all(|(part, module)| *part == &**module);
    // The root of a test, an example or a binary has the name of its crate.
    let is_root = parts
        .last()
        .is_some_and(|last| last.replace('-', "_") == **crate_name);
    path.contains("/src/") && is_prefix || is_root
}

/// Returns the number of a suspension point among those of its line, and how many there are.
fn of_line(positions: &[Option<(u64, u32)>], index: usize) -> Option<(u32, u32)> {
    let own = (*positions.get(index)?)?;
    let suspended = positions.get(FIRST_SUSPENDED..)?;
    let own_index = index.checked_sub(FIRST_SUSPENDED)?;
    let is_there = |position: &&Option<(u64, u32)>| **position == Some(own);
    let total = suspended.iter().filter(is_there).count();
    let before = suspended[..own_index].iter().filter(is_there).count();
    (total > 1).then_some((before as u32 + 1, total as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(path: &str) -> Vec<Arc<str>> {
        path.split("::").map(Arc::from).collect()
    }

    #[test]
    fn file_of_a_module_is_told_from_that_of_a_macro() {
        let of_function = scope("app::net::server::run");
        assert!(is_module("/home/app/src/net/server.rs", &of_function));
        assert!(is_module("/home/app/src/net/mod.rs", &of_function));
        assert!(is_module("/home/app/src/main.rs", &of_function));
        assert!(!is_module(
            "/registry/tokio-1.0.0/src/macros/select.rs",
            &of_function
        ));
        assert!(is_module(
            "/home/app/tests/my-app.rs",
            &scope("my_app::case")
        ));
        assert!(!is_module(
            "/home/app/tests/other.rs",
            &scope("my_app::case")
        ));
    }

    #[test]
    fn awaits_of_one_line_are_counted() {
        let positions = [
            Some((1, 1)),
            Some((1, 9)),
            Some((1, 9)),
            Some((1, 4)),
            Some((1, 5)),
            Some((1, 4)),
        ];
        assert_eq!(of_line(&positions, 5), Some((2, 2)));
        assert_eq!(of_line(&positions, 4), None);
        assert_eq!(of_line(&positions, 0), None);
    }
}
