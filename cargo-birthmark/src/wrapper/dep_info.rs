//! The compiler's list of the files that a crate was made from, which cargo reads to know when to
//! make it anew.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Build;
use super::command_line::Unit;
use super::report::{Outcome, Report};
use crate::concern::Concern;
use crate::session::{VARIABLE, replace};

/// Changes to the list.
#[derive(Debug, Default)]
pub struct Change {
    /// Prefixes to replace: those of the mirror by those of the original files. Later ones win.
    pub prefixes: Vec<(PathBuf, PathBuf)>,
    /// Files to add.
    pub files: Vec<PathBuf>,
}

/// Changes the list, and adds what of the session concerned the crate.
pub fn amend(unit: &Unit, build: &Build<'_>, change: &Change, outcome: &Outcome) -> Result<()> {
    let path = unit.dep_info();
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("read the list of source files {}", path.display()))?;
    let report = Report::file(unit, build);
    let mut text = amended(&text, change, &report);
    text.push('\n');
    text.push_str(&variables(build.concerns(outcome).into_keys()));
    replace(&path, text.as_bytes())
}

/// Names variables that a crate depends on, with their present values. Without the front end nobody sets them, and
/// all of the session counts.
pub fn variables(names: impl IntoIterator<Item = String>) -> String {
    let is_set = |name: &str| std::env::var_os(name).is_some();
    let names: Vec<String> = if is_set(&Concern::Tool.variable()) {
        names.into_iter().collect()
    } else {
        vec![VARIABLE.to_owned()]
    };
    let line = |name: String| match std::env::var(&name) {
        Ok(value) => format!("# env-dep:{name}={}\n", escape_variable(&value)),
        Err(_) => format!("# env-dep:{name}\n"),
    };
    names.into_iter().map(line).collect()
}

fn amended(text: &str, change: &Change, report: &Path) -> String {
    let mut text = text.to_owned();
    for (from, to) in change.prefixes.iter().rev() {
        text = text.replace(&with_slash(from), &with_slash(to));
    }
    let files = change.files.iter().map(PathBuf::as_path);
    let files: String = files
        .chain([report])
        .map(|file| format!(" {}", escape(file)))
        .collect();
    let lines = text.lines().map(|line| {
        let is_rule = !line.starts_with('#') && line.contains(": ");
        let added = if is_rule { &files[..] } else { "" };
        format!("{line}{added}\n")
    });
    lines.collect()
}

fn with_slash(path: &Path) -> String {
    let text = escape(path);
    if text.is_empty() {
        text
    } else {
        text + std::path::MAIN_SEPARATOR_STR
    }
}

/// A path as it stands in the list.
pub fn escape(path: &Path) -> String {
    path.display().to_string().replace(' ', "\\ ")
}

fn escape_variable(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_original_files_and_further_ones() {
        let change = Change {
            prefixes: vec![("/m/1".into(), "".into())],
            files: vec!["/rt/lib a.rlib".into()],
        };
        let text = "out.d: /m/1/src/a.rs /x/b.rs\n\n/m/1/src/a.rs:\n";
        assert_eq!(
            amended(text, &change, Path::new("/u/a.json")),
            "out.d: src/a.rs /x/b.rs /rt/lib\\ a.rlib /u/a.json\n\nsrc/a.rs:\n"
        );
    }
}
