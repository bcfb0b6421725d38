//! How cargo and the compiler may be configured: flags, directories, profiles, toolchains.

use birthmark_test_support as _;

mod support;
use std::process::Command;

use support::{Project, Ran};

const SPAWNS: &str = "fn main() {\n    std::thread::spawn(|| ()).join().unwrap();\n}\n";
const ONE: &str = "1 crate instrumented, 1 site";

/// Runs `cargo ARGS` where no target directory is set.
fn run(project: &Project, args: &str) -> Ran {
    project.run(project.command(args).env_remove("CARGO_TARGET_DIR"))
}

#[track_caller]
fn is_fresh(ran: &Ran) {
    assert!(!ran.stderr.contains("Compiling"), "{}", ran.stderr);
}

/// Builds in turn, plain and instrumented, and expects neither to compile anything the second time.
#[track_caller]
fn leave_each_other_alone(project: &Project) {
    assert_eq!(
        run(project, "birthmark --workspace build").ok().summary(),
        ONE
    );
    run(project, "build").ok();
    let again = run(project, "birthmark --workspace build").ok();
    is_fresh(&again);
    assert_eq!(again.summary(), ONE);
    is_fresh(&run(project, "build").ok());
}

#[test]
fn configured_target_directory() {
    let project = Project::new(
        "target-dir",
        &[
            ("src/main.rs", SPAWNS),
            (
                ".cargo/config.toml",
                "[build]\ntarget-dir = \"out/there\"\n",
            ),
        ],
    );
    leave_each_other_alone(&project);
    assert!(
        project
            .path()
            .join("out/there/birthmark/debug/target-dir")
            .exists()
    );
}

#[test]
fn configured_build_directory() {
    let project = Project::new(
        "build-dir",
        &[
            ("src/main.rs", SPAWNS),
            (
                ".cargo/config.toml",
                "[build]\nbuild-dir = \"{workspace-root}/intermediate\"\n",
            ),
        ],
    );
    leave_each_other_alone(&project);
    assert!(
        project
            .path()
            .join("target/birthmark/debug/build-dir")
            .exists()
    );
    assert!(
        project
            .path()
            .join("intermediate/birthmark/debug/deps")
            .exists()
    );
}

/// The program prints what it was compiled with.
const FLAGGED: &str = "fn main() {\n    std::thread::spawn(|| ()).join().unwrap();\n    print!(\"{}\", cfg!(flagged));\n}\n";

#[test]
fn compiler_flags_by_each_way() {
    let project = Project::new("flagged", &[("src/main.rs", FLAGGED)]);
    let flags = "--cfg flagged --check-cfg cfg(flagged)";
    let by = |name: &str, value: &str| {
        let ran = project
            .run(
                project
                    .command("birthmark --workspace run")
                    .env(name, value),
            )
            .ok();
        assert_eq!((&ran.stdout[..], ran.summary()), ("true", ONE), "{name}");
    };
    by("RUSTFLAGS", flags);
    by("CARGO_ENCODED_RUSTFLAGS", &flags.replace(' ', "\x1f"));
    by("CARGO_BUILD_RUSTFLAGS", flags);
    let entry = flags.replace(' ', "\", \"");
    project.write(
        ".cargo/config.toml",
        &format!("[build]\nrustflags = [\"{entry}\"]\n"),
    );
    assert_eq!(project.birthmark("--workspace run").ok().stdout, "true");
    project.write(
        ".cargo/config.toml",
        &format!("[target.'cfg(all())']\nrustflags = [\"{entry}\"]\n"),
    );
    assert_eq!(project.birthmark("--workspace run").ok().stdout, "true");
}

#[test]
fn flag_that_all_code_must_agree_on_reaches_the_runtime() {
    let project = Project::new("frames", &[("src/main.rs", SPAWNS)]);
    let ran = project
        .run(project.command("birthmark --workspace run").env(
            "RUSTFLAGS",
            "-Cforce-frame-pointers=yes -Ctarget-cpu=native",
        ))
        .ok();
    assert_eq!(ran.summary(), ONE);
}

#[test]
fn profiles_of_single_packages() {
    let profile = "[dependencies]\ntuned-dep = { path = \"dep\" }\n[profile.dev.package.tuned-dep]\nopt-level = 3\n[profile.dev.package.\"*\"]\ndebug = false\n[profile.dev.build-override]\nopt-level = 2\n[profile.release.package.tuned-dep]\ncodegen-units = 2\n";
    let project = Project::new(
        "tuned",
        &[
            ("+Cargo.toml", profile),
            ("src/main.rs", "fn main() { tuned_dep::go() }\n"),
            (
                "dep/Cargo.toml",
                "[package]\nname = \"tuned-dep\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
            ),
            (
                "dep/src/lib.rs",
                "pub fn go() { std::thread::spawn(|| ()).join().unwrap(); }\n",
            ),
        ],
    );
    for args in ["run", "run --release"] {
        assert_eq!(
            project.birthmark(&format!("{args} --deps")).ok().summary(),
            ONE
        );
    }
}

#[test]
fn another_toolchain() {
    let project = Project::new("nightly", &[("src/main.rs", SPAWNS)]);
    let refused = project.birthmark("+nightly --workspace build");
    assert_eq!(refused.code, 96);
    assert!(
        refused.stderr.contains("`cargo +nightly birthmark"),
        "{}",
        refused.stderr
    );
    if !has_nightly() {
        eprintln!("SKIPPED: rustup has no toolchain called nightly");
        return;
    }
    // What `+nightly` does.
    let toolchain = |name: &str| {
        let args = format!("run {name} cargo birthmark --workspace run");
        let mut rustup = project.by("rustup", &args);
        project.run(rustup.env_remove("CARGO")).ok()
    };
    for name in ["nightly", "stable", "nightly"] {
        assert_eq!(toolchain(name).summary(), ONE);
    }
}

fn has_nightly() -> bool {
    let listed = Command::new("rustup").args(["toolchain", "list"]).output();
    listed.is_ok_and(|listed| String::from_utf8_lossy(&listed.stdout).contains("nightly"))
}
