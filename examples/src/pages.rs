//! The public Markdown pages of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// One Markdown page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Path relative to the root of the repository, with `/` between its parts.
    pub path: String,
    /// Content of the file.
    pub text: String,
}

/// Returns the root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Reads one page.
///
/// # Panics
///
/// If the page cannot be read.
#[must_use]
pub fn read(path: &str) -> Page {
    let text = fs::read_to_string(root().join(path));
    Page {
        path: path.to_owned(),
        text: text.unwrap_or_else(|error| panic!("cannot read {path}: {error}")),
    }
}

/// Reads README, CONTRIBUTING and SECURITY, the README of each crate, and all pages in `docs/`.
///
/// # Panics
///
/// If a page cannot be read.
#[must_use]
pub fn all() -> Vec<Page> {
    let mut paths: Vec<String> = ["README.md", "CONTRIBUTING.md", "SECURITY.md"]
        .map(str::to_owned)
        .into();
    for name in names("") {
        let readme = format!("{name}/README.md");
        if name != "target" && root().join(&readme).exists() {
            paths.push(readme);
        }
    }
    for folder in ["docs", "docs/guide"] {
        let names = names(folder);
        let pages = names.iter().filter(|name| name.ends_with(".md"));
        paths.extend(pages.map(|name| format!("{folder}/{name}")));
    }
    paths.iter().map(|path| read(path)).collect()
}

/// Returns the sorted names of what is in a folder.
fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder can be read");
    let names = entries.flatten().map(|entry| entry.file_name());
    let mut names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
    names.sort();
    names
}

impl Page {
    /// Returns the content of each fenced block, with the word after its opening fence.
    pub fn blocks(&self) -> impl Iterator<Item = (&str, &str)> {
        let fenced = self.text.split("\n```").skip(1).step_by(2);
        fenced.filter_map(|block| block.split_once('\n'))
    }

    /// Returns each example that a block runs by `$ cargo run -q --example`, and the output that the block shows.
    /// Lines `…` are left out.
    pub fn shown_outputs(&self) -> impl Iterator<Item = (&str, String)> {
        self.blocks().filter_map(|(_, block)| {
            let block = block.strip_prefix("$ cargo run -q --example ")?;
            let (example, output) = block.split_once('\n')?;
            let lines = output.lines().filter(|line| *line != "…");
            Some((
                example,
                lines.fold(String::new(), |text, line| text + line + "\n"),
            ))
        })
    }

    /// Returns the target of each link, as written.
    pub fn links(&self) -> impl Iterator<Item = &str> {
        let after = self.text.split("](").skip(1);
        after.filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
    }

    /// Returns the anchor of each heading, as GitHub derives it.
    pub fn anchors(&self) -> impl Iterator<Item = String> {
        let headings = self.text.lines().filter(|line| line.starts_with('#'));
        headings.map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter_map(|c| match c {
                ' ' => Some('-'),
                '-' | '_' => Some(c),
                _ => c.is_alphanumeric().then_some(c),
            });
            kept.collect()
        })
    }
}
