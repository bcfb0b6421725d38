//! The entries of `init`: what takes them along, and what overrides them.

use birthmark_test_support as _;

mod support;
use std::path::Path;

use support::{Project, Ran};

const SPAWNS: &str = "fn main() {\n    std::thread::spawn(|| ()).join().unwrap();\n}\n";

fn git(project: &Project, args: &str) -> Ran {
    let mut git = project.by("git", "-c user.name=n -c user.email=e");
    project.run(git.args(args.split(' '))).ok()
}

/// A program in a repository of git, where no target directory is set.
fn repository(name: &str, files: &[(&str, &str)]) -> Project {
    let project = Project::new(name, files);
    project.write(".gitignore", "/target\n/Cargo.lock\n");
    git(&project, "init --quiet");
    git(&project, "add .");
    git(&project, "commit --quiet --message first");
    project
}

fn run(project: &Project, args: &str) -> Ran {
    project.run(project.command(args).env_remove("CARGO_TARGET_DIR"))
}

#[test]
fn entries_in_a_new_file_are_taken_along_by_nothing() {
    let project = repository("hidden", &[("src/main.rs", SPAWNS)]);
    let said = run(&project, "birthmark --workspace init").ok().stdout;
    assert!(!said.contains("take them along"), "{said}");
    assert_eq!(git(&project, "status --porcelain").stdout, "");
    let packaged = run(&project, "package --list --offline").ok().stdout;
    assert!(
        packaged.contains("src/main.rs") && !packaged.contains(".cargo/"),
        "{packaged}"
    );
    run(&project, "birthmark --workspace init").ok();
    run(&project, "birthmark init --undo").ok();
    assert!(!project.path().join(".cargo").exists());
}

#[test]
fn entries_in_a_file_of_the_user_s_are_warned_of() {
    let config = (".cargo/config.toml", "[build]\njobs = 2\n");
    let project = repository("visible", &[("src/main.rs", SPAWNS), config]);
    let said = run(&project, "birthmark --workspace init").ok().stdout;
    assert!(
        said.contains("commits and `cargo package` take them along"),
        "{said}"
    );
    let found = run(&project, "birthmark --workspace doctor").ok().stdout;
    assert!(found.contains("[init-shipped]"), "{found}");
    run(&project, "birthmark init --undo").ok();
    assert_eq!(git(&project, "status --porcelain").stdout, "");
}

#[test]
fn variables_that_override_the_entries_are_warned_of() {
    let project = Project::new("overridden", &[("src/main.rs", SPAWNS)]);
    run(&project, "birthmark --workspace init").ok();
    let target = tempfile::tempdir().unwrap();
    let with = |args: &str, directory: &Path| {
        let mut command = project.command(&format!("birthmark --workspace {args}"));
        project.run(command.env("CARGO_TARGET_DIR", directory)).ok()
    };
    let expected = format!(
        "CARGO_TARGET_DIR={} overrides build.target-dir",
        target.path().display()
    );
    let remedy = format!("or set it to {}", target.path().join("birthmark").display());
    for args in ["init", "doctor", "check"] {
        let ran = with(args, target.path());
        let said = ran.stdout + &ran.stderr;
        assert!(
            said.contains(&expected) && said.contains(&remedy),
            "{args}: {said}"
        );
        let ran = with(args, &target.path().join("birthmark"));
        let said = ran.stdout + &ran.stderr;
        assert!(!said.contains("overrides"), "{args}: {said}");
    }
}
