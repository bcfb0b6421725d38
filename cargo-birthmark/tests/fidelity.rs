//! Instrumented builds have paths, lines, messages and results in common with plain ones.

use birthmark_test_support as _;

mod support;
use support::Project;

const MAIN: &str = r#"mod worker;
fn main() {
    println!("{} {} {}", file!(), line!(), module_path!());
    println!("{}", include_str!("../Cargo.toml").len());
    println!("{}", env!("CARGO_MANIFEST_DIR"));
    worker::run();
}
"#;

const WORKER: &str = r#"#[path = "../shared/odd.rs"]
mod odd;
pub fn run() {
    let thread = std::thread::spawn(|| {
        println!("{}", std::panic::Location::caller());
        println!("{}", odd::here());
    });
    thread.join().unwrap();
}
"#;

fn program() -> Project {
    let odd = "pub fn here() -> String {\n    std::thread::spawn(|| ());\n    format!(\"{}:{}\", file!(), line!())\n}\n";
    Project::new(
        "faithful",
        &[
            ("src/main.rs", MAIN),
            ("src/worker.rs", WORKER),
            ("shared/odd.rs", odd),
        ],
    )
}

#[test]
fn paths_lines_and_includes_are_those_of_the_original() {
    let program = program();
    let plain = program.cargo("run -q").ok();
    let instrumented = program.birthmark("--workspace run").ok();
    assert_eq!(instrumented.stdout, plain.stdout);
    assert_eq!(instrumented.summary(), "1 crate instrumented, 2 sites");
}

#[test]
fn panic_report_has_place_and_lineage() {
    let program = Project::new(
        "panics",
        &[(
            "src/main.rs",
            "fn main() {\n    std::thread::spawn(|| {\n        panic!(\"boom\")\n    }).join().unwrap_err();\n}\n",
        )],
    );
    let plain = program.cargo("run -q").ok().stderr;
    let instrumented = program.birthmark("--workspace run -q").ok().stderr;
    let message = |text: &str| {
        let line = text.lines().find(|line| line.contains("panicked at"));
        line.and_then(|line| line.split_once("panicked at"))
            .unwrap()
            .1
            .to_owned()
    };
    assert_eq!(message(&instrumented), message(&plain));
    assert!(
        instrumented.contains("spawned  src/main.rs:2:5 by std::thread::spawn in main"),
        "{instrumented}"
    );
    assert!(
        instrumented.contains("    by       1 main\n"),
        "{instrumented}"
    );
}

#[test]
fn message_without_a_place_is_shown_once() {
    let text = "fn main() {\n    std::thread::spawn(|| ()).join().unwrap();\n}\n";
    let program = Project::new("flagged", &[("src/main.rs", text)]);
    let build = |subcommand: &str| {
        let mut command = program.command(subcommand);
        command.env("RUSTFLAGS", "-C target-feature=+no-such-feature");
        command.env_remove("CARGO_TARGET_DIR");
        program.run(&mut command).ok().stderr
    };
    // LLVM says it, too, for each function.
    let warning = |line: &&str| line.starts_with("warning") && line.contains("no-such-feature");
    let warnings = |said: &str| said.lines().filter(warning).count();
    let plain = warnings(&build("build"));
    assert_eq!(warnings(&build("birthmark --workspace build")), plain);
    assert!(plain > 0);
    let state = program.path().join("target/birthmark/.birthmark");
    assert!(state.exists() && !state.join("check").exists());
}

#[test]
fn compiler_messages_are_unchanged() {
    let text = "fn main() {\n    let unused = 3;\n    std::thread::spawn(|| { let x: u32 = \"no\"; });\n}\n";
    let program = Project::new("faulty", &[("src/main.rs", text)]);
    let plain = program.cargo("build");
    let instrumented = program.birthmark("--workspace build");
    assert_eq!((instrumented.code, plain.code), (101, 101));
    assert!(
        instrumented
            .stderr
            .contains("std::thread::spawn(|| { let x: u32 = \"no\"; });")
    );
    let said = |text: &str| {
        text.lines()
            .filter(|line| !line.contains("Compiling") && !line.contains("Blocking"))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    assert_eq!(said(&instrumented.stderr), said(&plain.stderr));
}

#[test]
fn warnings_are_shown_and_replayed() {
    let program = Project::new(
        "warned",
        &[(
            "src/main.rs",
            "fn main() {\n    let unused = 3;\n    std::thread::spawn(|| ());\n}\n",
        )],
    );
    for _ in 0..2 {
        let ran = program.birthmark("--workspace build").ok();
        assert!(
            ran.stderr.contains("2 |     let unused = 3;"),
            "{}",
            ran.stderr
        );
        assert!(!ran.stderr.contains("__birthmark"), "{}", ran.stderr);
    }
}

#[test]
fn denied_lints_deny_what_the_user_wrote_and_nothing_else() {
    let program = Project::new(
        "strict",
        &[(
            "src/main.rs",
            "#![forbid(unsafe_code)]\n#![deny(warnings, missing_docs, unused_qualifications, unused_crate_dependencies, rust_2018_idioms)]\n//! Docs.\nfn main() {\n    std::thread::spawn(|| ());\n}\n",
        )],
    );
    let ran = program.birthmark("--workspace build").ok();
    assert_eq!(ran.summary(), "1 crate instrumented, 1 site");
    program.write("src/main.rs", "#![deny(unused_variables)]\nfn main() {\n    let x = 1;\n    std::thread::spawn(|| ());\n}\n");
    let ran = program.birthmark("--workspace build");
    assert_eq!(ran.code, 101);
    assert!(
        ran.stderr.contains("error: unused variable: `x`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn debuginfo_names_the_original_files() {
    let program = program();
    let files = |args: &str, binary: &str| {
        program.cargo(args).ok();
        let binary = support::shared().join(binary);
        let mut objdump = std::process::Command::new("readelf");
        let ran = program.run(objdump.args(["--debug-dump=decodedline"]).arg(binary));
        let mut lines: Vec<String> = ran
            .stdout
            .lines()
            .filter(|line| {
                line.contains("worker.rs") || line.contains("main.rs") || line.contains("odd.rs")
            })
            .map(|line| {
                line.split_whitespace()
                    .take(2)
                    .collect::<Vec<_>>()
                    .join(":")
            })
            .collect();
        lines.sort();
        lines.dedup();
        lines
    };
    let plain = files("build", "debug/faithful");
    let instrumented = files("birthmark --workspace build", "birthmark/debug/faithful");
    let missing: Vec<_> = plain
        .iter()
        .filter(|line| !instrumented.contains(line))
        .collect();
    assert!(
        !plain.is_empty() && missing.is_empty(),
        "{missing:?}\n{instrumented:?}"
    );
}

#[test]
fn prefixes_that_the_user_remaps_stay_remapped() {
    let program = program();
    let flags = format!(
        "--remap-path-prefix={}=/gone --remap-path-prefix=src=/src",
        program.path().display()
    );
    let plain = program
        .run(program.command("run -q").env("RUSTFLAGS", &flags))
        .ok();
    let instrumented = program
        .run(
            program
                .command("birthmark --workspace run -q")
                .env("RUSTFLAGS", &flags),
        )
        .ok();
    assert!(plain.stdout.contains("/src/main.rs"), "{}", plain.stdout);
    assert_eq!(instrumented.stdout, plain.stdout);
}

#[test]
fn subject_s_tests_and_doc_tests_pass() {
    let lib = "/// ```\n/// assert_eq!(tested::twice(2), 4);\n/// ```\npub fn twice(x: u32) -> u32 {\n    std::thread::spawn(move || x * 2).join().unwrap()\n}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn works() {\n        std::thread::spawn(|| assert_eq!(super::twice(1), 2)).join().unwrap();\n    }\n}\n";
    let program = Project::new(
        "tested",
        &[
            ("src/lib.rs", lib),
            (
                "tests/it.rs",
                "#[test]\nfn it() { assert_eq!(tested::twice(3), 6); }\n",
            ),
            ("examples/ex.rs", "fn main() { tested::twice(1); }\n"),
        ],
    );
    let ran = program.birthmark("--workspace test").ok();
    assert_eq!(
        ran.stdout.matches("test result: ok. 1 passed").count(),
        3,
        "{}",
        ran.stdout
    );
}
