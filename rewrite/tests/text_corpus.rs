//! Over real source files: what the text front end does is what the attribute macro would do, and nothing else.
//!
//! The files are those of this repository and of some packages that it depends on. In the long test, they are those of
//! all packages, or those below the directory that `BIRTHMARK_CORPUS` names.
#![cfg(feature = "text")]

mod common;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use birthmark_rewrite::text::{self, Annotation, File, Options, Rewritten, Unparsed};
use birthmark_rewrite::{Position, Reason, Site, Uncovered};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use serde_json::Value;

/// Packages full of spawns.
const SPAWNING: [&str; 8] = [
    "axum",
    "crossbeam-utils",
    "futures-util",
    "hyper-util",
    "rayon-core",
    "smol",
    "tokio",
    "tokio-util",
];

/// The directories of the packages of this workspace, and of those it depends on that are asked for.
fn packages(wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let packages = birthmark_test_support::packages::of_this_machine();
    let own = |package: &&Value| {
        package["source"].is_null() || package["name"].as_str().is_some_and(&wanted)
    };
    let manifests = packages
        .iter()
        .filter(own)
        .filter_map(|package| package["manifest_path"].as_str());
    manifests
        .filter_map(|manifest| Some(Path::new(manifest).parent()?.to_owned()))
        .collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn both_front_ends_see_the_same_and_only_insert() {
    let sites = compare(&packages(|name| SPAWNING.contains(&name)));
    assert!(sites > 1000, "{sites}");
}

#[test]
#[ignore = "takes a minute or two"]
fn both_front_ends_see_the_same_everywhere() {
    let corpus = std::env::var_os("BIRTHMARK_CORPUS");
    compare(&corpus.map_or_else(|| packages(|_| true), |corpus| vec![corpus.into()]));
}

#[test]
fn tokens_stay_in_their_columns() {
    let mut files = Vec::new();
    let roots = packages(|name| SPAWNING.contains(&name));
    roots.iter().for_each(|root| collect(root, &mut files));
    let options = Options {
        edit: Some("edit".to_owned()),
        ..options()
    };
    let (mut all, mut moved) = (0, 0);
    for file in &files {
        let source = fs::read_to_string(file).unwrap_or_default();
        let path = file.to_str().expect("paths are text");
        let input = File {
            source: &source,
            path,
        };
        let output = text::rewrite(input, &options).unwrap_or_default();
        if output.insertions.is_empty() {
            continue;
        }
        let (old, new) = (tokens(&source), tokens(&output.text));
        let new: HashSet<_> = new.into_iter().collect();
        all += old.len();
        moved += old.iter().filter(|token| !new.contains(*token)).count();
        assert_eq!(
            source.lines().count(),
            output.text.lines().count(),
            "{path}"
        );
    }
    println!("{moved} of {all} tokens in rewritten files moved");
    assert!(all > 100_000 && moved * 10_000 < all, "{moved} of {all}");
}

/// The tokens of a file, and where they stand.
fn tokens(text: &str) -> Vec<(usize, usize, String)> {
    fn flatten(tokens: TokenStream, into: &mut Vec<(usize, usize, String)>) {
        for token in tokens {
            if let TokenTree::Group(group) = token {
                flatten(group.stream(), into);
            } else {
                let start = token.span().start();
                into.push((start.line, start.column, token.to_string()));
            }
        }
    }
    let mut flat = Vec::new();
    flatten(
        TokenStream::from_str(text).expect("it was parsed"),
        &mut flat,
    );
    flat
}

/// Compares all files below some directories, and returns the number of sites in them.
fn compare(roots: &[PathBuf]) -> usize {
    let mut files = Vec::new();
    roots.iter().for_each(|root| collect(root, &mut files));
    let (mut rewritten, mut sites) = (0, 0);
    for file in &files {
        let Ok(source) = fs::read_to_string(file) else {
            continue;
        };
        let path = file.to_str().expect("paths are text");
        match text::rewrite(
            File {
                source: &source,
                path,
            },
            &options(),
        ) {
            Ok(output) => {
                rewritten += usize::from(!output.insertions.is_empty());
                sites += output.sites.len();
                check(&source, path, &output);
            }
            Err(Unparsed(mistake)) => println!("not parsed: {path}: {mistake:?}"),
        }
    }
    println!(
        "{} files, {rewritten} rewritten, {sites} sites",
        files.len()
    );
    sites
}

fn options() -> Options {
    Options {
        runtime: "__birthmark".to_owned(),
        annotation: Annotation::default(),
        ..Options::default()
    }
}

fn check(source: &str, path: &str, output: &Rewritten) {
    common::only_inserts(source, path, output);
    let expected = by_macro(source, path);
    let Some((sites, uncovered)) = expected else {
        assert!(
            output.insertions.is_empty(),
            "{path}: the macro does not parse it"
        );
        return;
    };
    assert_eq!(lines(&output.sites), lines(&sites), "{path}");
    // The macro does not list items that the parser refuses.
    let both = |one: &&Uncovered| !matches!(one.reason, Reason::Module | Reason::Syntax { .. });
    let reasons = |all: &[Uncovered]| {
        all.iter()
            .filter(both)
            .map(|one| format!("{one:?}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(reasons(&output.uncovered), reasons(&uncovered), "{path}");
}

fn lines(sites: &[Site]) -> Vec<String> {
    sites.iter().map(|site| format!("{site:?}")).collect()
}

/// Returns the findings of the attribute in a module with the file's content, if that parses.
fn by_macro(source: &str, path: &str) -> Option<(Vec<Site>, Vec<Uncovered>)> {
    if !text::may_spawn(source, &options().annotation) {
        return Some(Default::default());
    }
    let code = source.strip_prefix('\u{feff}').unwrap_or(source);
    let code = if code.starts_with("#!/") {
        &code[code.find('\n').unwrap_or(code.len())..]
    } else {
        code
    };
    let tokens = TokenStream::from_str(code).ok()?;
    let module = quote! { mod file { #tokens } };
    let locate = |span: Span| {
        let start = span.start();
        Position {
            file: path.to_owned(),
            line: start.line,
            column: start.column + 1,
        }
    };
    // Text finds the runtime by that name.
    let args = TokenStream::from_str("crate = __birthmark").ok()?;
    let output = birthmark_rewrite::instrument(args, module, &locate);
    Some((output.sites, output.uncovered))
}
