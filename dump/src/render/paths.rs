//! The paths of source files, as short as they are unambiguous in a dump.

use std::collections::HashMap;

use super::output::{push, push_number};
use crate::snapshot::nodes::Snapshot;
use birthmark_core::__reader::source_path::from_package;
use birthmark_core::{FrameSite, Site};

/// Short paths by the files of a dump. A file that is missing here has its path from the package on.
#[derive(Default)]
pub(super) struct Paths(HashMap<&'static str, &'static str>);

/// Names that files of several folders have. Their shortest path includes the folder.
const COMMON: [&str; 3] = ["main.rs", "lib.rs", "mod.rs"];

impl Paths {
    /// Returns the paths of the files in which tasks of a snapshot were spawned or wait.
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let sites = snapshot.shapes.iter().map(|shape| shape.site);
        let sites = sites.filter(|site| site.is_real()).map(Site::file);
        let stacks = snapshot.stacks.all().iter();
        let frames = stacks.flat_map(|stack| stack.frames.iter().map(|frame| frame.site().file()));
        Paths::among(sites.chain(frames))
    }

    fn among(files: impl Iterator<Item = &'static str>) -> Self {
        let mut short: HashMap<&'static str, &'static str> =
            files.map(|file| (file, from_package(file))).collect();
        let mut tails: HashMap<&'static str, u32> = HashMap::new();
        for path in short.values() {
            for tail in tails_of(path) {
                *tails.entry(tail).or_default() += 1;
            }
        }
        for (file, path) in &mut short {
            // The path of a file in a dependency names the package, which says more than the file.
            if file.len() == path.len() {
                let mut unambiguous = tails_of(path).filter(|tail| tails[tail] == 1);
                *path = unambiguous
                    .find(|tail| !COMMON.contains(tail))
                    .unwrap_or(path);
            }
        }
        Paths(short)
    }

    /// Appends `fetch.rs:24:28`.
    pub(super) fn push(&self, out: &mut String, file: &'static str, line: u32, column: u32) {
        out.push_str(match self.0.get(file) {
            Some(path) => path,
            None => from_package(file),
        });
        for number in [line, column] {
            out.push(':');
            push_number(out, number.into());
        }
    }

    pub(super) fn push_site(&self, out: &mut String, site: &Site) {
        self.push(out, site.file(), site.line(), site.column());
    }

    pub(super) fn push_frame(&self, out: &mut String, site: &FrameSite) {
        self.push(out, site.file(), site.line(), site.column());
    }
}

/// Appends the path of a site from the package on.
pub(super) fn push_whole(out: &mut String, site: &Site) {
    push(out, site);
}

/// Returns the ends of a path, the shortest first.
fn tails_of(path: &'static str) -> impl Iterator<Item = &'static str> {
    let starts = path.rmatch_indices(['/', '\\']).map(|(at, _)| at + 1);
    starts.chain([0]).map(|start| &path[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_is_as_short_as_it_is_unambiguous() {
        let files = [
            "src/main.rs",
            "src/quotes.rs",
            "src/a/quotes.rs",
            "src/feed.rs",
            "/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/axum-0.8.9/src/serve/mod.rs",
        ];
        let paths = Paths::among(files.into_iter());
        let short = |file: &'static str| {
            let mut out = String::new();
            paths.push(&mut out, file, 3, 5);
            out
        };
        assert_eq!(short(files[0]), "src/main.rs:3:5");
        assert_eq!(short(files[1]), "src/quotes.rs:3:5");
        assert_eq!(short(files[2]), "a/quotes.rs:3:5");
        assert_eq!(short(files[3]), "feed.rs:3:5");
        assert_eq!(short(files[4]), "axum-0.8.9/src/serve/mod.rs:3:5");
        assert_eq!(short("src/unknown.rs"), "src/unknown.rs:3:5");
    }
}
