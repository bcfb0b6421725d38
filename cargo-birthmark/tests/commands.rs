//! Subcommands of cargo other than `build`, `run` and `test`.

use birthmark_test_support as _;

mod support;
use support::Project;

const LIBRARY: &str = r#"//! Work on a thread.

/// Twice.
///
/// ```
/// assert_eq!(commanded::twice(2), 4);
/// let task = std::thread::spawn(|| ()).join();
/// assert!(task.is_ok());
/// ```
pub fn twice(x: u32) -> u32 {
    std::thread::spawn(move || x * 2).join().unwrap()
}

#[cfg(test)]
mod tests {
    #[test]
    fn twice() {
        assert_eq!(super::twice(1), 2);
    }
}
"#;

fn library(name: &str) -> Project {
    let text = LIBRARY.replace("commanded", &name.replace('-', "_"));
    Project::new(
        name,
        &[
            ("src/lib.rs", &text),
            (
                "+Cargo.toml",
                "[[bench]]\nname = \"speed\"\nharness = false\n",
            ),
            (
                "benches/speed.rs",
                &format!(
                    "fn main() {{ println!(\"measured {{}}\", {}::twice(4)); }}\n",
                    name.replace('-', "_")
                ),
            ),
        ],
    )
}

#[test]
fn nextest() {
    let project = library("commanded-nextest");
    if project.cargo("nextest --version").code != 0 {
        eprintln!(
            "SKIPPED: cargo-nextest is not installed; `cargo install cargo-nextest` brings it"
        );
        return;
    }
    let ran = project.birthmark("--workspace nextest run").ok();
    assert!(
        ran.stderr.contains("1 test run: 1 passed"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.summary(), "1 crate instrumented, 1 site");
}

#[test]
fn documentation_and_its_tests() {
    let project = library("commanded-doc");
    project.birthmark("--workspace doc --no-deps").ok();
    assert!(
        support::shared()
            .join("birthmark/doc/commanded_doc/fn.twice.html")
            .exists()
    );
    let ran = project.birthmark("--workspace test --doc").ok();
    assert!(
        ran.stdout.contains("test result: ok. 1 passed"),
        "{}",
        ran.stdout
    );
}

#[test]
fn benchmarks() {
    let project = library("commanded-bench");
    let ran = project.birthmark("--workspace bench").ok();
    assert!(ran.stdout.contains("measured 8"), "{}", ran.stdout);
}

#[test]
fn check_and_then_build() {
    let project = library("commanded-check");
    for args in ["check", "check --all-targets", "build", "check"] {
        let ran = project.birthmark(&format!("--workspace {args}")).ok();
        assert_eq!(ran.summary(), "1 crate instrumented, 1 site", "{args}");
    }
}

#[test]
fn crate_of_c_code() {
    let project = Project::new(
        "commanded-c",
        &[
            ("+Cargo.toml", "[build-dependencies]\ncc = \"1\"\n"),
            (
                "build.rs",
                "fn main() { cc::Build::new().file(\"twice.c\").compile(\"twice\"); }\n",
            ),
            ("twice.c", "int twice(int x) { return 2 * x; }\n"),
            (
                "src/main.rs",
                "unsafe extern \"C\" { fn twice(x: i32) -> i32; }\nfn main() {\n    let it = std::thread::spawn(|| unsafe { twice(4) }).join().unwrap();\n    println!(\"{it}\");\n}\n",
            ),
        ],
    );
    let ran = project.birthmark("run --deps").ok();
    assert_eq!(ran.stdout.trim(), "8");
}

#[test]
fn install() {
    let project = Project::new(
        "commanded-install",
        &[(
            "src/main.rs",
            "fn main() {\n    let _ = std::thread::spawn(|| panic!()).join();\n}\n",
        )],
    );
    let root = tempfile::tempdir().unwrap();
    let mut command = project.command("birthmark --workspace install --path .");
    project.run(command.arg("--root").arg(root.path())).ok();
    let ran = project
        .run(&mut std::process::Command::new(
            root.path().join("bin/commanded-install"),
        ))
        .ok();
    assert!(ran.stderr.contains("    by       1 main"), "{}", ran.stderr);
}

#[test]
fn commands_that_look_at_a_running_program_are_passed_on() {
    let project = library("commanded-outside");
    // No executable `birthmark` is beside the one of the test, unless a build of the whole workspace has put it there.
    let ran = project.birthmark("ps 0");
    let is_missing = ran
        .stderr
        .contains("help: install it with `cargo install birthmark-cli`");
    let has_run = ran.stderr.contains("error: cannot ") && ran.code == 1;
    assert!(is_missing && ran.code == 96 || has_run, "{}", ran.stderr);
}
