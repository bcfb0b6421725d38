//! Over real source files: what the text front end does is what the attribute macro would do, and nothing else.
//!
//! The files are those of this repository and of everything that it depends on. `BIRTHMARK_CORPUS=DIR` takes those
//! below a directory instead.
#![cfg(feature = "text")]

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use birthmark_rewrite::text::{self, Annotation, File, Options, Rewritten, Unparsed};
use birthmark_rewrite::{Position, Reason, Site, Uncovered};
use proc_macro2::{Span, TokenStream};
use quote::quote;

/// The sources of this repository and of the packages that it depends on.
fn roots() -> Vec<PathBuf> {
    if let Some(root) = std::env::var_os("BIRTHMARK_CORPUS") {
        return vec![root.into()];
    }
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{output:?}");
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    let manifests = packages
        .iter()
        .filter_map(|package| package["manifest_path"].as_str());
    manifests
        .map(|manifest| {
            Path::new(manifest)
                .parent()
                .expect("a file is in a directory")
                .to_owned()
        })
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
    let mut files = Vec::new();
    roots().iter().for_each(|root| collect(root, &mut files));
    let (mut rewritten, mut sites, mut unparsed) = (0, 0, Vec::new());
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
            Err(Unparsed(mistake)) => unparsed.push(format!("{path}: {mistake:?}")),
        }
    }
    println!(
        "{} files, {rewritten} rewritten, {sites} sites; not parsed: {unparsed:#?}",
        files.len()
    );
    assert!(
        std::env::var_os("BIRTHMARK_CORPUS").is_some() || sites > 1000,
        "{sites}"
    );
}

fn options() -> Options {
    Options {
        runtime: "__birthmark".to_owned(),
        annotation: Annotation::default(),
        ..Options::default()
    }
}

fn check(source: &str, path: &str, output: &Rewritten) {
    only_inserts(source, path, output);
    let expected = by_macro(source, path);
    let Some((sites, uncovered)) = expected else {
        assert!(
            output.insertions.is_empty(),
            "{path}: the macro does not parse it"
        );
        return;
    };
    assert_eq!(lines(&output.sites), lines(&sites), "{path}");
    let files = |one: &&Uncovered| one.reason != Reason::Module;
    let reasons = |all: &[Uncovered]| {
        all.iter()
            .filter(files)
            .map(|one| format!("{one:?}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(reasons(&output.uncovered), reasons(&uncovered), "{path}");
}

/// The new text has the old one's lines, and is the old one without the insertions; it parses.
fn only_inserts(source: &str, path: &str, output: &Rewritten) {
    assert_eq!(
        source.lines().count(),
        output.text.lines().count(),
        "{path}"
    );
    let (mut rest, mut done) = (output.text.as_str(), 0);
    for insertion in &output.insertions {
        assert!(
            !insertion.text.contains(['\n', '\r']),
            "{path}: {insertion:?}"
        );
        let kept = &source[done..insertion.offset];
        rest = rest
            .strip_prefix(kept)
            .and_then(|rest| rest.strip_prefix(&*insertion.text))
            .expect(path);
        done = insertion.offset;
    }
    assert_eq!(rest, &source[done..], "{path}");
    if !output.insertions.is_empty() {
        syn::parse_file(&output.text)
            .unwrap_or_else(|error| panic!("{path}: {error}: {:?}", error.span().start()));
    }
}

fn lines(sites: &[Site]) -> Vec<String> {
    sites.iter().map(|site| format!("{site:?}")).collect()
}

/// What the attribute macro makes of a module with the file's content.
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
    let seen = Cell::new(0);
    let locate = |span: Span| {
        seen.set(seen.get() + 1);
        let start = span.start();
        Position {
            file: path.to_owned(),
            line: start.line,
            column: start.column + 1,
        }
    };
    let output = birthmark_rewrite::instrument(TokenStream::new(), module, &locate);
    Some((output.sites, output.uncovered))
}
