//! Inserted code causes no lint of clippy. Rewriting may remove findings, as any expansion does.

use birthmark_integration_tests::project::Project;
use birthmark_rewrite::text::{Edition, File, Options, rewrite};

/// Every emission once, and what else the text of a whole program may hold.
const SOURCES: [&str; 2] = [
    include_str!("../../ui-tests/examples/lints.rs"),
    include_str!("text/program.rs"),
];

const LINTS: &str = "[lints.clippy]\nall = { level = \"warn\", priority = -1 }\n\
    pedantic = { level = \"warn\", priority = -1 }\nnursery = { level = \"warn\", priority = -1 }\n\
    restriction = { level = \"warn\", priority = -1 }\nblanket_clippy_restriction_lints = \"allow\"\n";

/// The findings, one a line: where, without the column, and what.
fn findings(name: &str, main: &str) -> Vec<String> {
    let project = Project {
        tmp: env!("CARGO_TARGET_TMPDIR"),
        name,
        edition: "2021",
        runtime: "birthmark",
        manifest: &format!(
            "rayon = \"1\"\ntokio = {{ version = \"1\", features = [\"full\"] }}\n\
             [features]\ninstrumented = []\n{LINTS}"
        ),
    };
    project.write(&[("main.rs", main)]);
    let output = project.cargo(&["clippy", "--message-format", "short"]);
    let text = String::from_utf8(output.stderr).expect("cargo prints text");
    assert!(output.status.success(), "clippy failed:\n{text}");
    text.lines()
        .filter(|line| line.starts_with("src/"))
        .map(without_column)
        .collect()
}

fn without_column(line: &str) -> String {
    let mut parts = line.splitn(4, ':');
    let (file, number, _) = (parts.next(), parts.next(), parts.next());
    format!(
        "{}:{}:{}",
        file.unwrap_or(""),
        number.unwrap_or(""),
        parts.next().unwrap_or("")
    )
}

#[test]
fn inserted_code_adds_no_finding() {
    let options = Options {
        runtime: "birthmark".to_owned(),
        edition: Edition::E2021,
        ..Options::default()
    };
    for (number, source) in SOURCES.into_iter().enumerate() {
        // The program's other files are not needed here, nor does it have to be free of findings.
        let source = source
            .replace("__birthmark::", "birthmark::")
            .replace("mod bare;", "")
            .replace("mod crlf;", "")
            .replace("mod inner;", "mod inner { pub(crate) fn f() -> i32 { 1 } }")
            .replace("bare::f(), crlf::f()", "1, 2")
            .replace("#![deny(", "#![warn(");
        let rewritten = rewrite(
            File {
                source: &source,
                path: "src/main.rs",
            },
            &options,
        );
        let rewritten = rewritten.expect("it parses");
        assert!(rewritten.sites.len() > 10);
        let plain = findings(&format!("lints-{number}"), &source);
        assert!(
            !plain.is_empty(),
            "the restriction lints find something in any program"
        );
        let added: Vec<_> = findings(&format!("lints-{number}-text"), &rewritten.text)
            .into_iter()
            .filter(|found| !plain.contains(found))
            .collect();
        assert!(added.is_empty(), "{added:#?}");
    }
}
