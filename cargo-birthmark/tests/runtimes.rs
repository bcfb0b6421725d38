//! A machine compiles a runtime once for several programs, and target directories do not depend on the user cache.

use birthmark_test_support as _;

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::Project;

/// A program, a place where runtimes are kept, and target directories of its own.
struct Machine {
    project: Project,
    scratch: tempfile::TempDir,
}

impl Machine {
    fn new(name: &str) -> Machine {
        let main = "fn main() {\n    let thread = std::thread::spawn(|| panic!(\"broken\"));\n    \
            println!(\"{}\", thread.join().is_err());\n}\n";
        Machine {
            project: Project::new(name, &[("src/main.rs", main)]),
            scratch: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.scratch.path().join(inside)
    }

    fn command(&self, target_dir: &str) -> Command {
        let mut command = self.project.command("birthmark --workspace run");
        command
            .env("CARGO_BIRTHMARK_HOME", self.path("home"))
            .env("CARGO_TARGET_DIR", self.path(target_dir));
        command
    }

    /// Runs the program and asserts that it is instrumented.
    #[track_caller]
    fn run(&self, command: &mut Command) -> support::Ran {
        let ran = self.project.run(command).ok();
        assert_eq!(ran.stdout, "true\n");
        assert!(ran.stderr.contains("    by       "), "{}", ran.stderr);
        ran
    }

    /// Returns `true` if the macro for columns was compiled for a target directory.
    fn compiled_columns(&self, target_dir: &str) -> bool {
        let columns = self.path(target_dir).join("birthmark/.birthmark/columns");
        entries(&columns)
            .iter()
            .any(|it| it.join("lib.rs").exists())
    }

    /// How many runtimes were compiled for a target directory.
    fn compiled(&self, target_dir: &str) -> usize {
        let runtimes = self.path(target_dir).join("birthmark/.birthmark/runtime");
        let runtimes = entries(&runtimes);
        runtimes
            .iter()
            .filter(|it| it.join("target").exists())
            .count()
    }

    fn kept(&self) -> [usize; 2] {
        ["runtimes", "columns"].map(|shelf| entries(&self.path("home").join(shelf)).len())
    }
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn runtime_is_shared_by_target_directories_that_do_not_depend_on_it() {
    let machine = Machine::new("sharing");
    std::thread::scope(|scope| {
        scope.spawn(|| machine.run(&mut machine.command("one")));
        scope.spawn(|| machine.run(&mut machine.command("two")));
    });
    // Of two that were compiled at once one is kept, and nothing is left of the other.
    assert_eq!(machine.kept(), [1, 1]);
    machine.run(&mut machine.command("three"));
    assert_eq!(machine.compiled("three"), 0);
    assert!(!machine.compiled_columns("three"));

    // What is kept may go at any time.
    std::fs::remove_dir_all(machine.path("home")).unwrap();
    let again = machine.run(&mut machine.command("three"));
    assert!(!again.compiled("sharing"), "{}", again.stderr);

    // Flags that all code must agree on make another runtime, and it is no fault if that cannot be kept.
    // By now an answer of cargo's is there.
    let _ = std::fs::remove_dir_all(machine.path("home"));
    std::fs::write(machine.path("home"), "not a directory").unwrap();
    let flags = "-Cforce-frame-pointers=yes";
    machine.run(machine.command("three").env("RUSTFLAGS", flags));
    assert_eq!(machine.compiled("three"), 1);
}

#[test]
fn runtime_is_built_offline_if_cargo_is_offline() {
    let machine = Machine::new("networkless");
    let nothing = tempfile::tempdir().unwrap();
    for option in ["--offline", "--frozen"] {
        machine.project.cargo("generate-lockfile --offline").ok();
        let mut command = machine.command("four");
        // Nothing was ever downloaded there.
        command.arg(option).env("CARGO_HOME", nothing.path());
        let ran = machine.project.run(&mut command).ok();
        assert_eq!(ran.stdout, "true\n");
        assert!(
            ran.stderr.contains("the runtime is missing"),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("offline"), "{}", ran.stderr);
    }
    assert_eq!(machine.kept()[0], 0);
}

#[test]
fn runtime_has_the_features_that_were_asked_for() {
    let machine = Machine::new("featured");
    let dumps = machine.path("dumps");
    let run = |args: &str| {
        let mut command = machine
            .project
            .command(&format!("birthmark --workspace {args}"));
        let words = format!("panic=all,format=pprof,dir={}", dumps.display());
        command
            .env("BIRTHMARK", words)
            .env("CARGO_BIRTHMARK_HOME", machine.path("home"));
        machine
            .project
            .run(command.env("CARGO_TARGET_DIR", machine.path("five")))
    };
    run("--runtime-features pprof run").ok();
    let dump = entries(&dumps).pop().expect("a dump");
    assert!(dump.display().to_string().ends_with(".pb.gz"), "{dump:?}");
    let unknown = run("--runtime-features proof run");
    assert_eq!(unknown.code, 96);
    let said = "the feature `proof`: it has no such feature\nhelp: choose from debug-stacks, native-stacks, pprof";
    assert!(unknown.stderr.contains(said), "{}", unknown.stderr);
}
