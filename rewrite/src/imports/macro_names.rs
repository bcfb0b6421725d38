//! The names in the table of macros that a crate defines or imports itself, found by a search in its text.
//!
//! A search finds more than there is, such as names in comments, in code that a `cfg` removes, and in other modules. A
//! name too many has one effect: the arguments of a macro are left alone.

use std::collections::BTreeSet;

use crate::known::macros;

/// The names of known macros that a crate defines, or imports from unknown places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MacroNames {
    defined: BTreeSet<String>,
    imported: BTreeSet<String>,
    macro_use: BTreeSet<String>,
}

impl MacroNames {
    /// Returns the names in a piece of code.
    pub(crate) fn of(source: &str) -> MacroNames {
        let mut names = MacroNames::default();
        names.add(source);
        names
    }

    /// Adds the names in a piece of code.
    pub fn add(&mut self, source: &str) {
        let rules = behind(source, "macro_rules").filter_map(|rest| rest.strip_prefix('!'));
        let defined = rules.chain(behind(source, "macro")).map(first_name);
        self.defined
            .extend(defined.filter(is_known).map(str::to_owned));
        for statement in behind(source, "use") {
            self.import(statement.split(';').next().unwrap_or_default());
        }
        self.macro_use.extend(macro_use(source).map(str::to_owned));
    }

    /// Adds the names in a `use` of an unknown place.
    fn import(&mut self, tree: &str) {
        let krate = first_name(tree.trim_start_matches(':'));
        let is_tree =
            |one: char| is_part_of_a_name(one) || one.is_whitespace() || ":{},*#".contains(one);
        if macros::tells_of(krate) || !tree.contains("::") || !tree.chars().all(is_tree) {
            return;
        }
        let names = tree.split(|character| !is_part_of_a_name(character));
        self.imported
            .extend(names.filter(is_known).map(str::to_owned));
    }

    /// Returns `true` if the crate defines a macro of this name.
    pub(crate) fn defines(&self, name: &str) -> bool {
        self.defined.contains(name)
    }

    /// Returns `true` if the crate imports this name from an unknown place.
    pub(crate) fn imports(&self, name: &str) -> bool {
        self.imported.contains(name)
    }

    /// Returns the crates whose macros are all in scope.
    pub(crate) fn macro_use(&self) -> impl Iterator<Item = &str> {
        self.macro_use.iter().map(String::as_str)
    }
}

fn is_known(name: &&str) -> bool {
    macros::named(name).next().is_some()
}

/// Returns the text behind each mention of a word.
fn behind<'a>(source: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    source.match_indices(word).filter_map(move |(start, _)| {
        let rest = &source[start + word.len()..];
        let is_word =
            !source[..start].ends_with(is_part_of_a_name) && !rest.starts_with(is_part_of_a_name);
        is_word.then(|| rest.trim_start())
    })
}

/// Returns the crates after `#[macro_use]`, unless it lists macros.
fn macro_use(source: &str) -> impl Iterator<Item = &str> {
    behind(source, "crate").filter_map(|rest| {
        let before = &source[..source.len() - rest.len()];
        let before = before.trim_end().strip_suffix("crate")?.trim_end();
        let before = before.strip_suffix("extern")?;
        let start = before.rfind([';', '}']).map_or(0, |end| end + 1);
        let attributes: String = before[start..].split_whitespace().collect();
        attributes
            .contains("#[macro_use]")
            .then(|| first_name(rest))
    })
}

/// Returns the name with which a text begins.
fn first_name(text: &str) -> &str {
    let text = text.trim_start();
    let text = text.strip_prefix("r#").unwrap_or(text);
    let end = text.find(|character| !is_part_of_a_name(character));
    &text[..end.unwrap_or(text.len())]
}

/// Returns `true` if a character may be in a name.
pub(crate) fn is_part_of_a_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &str) -> MacroNames {
        let mut names = MacroNames::default();
        names.add(source);
        names
    }

    #[test]
    fn definitions_are_found_wherever_they_stand() {
        for source in [
            "macro_rules! join { () => {} }",
            "macro_rules ! join\n{ () => {} }",
            "make! { ($d:tt) => { macro_rules! join { ($d x:expr) => {} } } }",
            "pub macro join($x:expr) {}",
        ] {
            assert!(names(source).defines("join"), "{source}");
        }
        assert!(!names("macro_rules! joined {}").defines("join"));
        assert!(!names("fn join() {} my_macro_rules! join").defines("join"));
    }

    #[test]
    fn imports_count_if_they_are_from_elsewhere() {
        assert!(names("use assert2::{check, assert};").imports("assert"));
        assert!(names("pub use self::macros::my_join as join;").imports("join"));
        for source in [
            "use tokio::{select, join};",
            "use ::futures::join;",
            "reuse a::join;",
            "// One may use a::join, or b.\nfn f() {}",
        ] {
            assert_eq!(names(source), MacroNames::default(), "{source}");
        }
    }

    #[test]
    fn crates_with_macro_use_are_found() {
        let crates = |source| Vec::from_iter(names(source).macro_use().map(str::to_owned));
        assert_eq!(
            crates("#[cfg(test)] #[macro_use]\nextern crate log;"),
            ["log"]
        );
        assert!(crates("#[macro_use(info)] extern crate log; extern crate x;").is_empty());
        assert!(crates("#[macro_use] mod a; extern crate log;").is_empty());
    }
}
