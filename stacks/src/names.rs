//! Names of functions and types as a person writes them.

use std::sync::Arc;

use crate::dwarf::{IMPL, Type};

/// Name of a block, and of a function whose symbol does not tell it from one.
const ASYNC: &str = "{async}";

/// Returns a type's path without type arguments: `tokio::time::sleep::Sleep`.
pub(crate) fn path(of_type: &Type) -> String {
    let name = without_arguments(&of_type.name);
    let scope = of_type
        .scope
        .iter()
        .filter(|scope| !scope.starts_with(IMPL));
    let mut segments: Vec<&str> = scope.map(|scope| &**scope).collect();
    segments.push(&name);
    segments.join("::")
}

/// Returns a type's path with all type arguments, as the debug information has it.
pub(crate) fn full_path(of_type: &Type) -> String {
    let scope = of_type.scope.iter().map(|scope| format!("{scope}::"));
    scope.chain([of_type.name.to_string()]).collect()
}

/// Returns the path of the function that a state machine or closure was made of: `app::Server::accept`.
///
/// A block ends with `{async}`, and a closure with `{closure}`. `implementor` returns the name of the type of an `impl`,
/// which debug information only numbers.
pub(crate) fn function(
    of_type: &Type,
    implementor: impl Fn(&[Arc<str>]) -> Option<String>,
) -> String {
    let mut segments: Vec<String> = Vec::new();
    for (index, scope) in of_type.scope.iter().enumerate() {
        match &**scope {
            scope if scope.starts_with(IMPL) => {
                segments.extend(implementor(&of_type.scope[..=index]))
            }
            // The function around what is in it.
            scope if scope.starts_with("{async_fn#") || scope.starts_with("{async_closure#") => {}
            scope if scope.starts_with("{async_block#") => segments.push(ASYNC.to_owned()),
            scope if scope.starts_with("{closure#") => segments.push("{closure}".to_owned()),
            scope => segments.push(without_arguments(scope)),
        }
    }
    match &*of_type.name {
        name if name.starts_with("{async_block_env#") => segments.push(ASYNC.to_owned()),
        name if name.starts_with("{closure_env#") => segments.push("{closure}".to_owned()),
        _ => {}
    }
    segments.join("::")
}

/// Returns the namespaces of a type up to the innermost `impl`.
pub(crate) fn impl_around(of_type: &Type) -> Option<&[Arc<str>]> {
    let at = of_type
        .scope
        .iter()
        .rposition(|scope| scope.starts_with(IMPL))?;
    Some(&of_type.scope[..=at])
}

/// Returns the name of the type whose method a symbol is. A method without a name is the last part of the symbol.
pub(crate) fn implementor(symbol: &str, method: Option<&str>) -> Option<String> {
    let path = format!("{:#}", rustc_demangle::try_demangle(symbol).ok()?);
    let segments = segments(&path);
    let is_method = |segment: &&str| match method {
        Some(method) => without_arguments(segment) == without_arguments(method),
        None => !segment.starts_with('{'),
    };
    let at = segments.iter().rposition(is_method)?;
    let before = *segments.get(at.checked_sub(1)?)?;
    let Some(inner) = before.strip_prefix('<').and_then(|it| it.strip_suffix('>')) else {
        return Some(without_arguments(before));
    };
    let inner = inner.strip_prefix("impl ").unwrap_or(inner);
    // `Type as Trait`, or `Trait for Type` in an `impl` outside of the type's module.
    let implementor = match (split_outside(inner, " as "), split_outside(inner, " for ")) {
        (Some((implementor, _)), _) | (_, Some((_, implementor))) => implementor,
        _ => inner,
    };
    Some(last_segment(implementor))
}

/// Returns the path of the function of a symbol as [`function`] does: `app::Server::call::{async}`.
pub(crate) fn of_poll_function(symbol: &str) -> String {
    let mut shown: Vec<String> = Vec::new();
    for segment in segments(symbol) {
        let inner = segment
            .strip_prefix('<')
            .and_then(|it| it.strip_suffix('>'));
        match inner {
            Some(inner) => {
                let (implementor, _) = split_outside(inner, " as ").unwrap_or((inner, ""));
                shown.extend(segments(implementor).into_iter().map(without_arguments));
            }
            None if segment.starts_with("{{closure}}") || segment.starts_with("{closure#") => {
                shown.push(ASYNC.to_owned())
            }
            None => shown.push(without_arguments(segment)),
        }
    }
    shown.join("::")
}

/// Splits at a separator that is not inside of angle brackets.
fn split_outside<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let mut found = text.match_indices(separator).map(|(at, _)| at);
    let at = found.find(|at| depth(&text[..*at]) == 0)?;
    Some((&text[..at], &text[at + separator.len()..]))
}

fn depth(text: &str) -> isize {
    let mut depth = 0;
    let mut previous = ' ';
    for character in text.chars() {
        match character {
            '<' | '(' | '[' => depth += 1,
            // An arrow closes nothing.
            '>' if previous != '-' => depth -= 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        previous = character;
    }
    depth
}

/// Returns the parts of a path between `::`, except inside of angle brackets.
fn segments(path: &str) -> Vec<&str> {
    let (mut segments, mut rest) = (Vec::new(), path);
    while let Some((segment, after)) = split_outside(rest, "::") {
        segments.push(segment);
        rest = after;
    }
    segments.push(rest);
    segments
}

/// Returns the last part of a path, without type arguments and references: `Server` of `&mut app::Server<T>`.
pub(crate) fn last_segment(path: &str) -> String {
    let path = path.trim_start_matches(['&', '*']);
    let path = ["mut ", "const "]
        .iter()
        .find_map(|it| path.strip_prefix(it))
        .unwrap_or(path);
    let last = segments(path).pop().unwrap_or(path);
    without_arguments(last)
}

/// Returns a name without what is in angle brackets.
pub(crate) fn without_arguments(name: &str) -> String {
    // `<T as Trait>` has nothing before its brackets.
    match name.find('<') {
        Some(at) if at > 0 => name[..at].to_owned(),
        _ => name.to_owned(),
    }
}

/// Returns `true` if a name of [`std::any::type_name`] can be that of a type in debug information.
///
/// The two differ in their spelling of closures and `impl` blocks, so only what both spell alike is compared.
pub(crate) fn may_be_same(type_name: &str, of_type: &Type) -> bool {
    let theirs: Vec<String> = segments(type_name)
        .into_iter()
        .map(without_arguments)
        .collect();
    let own: Vec<String> = of_type
        .scope
        .iter()
        .map(|scope| without_arguments(scope))
        .chain([without_arguments(&of_type.name)])
        .collect();
    let is_plain = |segment: &str| {
        !segment.starts_with(['{', '<', '&', '*', '(', '[']) && !segment.contains("dyn ")
    };
    let last = |mut segments: Vec<&str>| {
        segments.retain(|segment| is_plain(segment));
        segments.last().map(|segment| (*segment).to_owned())
    };
    let own = last(own.iter().map(String::as_str).collect());
    let theirs = last(theirs.iter().map(String::as_str).collect());
    own.is_none() || theirs.is_none() || own == theirs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn implementor_of_a_symbol_is_found_in_both_manglings() {
        let legacy = "_ZN3app6Server6accept28_$u7b$$u7b$closure$u7d$$u7d$17habff635542997a40E";
        assert_eq!(
            implementor(legacy, Some("accept")).as_deref(),
            Some("Server")
        );
        let of_trait =
            "_ZN44_$LT$app..Server$u20$as$u20$app..Handler$GT$6handle17h0123456789abcdefE";
        assert_eq!(implementor(of_trait, None).as_deref(), Some("Server"));
        let v0 = "_RNvMCs4fqI2P2rA04_3appNtB2_6Server6accept";
        assert_eq!(implementor(v0, None).as_deref(), Some("Server"));
        assert_eq!(implementor("main", None), None);
    }

    #[test]
    fn poll_function_has_the_path_of_its_method() {
        let symbol =
            "<app::net::Server<u8> as tower::Service<http::Request<B>>>::call::{{closure}}";
        assert_eq!(of_poll_function(symbol), "app::net::Server::call::{async}");
        assert_eq!(
            of_poll_function("app::run::{closure#0}"),
            "app::run::{async}"
        );
    }

    #[test]
    fn last_segment_has_neither_references_nor_arguments() {
        assert_eq!(last_segment("&mut app::Server<a::B, C>"), "Server");
        assert_eq!(last_segment("Server"), "Server");
        assert_eq!(last_segment("a::Map<b::C, fn(u8) -> d::E>"), "Map");
    }

    #[test]
    fn path_is_split_outside_of_brackets() {
        assert_eq!(
            segments("<a::B as c::D>::e::{closure#0}"),
            ["<a::B as c::D>", "e", "{closure#0}"]
        );
        assert_eq!(segments("a"), ["a"]);
    }
}
