//! Programs whose text is rewritten, file by file, and then built by the real compiler.

use std::process::Command;

use birthmark_integration_tests::project::Project;
use birthmark_rewrite::text::{Edition, File, Options, rewrite};

const MAIN: &str = include_str!("text/program.rs");

/// A module without any prelude.
const BARE: &str = "#![no_implicit_prelude]\npub(crate) fn f() -> i32 { ::std::thread::spawn(|| 8).join().unwrap() }";

/// A file as some editors write it. Columns count characters: of `ä` one.
const CRLF: &str = "\u{feff}//! Ends with carriage returns.\r\n\r\npub(crate) fn f() -> i32 {\r\n\t\
    let _ä = 1; ::std::thread::spawn(|| 9)\r\n\t.join().unwrap()\r\n}\r\n";

const INNER: &str =
    "pub(crate) fn f() -> i32 { ::std::thread::spawn(|| 10).join().unwrap() }\n// spawn";

/// The rewritten files, and the sites in the form in which the program prints them.
fn rewritten(edition: Edition, files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let options = Options {
        runtime: "__birthmark".to_owned(),
        edition,
        ..Options::default()
    };
    let (mut texts, mut sites) = (Vec::new(), Vec::new());
    for (path, source) in files {
        let path = format!("src/{path}");
        let rewritten = rewrite(
            File {
                source,
                path: &path,
            },
            &options,
        )
        .expect("the file parses");
        sites.extend(rewritten.sites.iter().map(|site| {
            let position = &site.position;
            let kind = site.kind.name();
            format!(
                "{}:{}:{} {} {} {} {kind}",
                position.file,
                position.line,
                position.column,
                site.function,
                site.callee,
                site.role
            )
        }));
        texts.push(rewritten.text);
    }
    // What a `cfg` leaves out is not in the program.
    sites.retain(|site| !site.contains(" never "));
    sites.sort();
    (texts, sites)
}

fn outcome(program: &str) -> (Vec<String>, Vec<String>) {
    let output = Command::new(program).output().expect("the program starts");
    let text = String::from_utf8(output.stdout).expect("the program prints text");
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut lines = text.lines().map(str::to_owned);
    let results = lines.by_ref().take(2).collect();
    let mut sites: Vec<String> = lines.collect();
    sites.sort();
    (results, sites)
}

#[test]
fn program_does_the_same_in_every_edition_and_knows_its_sites() {
    let shebang = format!("\u{feff}#!/usr/bin/env cargo\n{MAIN}");
    let editions = [
        ("2015", Edition::E2015, MAIN),
        ("2018", Edition::E2018, MAIN),
        ("2021", Edition::E2021, &shebang),
        ("2024", Edition::E2024, MAIN),
    ];
    for (edition, known, main) in editions {
        let bare = if edition == "2015" {
            &BARE["#![no_implicit_prelude]".len()..]
        } else {
            BARE
        };
        let sources = [
            ("main.rs", main),
            ("bare.rs", bare),
            ("crlf.rs", CRLF),
            ("parts/inner.rs", INNER),
        ];
        let (texts, sites) = rewritten(known, &sources);
        let paths = sources.map(|(path, _)| path);
        let files: Vec<(&str, &str)> = paths
            .into_iter()
            .zip(texts.iter().map(String::as_str))
            .collect();

        let (plain, none) = outcome(&build(&format!("text-plain-{edition}"), edition, &sources));
        assert_eq!(none, Vec::<String>::new());
        let (results, found) = outcome(&build(&format!("text-{edition}"), edition, &files));
        assert_eq!(results, plain, "{edition}");
        assert_eq!(found, sites, "{edition}");
    }
}

fn build(name: &str, edition: &str, files: &[(&str, &str)]) -> String {
    let project = Project {
        tmp: env!("CARGO_TARGET_TMPDIR"),
        name,
        edition,
        runtime: "__birthmark",
        manifest: "",
    };
    project.write(files);
    project.build()
}
