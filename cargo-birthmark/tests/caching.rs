//! Cargo's caching: what is fresh stays so, what changed is compiled anew, plain builds are not touched.

use birthmark_test_support as _;

mod support;
use support::Project;

const SPAWNS: &str = "pub fn go() { std::thread::spawn(|| ()); }\n";

fn workspace(name: &str) -> Project {
    let manifest = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}")
    };
    let (a, b, quiet) = (
        format!("{name}-a"),
        format!("{name}-b"),
        format!("{name}-quiet"),
    );
    let main = format!("fn main() {{ {0}_b::go(); {0}_quiet::nothing(); }}\n", name);
    let dependencies = format!(
        "[dependencies]\n{b} = {{ path = \"../b\" }}\n{quiet} = {{ path = \"../quiet\" }}\n"
    );
    Project::new(
        "unused",
        &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"a\", \"b\", \"quiet\"]\nresolver = \"3\"\n",
            ),
            ("a/Cargo.toml", &manifest(&a, &dependencies)),
            ("a/src/main.rs", &main),
            ("b/Cargo.toml", &manifest(&b, "")),
            ("b/src/lib.rs", "mod inner;\npub use inner::go;\n"),
            ("b/src/inner.rs", SPAWNS),
            ("quiet/Cargo.toml", &manifest(&quiet, "")),
            (
                "quiet/src/lib.rs",
                "//! Nothing, as with `spawn(f)`.\npub fn nothing() {}\n",
            ),
        ],
    )
}

#[test]
fn unchanged_crates_are_not_compiled() {
    let project = workspace("fresh");
    project.birthmark("--workspace build").ok();
    let again = project.birthmark("--workspace build").ok();
    assert!(!again.stderr.contains("Compiling"), "{}", again.stderr);
    assert_eq!(again.summary(), "1 crate instrumented, 1 site");
}

#[test]
fn file_that_changed_is_compiled_with_what_depends_on_it() {
    let project = workspace("changed");
    project.birthmark("--workspace build").ok();
    later();
    project.write(
        "b/src/inner.rs",
        &format!("{SPAWNS}pub fn more() {{ std::thread::spawn(|| ()); }}\n"),
    );
    let again = project.birthmark("--workspace build").ok();
    assert!(
        again.compiled("changed-b") && again.compiled("changed-a"),
        "{}",
        again.stderr
    );
    assert!(!again.compiled("changed-quiet"), "{}", again.stderr);
    assert_eq!(again.summary(), "1 crate instrumented, 2 sites");
}

#[test]
fn reports_are_read_again_only_after_a_crate_was_compiled() {
    let project = Project::new("told", &[("src/lib.rs", SPAWNS)]);
    let home = tempfile::tempdir().unwrap();
    let build = || {
        let mut command = project.command("birthmark --workspace build");
        command.env_remove("CARGO_TARGET_DIR");
        project
            .run(command.env("CARGO_BIRTHMARK_HOME", home.path()))
            .ok()
    };
    build();
    // Nothing is so young that it might change unseen.
    let reports = "target/birthmark/.birthmark/units";
    for path in ["", "Cargo.toml", "Cargo.lock", reports] {
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
        let entry = std::fs::File::open(project.path().join(path)).unwrap();
        entry.set_modified(long_ago).unwrap();
    }
    for _ in ["the program is known", "the line is known"] {
        assert_eq!(build().summary(), "1 crate instrumented, 1 site");
    }
    // Nobody writes into a report like this. It shows that none is read.
    for report in std::fs::read_dir(project.path().join(reports)).unwrap() {
        let report = report.unwrap().path();
        let date = report.metadata().unwrap().modified().unwrap();
        std::fs::write(&report, "").unwrap();
        // Cargo would notice.
        let report = std::fs::File::options().append(true).open(&report).unwrap();
        report.set_modified(date).unwrap();
    }
    assert_eq!(build().summary(), "1 crate instrumented, 1 site");

    later();
    project.write(
        "src/lib.rs",
        &format!("{SPAWNS}{}", SPAWNS.replace("go", "more")),
    );
    let changed = build();
    assert!(changed.compiled("told"), "{}", changed.stderr);
    assert_eq!(changed.summary(), "1 crate instrumented, 2 sites");
}

#[test]
fn another_option_compiles_what_it_may_change() {
    let project = workspace("option");
    project.birthmark("--workspace build").ok();
    let other = project
        .birthmark("--workspace --exclude option-b build")
        .ok();
    assert!(other.compiled("option-b"), "{}", other.stderr);
    assert!(!other.compiled("option-quiet"), "{}", other.stderr);
    assert_eq!(
        other.summary(),
        "help: change the patterns; `cargo birthmark --deps sites` lists all spawns"
    );
}

#[test]
fn plain_and_instrumented_builds_leave_each_other_alone() {
    let project = workspace("apart");
    project.cargo("build").ok();
    project.birthmark("--workspace build").ok();
    let plain = project.cargo("build").ok();
    let instrumented = project.birthmark("--workspace build").ok();
    assert!(!plain.stderr.contains("Compiling"), "{}", plain.stderr);
    assert!(
        !instrumented.stderr.contains("Compiling"),
        "{}",
        instrumented.stderr
    );
}

/// Cargo lets builds of different profiles and targets go on at once, in one target directory, and makes others
/// wait. All of them use the mirror, and the first of them build the runtime.
#[test]
fn builds_at_once_do_not_meet_in_the_mirror() {
    let project = workspace("together");
    let target_dir = tempfile::tempdir().unwrap();
    let builds = [
        "--workspace build",
        "--workspace build --release",
        "--workspace test --no-run",
        "--workspace check",
        "--workspace --exclude together-b build",
        "--workspace bench --no-run",
    ];
    let run = |args| {
        let mut command = project.command(&format!("birthmark {args}"));
        project
            .run(command.env("CARGO_TARGET_DIR", target_dir.path()))
            .ok()
    };
    std::thread::scope(|scope| {
        for args in builds {
            scope.spawn(move || run(args));
        }
    });
    // What each of them left is whole: it is fresh, and says what a build alone would.
    for (args, summary) in [
        ("--workspace build", "1 crate instrumented, 1 site"),
        (
            "--workspace build --release",
            "1 crate instrumented, 1 site",
        ),
    ] {
        assert_eq!(run(args).summary(), summary);
        let again = run(args);
        assert!(!again.stderr.contains("Compiling"), "{}", again.stderr);
    }
}

#[test]
fn module_that_came_and_went_is_noticed() {
    let project = Project::new(
        "moving",
        &[
            ("src/main.rs", "mod a;\nfn main() { a::go(); }\n"),
            ("src/a.rs", SPAWNS),
        ],
    );
    project.birthmark("--workspace run").ok();
    later();
    std::fs::remove_file(project.path().join("src/a.rs")).unwrap();
    project.write("src/a/mod.rs", "mod b;\npub use b::go;\n");
    project.write("src/a/b.rs", SPAWNS);
    assert_eq!(
        project.birthmark("--workspace run").ok().summary(),
        "1 crate instrumented, 1 site"
    );
    later();
    // Nothing is written through the links of the mirror.
    project.write("src/a/b.rs", "pub fn go() {}\n");
    project.write(
        "src/main.rs",
        "mod a;\nfn main() { a::go(); std::thread::spawn(|| ()); }\n",
    );
    project.birthmark("--workspace run").ok();
    assert_eq!(project.read("src/a/b.rs"), "pub fn go() {}\n");
    assert_eq!(
        project.read("src/main.rs"),
        "mod a;\nfn main() { a::go(); std::thread::spawn(|| ()); }\n"
    );
}

/// File systems may keep times no finer than this.
fn later() {
    std::thread::sleep(std::time::Duration::from_millis(1100));
}
