//! The role of a task by the name of its type: `publish` of `app::gossip::publish::{{closure}}`.

use std::borrow::Cow;

use super::kind::Kind;

/// Types around a future or a function that say nothing of it. The first type argument is what they contain.
const WRAPPERS: &[&str] = &[
    "Abortable",
    "AssertUnwindSafe",
    "Blocked",
    "Box",
    "CatchUnwind",
    "Framed",
    "Fuse",
    "FutureWrapper",
    "Instrumented",
    "IntoFuture",
    "Map",
    "MapErr",
    "MapOk",
    "Pin",
    "SyncWrapper",
    "TaskLocalFuture",
    "Then",
    "Timeout",
    "TryFlatten",
    "Unconstrained",
    "UnitError",
    "WithCancellationToken",
    "WithCancellationTokenFuture",
    "WithContext",
    "WithDispatch",
];

/// The text of [`std::any::type_name`] for closures and for the bodies of `async` functions and blocks.
const CLOSURE: &str = "{{closure}}";

/// Returns the role of a task of this type, or `None` if the type says nothing: a trait object, a function pointer.
pub(crate) fn role_of_type(name: &str, kind: Kind) -> Option<String> {
    let name = without_wrappers(name);
    let target = name.trim_start_matches('&');
    let target = target.strip_prefix("mut ").unwrap_or(target);
    if target.starts_with("dyn ") {
        return None;
    }
    let mut segments = segments(name);
    let around = segments.len();
    segments.retain(|segment| *segment != CLOSURE);
    let closures = around - segments.len();
    let mut names = segments.into_iter().rev().map(plain);
    let last = names.next()??;
    if WRAPPERS.contains(&&*last) {
        return None;
    }
    let owner = names.next().flatten().filter(|owner| is_type(owner));
    let function = match owner {
        Some(owner) => format!("{owner}::{last}"),
        None => last.into_owned(),
    };
    Some(match (closures, kind) {
        (0, _) | (1, Kind::Future) => function,
        (_, Kind::Future) => format!("{function}::{{async}}"),
        _ => format!("{function}::{{closure}}"),
    })
}

/// Returns the type inside of known wrappers.
fn without_wrappers(mut name: &str) -> &str {
    while let Some((path, arguments)) = name.split_once('<') {
        let last = path.rsplit("::").next().unwrap_or(path);
        let is_whole = name.ends_with('>') && WRAPPERS.contains(&last);
        if !is_whole {
            break;
        }
        let arguments = &arguments[..arguments.len() - 1];
        let mut parts = split_outside(arguments, ", ").into_iter();
        name = parts.next().unwrap_or_default();
    }
    name
}

/// Returns the parts of a path between `::`, except inside of brackets.
fn segments(path: &str) -> Vec<&str> {
    split_outside(path, "::")
}

/// Splits at a separator that is not inside of brackets.
fn split_outside<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut parts, mut start, mut depth, mut previous) = (Vec::new(), 0, 0_usize, ' ');
    for (at, character) in text.char_indices() {
        match character {
            '<' | '(' | '[' => depth += 1,
            // An arrow closes nothing.
            '>' if previous != '-' => depth = depth.saturating_sub(1),
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 && at >= start && text[at..].starts_with(separator) => {
                parts.push(&text[start..at]);
                start = at + separator.len();
            }
            _ => {}
        }
        previous = character;
    }
    parts.push(&text[start..]);
    parts
}

/// Returns a segment as people write it: `Server` of `Server<T>`, and of `<app::Server as Service<R>>`. Returns `None` for
/// what is no name.
fn plain(segment: &str) -> Option<Cow<'_, str>> {
    if let Some(inner) = segment
        .strip_prefix('<')
        .and_then(|it| it.strip_suffix('>'))
    {
        let implementor = split_outside(inner, " as ").into_iter().next()?;
        let last = segments(implementor).pop()?;
        return plain(last.trim_start_matches(['&', '*']));
    }
    let name = segment.split('<').next()?;
    let is_name = |it: char| it.is_alphanumeric() || it == '_';
    (!name.is_empty() && name.chars().all(is_name)).then_some(name.into())
}

fn is_type(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_of_a_task_has_the_role_of_its_function() {
        for (name, kind, expected) in [
            ("app::gossip::publish::{{closure}}", Kind::Future, "publish"),
            (
                "app::gossip::publish::{{closure}}::{{closure}}",
                Kind::Future,
                "publish::{async}",
            ),
            (
                "app::Server<alloc::string::String>::run::{{closure}}",
                Kind::Future,
                "Server::run",
            ),
            (
                "<app::Server as tower::Service<http::Request<B>>>::call::{{closure}}",
                Kind::Future,
                "Server::call",
            ),
            ("app::worker", Kind::Job, "worker"),
            ("app::start::{{closure}}", Kind::Job, "start::{closure}"),
            ("app::Poller", Kind::Future, "Poller"),
            (
                "tracing::instrument::Instrumented<app::fetch<u8, fn(u8) -> u8>::{{closure}}>",
                Kind::Future,
                "fetch",
            ),
            (
                "core::pin::Pin<alloc::boxed::Box<app::fetch::{{closure}}>>",
                Kind::Future,
                "fetch",
            ),
            (
                "futures_util::future::future::Map<app::fetch::{{closure}}, app::main::{{closure}}>",
                Kind::Future,
                "fetch",
            ),
        ] {
            assert_eq!(role_of_type(name, kind).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn type_that_says_nothing_has_no_role() {
        for name in [
            "core::pin::Pin<alloc::boxed::Box<dyn core::future::future::Future<Output = ()> + core::marker::Send>>",
            "alloc::boxed::Box<dyn core::ops::function::FnOnce()>",
            "fn()",
            "&dyn app::Work",
            "core::pin::Pin<&mut dyn app::Work>",
            "",
            "<",
            "::",
            "<>",
            "Box<",
            "Box<>",
            "{{closure}}",
            "()",
            "(app::a, app::b)",
            "[u8; 3]",
        ] {
            assert_eq!(role_of_type(name, Kind::Future), None, "{name}");
        }
    }
}
