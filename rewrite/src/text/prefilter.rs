//! Decides whether a file is worth parsing.
//!
//! Most files of a program contain no spawn. Parsing takes most of the time, so a search of the text excludes them.

use std::sync::LazyLock;

use crate::imports::macro_names::is_part_of_a_name;
use crate::known::{callees, macros, scope_functions, waits};

use super::Annotation;

/// Returns `true` if a spawn, or an await that has a frame, may be in the text.
///
/// The function searches for calls of the known names. Calls in strings and in most comments count. A comment on a line
/// of its own, such as documentation, does not count. If the result is `false`, [`rewrite`](super::rewrite) leaves the
/// file as it is.
///
/// ```
/// use birthmark_rewrite::text::{may_spawn, Annotation};
///
/// let nothing = Annotation::default();
/// assert!(may_spawn("fn main() { tokio::spawn(work()); }", &nothing));
/// assert!(!may_spawn("fn spawn(task: Task) { /* it does not spawn */ }", &nothing));
/// ```
#[must_use]
pub fn may_spawn(source: &str, annotation: &Annotation) -> bool {
    let has_frames = annotation.frames != Some(false);
    if has_frames && may_await(source) {
        return true;
    }
    if annotation.tests && has_attribute(source, "test") {
        return true;
    }
    // An attribute inside may list further names.
    if source.contains("instrument") && source.contains("also") {
        return true;
    }
    let listed = annotation.also.iter().map(String::as_str);
    let is_known = |name: &str| {
        callees::is_known(name, &annotation.also)
            || scope_functions::is_known(name)
            || has_frames && waits::is_known(name)
    };
    STEMS
        .iter()
        .copied()
        .chain(listed)
        .any(|stem| has_call(source, stem, is_known))
}

/// Returns `true` if a task may wait: at an `.await`, in a macro that awaits, or in the body of `#[tokio::main] async fn`.
fn may_await(source: &str) -> bool {
    let awaiting = macros::TABLE.iter().filter(|row| row.awaits.is_some());
    let mut entries = waits::entries().iter();
    source.contains("await")
        || awaiting
            .into_iter()
            .any(|row| mentions_macro(source, row.name))
        || entries.any(|entry| has_attribute(source, entry))
}

/// Returns `true` if the text has an attribute with this last segment.
fn has_attribute(source: &str, name: &str) -> bool {
    source.match_indices(name).any(|(start, _)| {
        let before = source[..start].trim_end();
        let after = source[start + name.len()..].trim_start();
        before.ends_with(['[', ':']) && after.starts_with([']', '('])
    })
}

/// Returns `true` if a macro is called, or imported under another name.
fn mentions_macro(source: &str, name: &str) -> bool {
    source.match_indices(name).any(|(start, _)| {
        let rest = source[start + name.len()..].trim_start();
        !source[..start].ends_with(is_part_of_a_name)
            && (rest.starts_with('!') || rest.starts_with("as "))
    })
}

/// Known names of calls that begin with no other known name. All others begin with one of these.
static STEMS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let mut stems: Vec<&str> = known_names().collect();
    stems.sort_unstable();
    stems.dedup_by(|longer, stem| longer.starts_with(*stem));
    stems
});

/// Names of the calls that are changed: spawns, scopes, and waits.
fn known_names() -> impl Iterator<Item = &'static str> {
    let callees = callees::TABLE.iter().map(|row| row.name);
    let scopes = scope_functions::TABLE.iter().map(|row| row.name);
    callees.chain(scopes).chain(waits::names())
}

/// Returns `true` if a known name that begins with the stem is called.
fn has_call(source: &str, stem: &str, is_known: impl Fn(&str) -> bool) -> bool {
    source.match_indices(stem).any(|(start, _)| {
        let rest = &source[start..];
        let end = rest
            .find(|character| !is_part_of_a_name(character))
            .unwrap_or(rest.len());
        is_known(&rest[..end])
            && is_head(&source[..start])
            && (is_tail(&rest[end..]) || is_value(&source[..start], &rest[end..]))
            && !is_comment(&source[..start])
    })
}

/// Returns `true` if the last line of the text is a comment from its start.
///
/// Such a line may be part of a string, or of a comment of several lines. Both end with a quote or a star before the next
/// code.
fn is_comment(before: &str) -> bool {
    let line = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
    line.trim_start().starts_with("//") && !line.contains(['"', '*'])
}

/// Returns `true` if a name begins here, unless it is the name of a definition.
fn is_head(before: &str) -> bool {
    let definition = before.trim_end().strip_suffix("fn");
    !before.ends_with(is_part_of_a_name)
        && definition.is_none_or(|before| before.ends_with(is_part_of_a_name))
}

/// Returns `true` if arguments follow. A turbofish or a comment may be in between.
fn is_tail(after: &str) -> bool {
    let after = after.trim_start();
    match after.strip_prefix("::") {
        Some(turbofish) => turbofish.trim_start().starts_with(['<', '/']),
        None => after.starts_with(['(', '/']),
    }
}

/// Returns `true` if a path ends here that is an argument.
fn is_value(before: &str, after: &str) -> bool {
    before.trim_end().ends_with("::") && after.trim_start().starts_with([')', ','])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_begins_with_a_stem() {
        for name in known_names() {
            assert!(STEMS.iter().any(|stem| name.starts_with(stem)), "{name}");
            assert!(
                may_spawn(&format!("{name}(x)"), &Annotation::default()),
                "{name}"
            );
        }
        assert_eq!(
            *STEMS,
            [
                "block_on",
                "execute",
                "install",
                "run_until",
                "scope",
                "spawn",
                "unblock"
            ]
        );
    }

    #[test]
    fn every_macro_that_awaits_is_found_by_its_name() {
        let may = |source: &str| may_spawn(source, &Annotation::default());
        for row in macros::TABLE {
            let name = row.name;
            let (call, import) = (format!("{name} ! {{ x }}"), format!("use a::{name} as x;"));
            let awaits = macros::named(name).any(|row| row.awaits.is_some());
            assert_eq!((may(&call), may(&import)), (awaits, awaits), "{name}");
        }
        assert!(!may("reselect!(x); selects!(x); select(x); a != select"));
    }

    #[test]
    fn attribute_that_blocks_on_a_body_is_found() {
        let may = |source: &str| may_spawn(source, &Annotation::default());
        assert!(may("#[tokio::main] async fn main() { f() }"));
        assert!(may(
            "#[tokio :: main (flavor = \"x\")] async fn go() { f() }"
        ));
        assert!(may("use tokio::main; #[main] async fn go() { f() }"));
        assert!(!may("fn main() { f() }") && !may("mod domain { use a::main; }"));
    }

    #[test]
    fn calls_are_told_from_other_mentions() {
        let may = |source| may_spawn(source, &Annotation::default());
        assert!(
            may("spawn(x)") && may(".spawn (x)") && may("spawn :: <T>(x)") && may("spawn/**/(x)")
        );
        assert!(may("spawn\n(x)") && may("my_fn spawn(x)"));
        assert!(
            !may("fn spawn(x)")
                && !may("(fn\nspawn(x)")
                && !may("respawn(x)")
                && !may("spawn_it(x)")
                && !may("scope: Scope")
                && !may("spawn::inner(x)")
        );
        assert!(may("map(tokio::spawn)") && may("apply(thread :: spawn , x)"));
        assert!(!may("map(spawn)") && !may("use tokio::spawn;"));
    }

    #[test]
    fn documentation_is_passed_over() {
        let may = |source| may_spawn(source, &Annotation::default());
        assert!(!may("/// spawn(x)\n    //! a.spawn(x)\n// spawn(x)"));
        assert!(may("// no\nspawn(x)") && may("f(\"//\").spawn(x)"));
        // Code behind the end of a string or of another comment.
        assert!(may("\"\n// \"; spawn(x)") && may("/*\n// */ spawn(x)"));
    }
}
