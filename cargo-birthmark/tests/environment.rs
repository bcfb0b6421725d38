//! The support of these tests: nothing that a person has set reaches cargo, and no child hangs a test.
#![cfg(unix)]

use birthmark_test_support as _;

mod support;

use std::process::Command;
use std::time::Duration;

use support::{Project, bounded, environment};

const PANICS: &str = "fn main() {\n    std::thread::spawn(|| panic!()).join().unwrap_err();\n}\n";

#[test]
fn choices_of_a_person_do_not_reach_cargo() {
    let home = tempfile::tempdir().unwrap();
    environment::fill_cargo_home(home.path());
    let config = home.path().join("config.toml");
    let hostile = "[build]\nrustc-wrapper = \"/no/wrapper\"\ntarget-dir = \"/proc/none\"\n";
    let registries = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{registries}\n{hostile}")).unwrap();

    let mut child = Command::new("sh");
    child
        .args(["-c", "umask 0; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child_builds_and_runs_a_program"])
        .env("CARGO_HOME", home.path());
    for (name, value) in [
        ("BIRTHMARK", "off"),
        ("CARGO_BIRTHMARK", "/no/session"),
        ("CARGO_BUILD_TARGET", "no-such-target"),
        ("CARGO_INCREMENTAL", "no"),
        ("CARGO_TARGET_DIR", "/proc/none"),
        ("CARGO_TERM_COLOR", "always"),
        ("CLICOLOR_FORCE", "1"),
        ("GIT_DIR", "/no/repository"),
        ("LC_ALL", "de_DE.UTF-8"),
        ("MAKEFLAGS", "--jobserver-auth=98,99"),
        ("RUSTC_WRAPPER", "/no/wrapper"),
        ("RUSTC_WORKSPACE_WRAPPER", "/no/wrapper"),
        ("RUSTFLAGS", "--no-such-flag"),
        ("RUST_BACKTRACE", "full"),
    ] {
        child.env(name, value);
    }
    let output = bounded::output(&mut child);
    assert!(output.status.success(), "{output:?}");
}

#[test]
#[ignore = "run by the test above, in a child with a hostile environment"]
fn child_builds_and_runs_a_program() {
    let project = Project::new("environs", &[("src/main.rs", PANICS)]);
    project.run(&mut project.by("git", "init --quiet")).ok();
    let ran = project.birthmark("--workspace run").ok();
    assert_eq!(ran.summary(), "1 crate instrumented, 1 site");
    assert!(
        ran.stderr.contains("    by       1 main") && !ran.stderr.contains('\x1b'),
        "{}",
        ran.stderr
    );
}

#[test]
fn child_that_hangs_is_ended_and_named() {
    let hung = std::panic::catch_unwind(|| {
        let mut command = Command::new("sh");
        // The pipe stays open in another process.
        command.args(["-c", "echo begun; sleep 600 & wait"]);
        bounded::output_within(Duration::from_millis(300), &mut command)
    });
    let message = *hung.unwrap_err().downcast::<String>().unwrap();
    assert!(
        message.contains("sleep 600 & wait` hangs: it has not ended within 300ms")
            && message.ends_with("begun\n"),
        "{message}"
    );
}
