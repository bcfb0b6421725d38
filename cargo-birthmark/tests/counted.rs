//! The last line counts what the command used, and nothing that lies beside it in the target directory.

use birthmark_test_support as _;

mod support;
use support::{Project, Ran};

const SPAWNS: &str = "fn main() {\n    std::thread::spawn(|| ()).join().unwrap();\n}\n";

/// All lines of the command's own.
fn lines(ran: &Ran) -> Vec<&str> {
    let lines = ran.stderr.lines();
    lines
        .filter_map(|line| line.trim_start().strip_prefix("Birthmark "))
        .collect()
}

#[track_caller]
fn counts(project: &Project, args: &str, crates: usize, sites: usize) {
    let ran = project.birthmark(&format!("--workspace {args}")).ok();
    let plural = |number| if number == 1 { "" } else { "s" };
    let line = format!(
        "{crates} crate{} instrumented, {sites} site{}",
        plural(crates),
        plural(sites)
    );
    assert_eq!(lines(&ran), [line], "{args}");
}

#[test]
fn targets_and_packages_of_earlier_builds_are_not_counted() {
    let package = |name: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n")
    };
    let test = SPAWNS.replace("fn main", "#[test]\nfn test");
    let project = Project::new(
        "unused",
        &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"a\", \"b\"]\nresolver = \"3\"\n",
            ),
            (
                "a/Cargo.toml",
                &(package("counted-a") + "[features]\nmore = []\n"),
            ),
            ("a/src/main.rs", SPAWNS),
            ("a/src/bin/counted-other.rs", SPAWNS),
            ("a/tests/counted-test.rs", &test),
            ("b/Cargo.toml", &package("counted-b")),
            ("b/src/main.rs", SPAWNS),
        ],
    );
    counts(&project, "build -p counted-a", 1, 2);
    counts(&project, "build -p counted-b", 1, 1);
    counts(&project, "test -p counted-a --no-run", 1, 3);
    counts(&project, "run -p counted-a --bin counted-a", 1, 1);
    counts(&project, "r -p counted-b -- --all-targets", 1, 1);
    counts(&project, "check --tests -p counted-a", 1, 3);
    counts(&project, "check -p counted-a", 1, 2);
    counts(&project, "build", 2, 3);

    // Sources that have moved, and spawns that have gone.
    let bins = project.path().join("a/src/bin");
    std::fs::rename(
        bins.join("counted-other.rs"),
        bins.join("counted-renamed.rs"),
    )
    .unwrap();
    counts(&project, "build", 2, 3);
    std::fs::remove_file(bins.join("counted-renamed.rs")).unwrap();
    counts(&project, "build", 2, 2);
    let feature = "#[cfg(feature = \"more\")]\nmod more;\n";
    project.write("a/src/main.rs", &format!("{feature}{SPAWNS}"));
    project.write("a/src/more.rs", &SPAWNS.replace("fn main", "pub fn more"));
    counts(&project, "build -p counted-a --features more", 1, 2);
    project.write("b/src/main.rs", "fn main() {}\n");
    let ran = project.birthmark("--workspace build -p counted-b").ok();
    assert_eq!(
        lines(&ran),
        [
            "nothing instrumented: `build` does not use the binary `counted-a` of counted-a, where the spawns are",
            "help: name it in the command by --bin, --test, -p or --all-targets"
        ]
    );
}

#[test]
fn commands_that_compile_nothing_have_no_line() {
    let project = Project::new("uncounted", &[("src/main.rs", SPAWNS)]);
    counts(&project, "build", 1, 1);
    for command in ["tree", "no-such-command", "build --no-such-option"] {
        let ran = project.birthmark(&format!("--workspace {command}"));
        assert_eq!(lines(&ran), Vec::<&str>::new(), "{command}");
    }
}

#[cfg(unix)]
#[test]
fn crates_that_another_program_compiles_meanwhile_are_not_counted() {
    use std::os::unix::fs::PermissionsExt;

    let other = Project::new("meanwhile", &[("src/main.rs", SPAWNS)]);
    let script = format!(
        "#!/bin/sh\ncd '{}' && exec cargo birthmark --workspace build 2>errors\n",
        other.path().display()
    );
    let project = Project::new(
        "waiting",
        &[("src/main.rs", SPAWNS), ("cargo-other", &script)],
    );
    let subcommand = project.path().join("cargo-other");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(subcommand, executable).unwrap();
    let mut command = project.command("birthmark --workspace other");
    let path = command
        .get_envs()
        .find_map(|(name, value)| value.filter(|_| name == "PATH"));
    let paths = std::env::split_paths(path.unwrap()).chain([project.path()]);
    let path = std::env::join_paths(paths).unwrap();
    let ran = project.run(command.env("PATH", path)).ok();
    assert_eq!(lines(&ran), Vec::<&str>::new());
    let errors = other.read("errors");
    assert!(errors.contains("1 crate instrumented, 1 site"), "{errors}");
}

#[test]
fn reason_is_reported_if_nothing_is_instrumented() {
    const ANNOTATED: &str = "#![cfg_attr(birthmark, birthmark::instrument)]\n";
    let project = Project::new("reasoned", &[("src/main.rs", SPAWNS)]);
    let says = |args: &str, cause: &str, help: &str| {
        let ran = project.birthmark(args).ok();
        let cause = format!("nothing instrumented: {cause}");
        let help = format!("help: {help}");
        assert_eq!(lines(&ran), [cause, help], "{args}");
    };
    let choose = "annotate one, or add --workspace or --deps; see `cargo birthmark --help`";
    let binary = "the binary `reasoned` of reasoned";
    says(
        "run",
        &format!("no crate is annotated; spawns are in {binary}"),
        choose,
    );
    project.write("src/lib.rs", ANNOTATED);
    says(
        "run",
        &format!("spawns are in {binary}, and annotated: the library of reasoned"),
        choose,
    );
    let tests = format!(
        "{ANNOTATED}fn main() {{}}\n#[cfg(test)]\nmod tests {{\n{}\n}}\n",
        SPAWNS.replace("fn main", "#[test]\nfn test")
    );
    project.write("src/main.rs", &tests);
    says(
        "run",
        &format!("all spawns of {binary} are in code that only tests compile"),
        "run `cargo birthmark test`",
    );
    assert_eq!(
        project.birthmark("test").ok().summary(),
        "1 crate instrumented, 1 site"
    );
    project.write("src/main.rs", "fn main() {}\n");
    says(
        "run",
        "no chosen crate has a spawn",
        "add --deps, which includes dependencies",
    );
    says(
        "run --deps",
        "no crate of the program has a spawn",
        "add functions that spawn to `also(…)` in an annotation",
    );
    let unread = "macro_rules! trace { ($e:expr) => { $e } }
        fn main() { let _ = trace!(std::thread::spawn(|| ())).join(); }\n";
    project.write("src/main.rs", unread);
    says(
        "--workspace run",
        &format!("all spawns of {binary} are not covered"),
        "run `cargo birthmark sites`, which shows the reasons",
    );
    let broken = format!("{ANNOTATED}{SPAWNS}fn broken() -> u8 {{}}\n");
    project.write("src/main.rs", &broken);
    let ran = project.birthmark("build");
    assert_eq!(
        (ran.code, lines(&ran)),
        (101, Vec::<&str>::new()),
        "{}",
        ran.stderr
    );
}

#[test]
fn calls_that_may_be_no_spawns_are_counted_apart() {
    // The signature is not in sight.
    let client = "macro_rules! client { () => {\n    struct Client;\n    \
        impl Client { fn execute<T>(&self, request: T) -> T { request } }\n} }\n\
        client!();\nfn request() -> u32 { 1 }\n";
    let main = SPAWNS.replace("fn main() {", "fn main() {\n    Client.execute(request());");
    let project = Project::new(
        "probable-calls",
        &[("src/main.rs", &format!("{client}{main}"))],
    );
    let ran = project.birthmark("--workspace build").ok();
    let expected = "1 crate instrumented, 1 site; 1 other call may be a spawn";
    assert_eq!(lines(&ran), [expected]);
    let doctor = project.birthmark("--workspace doctor").ok().stdout;
    assert!(
        doctor.contains("1 site; 1 other call may be a spawn; "),
        "{doctor}"
    );
}
