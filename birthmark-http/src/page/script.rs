//! The page's script: its modules in one text, because the page is one answer without outside assets.
//!
//! The modules import each other by name. Each imports only modules that precede it in [`MODULES`]. So the texts can
//! follow one another in that order, without their `import` statements and without `export`. All names at the top
//! level share one scope then; a browser refuses a script that declares one twice.

/// A module: its path below `page/`, and its text.
type Module = (&'static str, &'static str);

macro_rules! modules {
    ($($path:literal,)*) => {
        [$(($path, include_str!(concat!("../../page/", $path))),)*]
    };
}

/// The modules. Each follows those that it imports.
const MODULES: &[Module] = &modules![
    "model/text.js",
    "model/snapshot.js",
    "model/parser.js",
    "model/labels.js",
    "model/grouping.js",
    "model/history.js",
    "model/cells.js",
    "model/thread-cells.js",
    "model/columns.js",
    "model/search.js",
    "model/query.js",
    "model/rows.js",
    "model/groups.js",
    "model/alike.js",
    "model/tree.js",
    "model/compare.js",
    "model/threads.js",
    "model/waits.js",
    "model/views.js",
    "dom/elements.js",
    "dom/sparkline.js",
    "dom/cells.js",
    "dom/list.js",
    "dom/await-stack.js",
    "dom/findings.js",
    "dom/details.js",
    "dom/thread-details.js",
    "app/state.js",
    "app/reader.js",
    "app/coverage.js",
    "app/panel.js",
    "app/stacks-bar.js",
    "app/groups-bar.js",
    "app/draw.js",
    "app/refresh.js",
    "app/stacks.js",
    "app/awaits.js",
    "app/address.js",
    "app/actions.js",
    "app/keys.js",
    "main.js",
];

/// Returns all modules as one script.
pub(super) fn script() -> String {
    let texts = MODULES.iter().map(|(_, text)| without_imports(text));
    texts.collect()
}

/// Returns the text of a module without `import` statements, each of which is one line, and without `export`.
fn without_imports(text: &str) -> String {
    let lines = text.split_inclusive('\n');
    let kept = lines.filter(|line| !line.starts_with("import "));
    kept.map(|line| line.strip_prefix("export ").unwrap_or(line))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::Write as _;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output, Stdio};

    use birthmark_test_support::files::{self, has_extension};

    use super::{MODULES, script};

    const NODE: &str = "node runs; on Debian it is in the package nodejs";

    fn page() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("page")
    }

    #[test]
    fn modules_import_only_earlier_modules() {
        let mut earlier = BTreeSet::new();
        for (path, text) in MODULES {
            for line in text.lines().filter(|it| it.starts_with("import ")) {
                let (_, from) = line.split_once(" from \"").expect("an import is one line");
                let from = from.strip_suffix("\";").expect("an import ends its line");
                let imported = join(path, from);
                assert!(earlier.contains(&imported), "{path} imports {imported}");
                assert!(!line.contains(" as "), "{path} renames an import: {line}");
            }
            earlier.insert(path.to_string());
        }
    }

    #[test]
    fn modules_are_all_scripts_of_the_page() {
        let page = page();
        let scripts = files::below(&page).into_iter();
        let scripts = scripts.filter(|file| has_extension(file, "js"));
        let mut found: BTreeSet<String> = scripts
            .map(|file| {
                let path = file.strip_prefix(&page).unwrap();
                path.to_str().unwrap().replace('\\', "/")
            })
            .collect();
        found.retain(|path| !path.starts_with("tests/"));
        let listed = MODULES.iter().map(|(path, _)| path.to_string()).collect();
        assert_eq!(found, listed);
    }

    /// Two equal names at the top level would leave the page empty.
    #[test]
    fn modules_are_one_script() {
        let mut node = Command::new("node")
            .args(["--check", "-"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect(NODE);
        let mut input = node.stdin.take().expect("a pipe");
        input.write_all(script().as_bytes()).expect("node reads");
        drop(input);
        succeeds(node.wait_with_output().expect("node ends"));
    }

    #[test]
    fn modules_pass_their_unit_tests() {
        let tests = files::below(&page().join("tests")).into_iter();
        let tests = tests.filter(|file| file.to_string_lossy().ends_with(".test.mjs"));
        run(Command::new("node").arg("--test").args(tests), NODE);
    }

    #[test]
    fn modules_have_no_type_errors() {
        run(
            Command::new("tsc").args(["--project", "."]),
            "tsc runs; on Debian it is in the package node-typescript",
        );
    }

    fn run(command: &mut Command, expected: &str) {
        succeeds(command.current_dir(page()).output().expect(expected));
    }

    fn succeeds(output: Output) {
        assert!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Returns the path that an import in the module `path` leads to.
    fn join(path: &str, import: &str) -> String {
        let mut parts: Vec<_> = path.split('/').collect();
        parts.pop();
        for part in import.split('/') {
            match part {
                "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        parts.join("/")
    }
}
