//! Other wrappers, other tools, exit codes.

use birthmark_test_support as _;

mod support;
use support::Project;

const SPAWNS: &str = "fn main() {\n    std::thread::spawn(|| ()).join().unwrap();\n}\n";

#[cfg(unix)]
fn logging_wrapper(project: &Project) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let log = project.path().join("log");
    project.write(
        "wrapper.sh",
        &format!(
            "#!/bin/sh\necho \"$@\" >> '{}'\nexec \"$@\"\n",
            log.display()
        ),
    );
    let wrapper = project.path().join("wrapper.sh");
    std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();
    wrapper
}

#[test]
#[cfg(unix)]
fn user_s_wrapper_is_called_around_the_compiler() {
    let project = Project::new("wrapped", &[("src/main.rs", SPAWNS)]);
    let wrapper = logging_wrapper(&project);
    let ran = project
        .run(
            project
                .command("birthmark --workspace build")
                .env("RUSTC_WRAPPER", &wrapper),
        )
        .ok();
    assert_eq!(ran.summary(), "1 crate instrumented, 1 site");
    assert!(project.read("log").contains("--extern __birthmark="));
    // The same by cargo's configuration.
    std::fs::remove_file(project.path().join("log")).unwrap();
    project.write(
        ".cargo/config.toml",
        &format!("[build]\nrustc-wrapper = \"{}\"\n", wrapper.display()),
    );
    project.write("src/main.rs", &format!("{SPAWNS}// changed\n"));
    project.birthmark("--workspace build --features=").ok();
    assert!(project.read("log").contains("--extern __birthmark="));
}

#[test]
#[cfg(unix)]
fn wrapper_for_the_workspace_is_called_around_the_compiler() {
    let project = Project::new("worked", &[("src/main.rs", SPAWNS)]);
    let wrapper = logging_wrapper(&project);
    let mut command = project.command("birthmark --workspace build");
    let ran = project
        .run(command.env("RUSTC_WORKSPACE_WRAPPER", &wrapper))
        .ok();
    assert_eq!(ran.summary(), "1 crate instrumented, 1 site");
    assert!(project.read("log").contains("--extern __birthmark="));
}

#[test]
fn clippy_sees_the_original() {
    let project = Project::new(
        "linted",
        &[(
            "src/main.rs",
            "#![warn(clippy::pedantic)]\nfn main() {\n    std::thread::spawn(|| ()).join().unwrap();\n    let x = 5; let _ = x.clone();\n}\n",
        )],
    );
    let ran = project.birthmark("--workspace clippy").ok();
    assert!(
        ran.stderr.contains("clone_on_copy") && !ran.stderr.contains("__birthmark"),
        "{}",
        ran.stderr
    );
}

#[test]
fn exit_codes_are_those_of_cargo_and_the_program() {
    let project = Project::new(
        "exits",
        &[("src/main.rs", "fn main() { std::process::exit(7) }\n")],
    );
    assert_eq!(project.birthmark("--workspace run").code, 7);
    assert_eq!(
        project.birthmark("--workspace no-such-subcommand").code,
        101
    );
    project.write("src/main.rs", "fn main() { std::process::abort() }\n");
    assert_eq!(
        project.birthmark("--workspace run").code,
        project.cargo("run").code
    );
    let elsewhere = tempfile::tempdir().unwrap();
    let failed = project.run(
        project
            .command("birthmark run")
            .current_dir(elsewhere.path()),
    );
    assert_eq!(failed.code, 96);
    assert!(
        failed.stderr.starts_with(
            "error: cannot read the metadata of the program: could not find `Cargo.toml`"
        ),
        "{}",
        failed.stderr
    );
}

#[test]
fn arguments_behind_two_dashes_belong_to_the_program() {
    let project = Project::new(
        "passes",
        &[(
            "src/main.rs",
            "fn main() { println!(\"{:?}\", std::env::args().skip(1).collect::<Vec<_>>()) }\n",
        )],
    );
    let ran = project.birthmark("run --deps -- --deps --only x").ok();
    assert_eq!(ran.stdout.trim(), r#"["--deps", "--only", "x"]"#);
}

#[test]
fn manifest_is_found_before_the_subcommand_and_behind_it() {
    let project = Project::new("located", &[("src/main.rs", SPAWNS)]);
    let elsewhere = tempfile::tempdir().unwrap();
    let manifest = project.path().join("Cargo.toml").display().to_string();
    for args in [
        format!("--workspace --manifest-path {manifest} build"),
        format!("--workspace build --manifest-path {manifest}"),
    ] {
        let mut command = project.command(&format!("birthmark {args}"));
        let ran = project.run(command.current_dir(elsewhere.path())).ok();
        assert_eq!(ran.summary(), "1 crate instrumented, 1 site");
    }
}

#[test]
fn target_directory_of_the_user_s_is_used() {
    let project = Project::new("placed", &[("src/main.rs", SPAWNS)]);
    project
        .run(
            project
                .command("birthmark --workspace build --target-dir out")
                .env_remove("CARGO_TARGET_DIR"),
        )
        .ok();
    assert!(project.path().join("out/birthmark/debug/placed").exists());
    let ran = project
        .run(
            project
                .command("birthmark --workspace build")
                .env_remove("CARGO_TARGET_DIR"),
        )
        .ok();
    assert!(
        ran.compiled("placed")
            && project
                .path()
                .join("target/birthmark/debug/placed")
                .exists()
    );
}

#[test]
fn builds_at_the_same_time_do_not_disturb_each_other() {
    let project = Project::new("parallel", &[("src/main.rs", SPAWNS)]);
    std::thread::scope(|scope| {
        for args in ["build", "build --release", "test --no-run", "check"] {
            let project = &project;
            scope.spawn(move || project.birthmark(&format!("--workspace {args}")).ok());
        }
    });
}

#[test]
fn plain_cargo_instruments_after_init() {
    let project = Project::new(
        "inited",
        &[(
            "src/main.rs",
            "fn main() {\n    std::thread::spawn(|| panic!()).join().unwrap_err();\n}\n",
        )],
    );
    let plain = |args: &str| project.run(project.command(args).env_remove("CARGO_TARGET_DIR"));
    plain("run").ok();
    let said = plain("birthmark --workspace init").ok().stdout;
    assert!(said.starts_with("Wrote build.rustc-wrapper, build.target-dir, env."));
    assert!(plain("run").ok().stderr.contains("    by       1 main"));
    assert!(!plain("build").ok().stderr.contains("Compiling"));
    plain("clean").ok();
    assert!(plain("run").ok().stderr.contains("    by       1 main"));
    plain("birthmark init --undo").ok();
    assert!(!project.path().join(".cargo/config.toml").exists());
    assert!(!plain("run").ok().stderr.contains("1 main"));
}

#[test]
fn sites_are_listed_and_compared_without_building() {
    let project = Project::new("listed", &[("src/main.rs", SPAWNS)]);
    let none = project.birthmark("sites").ok();
    assert!(none.stdout.is_empty() && none.stderr.contains("--workspace"));
    let listed = project.birthmark("--workspace sites").ok();
    assert_eq!(
        listed.stdout,
        "src/main.rs:2:5: std::thread::spawn in main: main::{closure} (Thread)\n"
    );
    project.write("sites.txt", &listed.stdout);
    project
        .birthmark("sites --workspace --check sites.txt")
        .ok();
    project.write("src/main.rs", &format!("\n{SPAWNS}"));
    let changed = project.birthmark("sites --workspace --check sites.txt");
    assert_eq!(changed.code, 97);
    assert!(
        changed.stdout.starts_with("-src/main.rs:2:5")
            && changed.stdout.contains("\n+src/main.rs:3:5")
    );
    let json = project
        .birthmark("sites --workspace --format json")
        .ok()
        .stdout;
    assert!(
        json.contains("\"role\": \"main::{closure}\"") && json.contains("\"version\": 1"),
        "{json}"
    );
}

#[test]
fn sites_are_listed_under_every_condition() {
    let conditional = "#[cfg(windows)]\nfn w() { std::thread::spawn(|| ()); }\n#[cfg(not(windows))]\nfn u() { std::thread::spawn(|| ()); }\nfn main() {}\n";
    let project = Project::new("conditional", &[("src/main.rs", conditional)]);
    let listed = project.birthmark("--workspace sites --locked");
    assert_eq!(listed.code, 96, "there is no lock file yet");
    let listed = project.birthmark("--workspace sites --offline").ok();
    let functions = ["spawn in w", "spawn in u"].map(|it| listed.stdout.contains(it));
    assert_eq!(functions, [true, true], "{}", listed.stdout);
}

#[test]
fn diff_shows_the_lines_that_change() {
    let project = Project::new("shown", &[("src/main.rs", SPAWNS)]);
    let shown = project.birthmark("--workspace diff").ok().stdout;
    assert!(
        shown.starts_with(
            "--- src/main.rs\n+++ src/main.rs\n@@ -2 +2 @@\n-    std::thread::spawn(||"
        ),
        "{shown}"
    );
}
