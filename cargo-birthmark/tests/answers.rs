//! Cargo's metadata is cached, and cargo is asked again whenever its answer may have changed.
#![cfg(unix)]

use birthmark_test_support as _;

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Once;
use std::time::{Duration, SystemTime};

use support::{Project, Ran, environment};

const SPAWNS: &str = "pub fn go() { std::thread::spawn(|| ()); }\n";

/// A workspace, and how often cargo was asked about it.
struct Asked {
    project: Project,
    scratch: tempfile::TempDir,
}

impl Asked {
    fn new(name: &str, files: &[(&str, &str)]) -> Asked {
        let asked = Asked {
            project: Project::new(name, files),
            scratch: tempfile::tempdir().unwrap(),
        };
        asked.project.cargo("generate-lockfile --offline").ok();
        let cargo = asked.scratch.path().join("cargo");
        let real = std::env::var("CARGO").unwrap();
        let log = asked.scratch.path().join("log");
        let script = format!(
            "#!/bin/sh\necho \"$1\" >>'{}'\nexec '{real}' \"$@\"\n",
            log.display()
        );
        fs::write(&cargo, script).unwrap();
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
        asked
    }

    /// Runs `cargo birthmark ARGS` and tells whether cargo was asked what the program consists of.
    fn run(&self, args: &str) -> (Ran, bool) {
        let log = self.scratch.path().join("log");
        fs::write(&log, "").unwrap();
        let mut command = self.project.tool(&format!("birthmark {args}"));
        command
            .env("CARGO_BIRTHMARK_HOME", self.scratch.path().join("home"))
            .env("CARGO", self.scratch.path().join("cargo"));
        let ran = self.project.run(&mut command).ok();
        let log = fs::read_to_string(&log).unwrap();
        (ran, log.lines().any(|line| line == "metadata"))
    }

    /// Has the answer remembered: no file is so young that it might change unseen.
    fn settle(&self, args: &str) {
        let long_ago = SystemTime::now() - Duration::from_secs(3600);
        date(&self.project.path(), long_ago);
        // All tests share the configuration of cargo, and another date is a change of it.
        static SHARED: Once = Once::new();
        SHARED.call_once(|| date(&environment::cargo_home().join("config.toml"), long_ago));
        self.run(args);
        assert!(!self.run(args).1, "the answer is remembered");
    }

    /// Asserts that cargo is asked again after a change, and gives the last line.
    #[track_caller]
    fn after(&self, args: &str, change: impl FnOnce(&Project)) -> String {
        self.settle(args);
        change(&self.project);
        let (ran, asked) = self.run(args);
        assert!(asked, "{}", ran.stderr);
        ran.summary().to_owned()
    }
}

/// Dates a directory and all that is in it.
fn date(path: &Path, time: SystemTime) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            date(&entry.unwrap().path(), time);
        }
    }
    fs::File::open(path).unwrap().set_modified(time).unwrap();
}

fn package(name: &str, more: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}")
}

#[test]
fn member_that_appears_is_noticed() {
    let asked = Asked::new(
        "unused",
        &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"crates/*\"]\nresolver = \"3\"\n",
            ),
            ("crates/a/Cargo.toml", &package("appears-a", "")),
            ("crates/a/src/lib.rs", SPAWNS),
        ],
    );
    let summary = asked.after("--workspace check", |project| {
        project.write("crates/b/Cargo.toml", &package("appears-b", ""));
        project.write("crates/b/src/lib.rs", SPAWNS);
    });
    assert_eq!(summary, "2 crates instrumented, 2 sites");
}

#[test]
fn manifests_the_lock_file_and_the_configuration_count() {
    let asked = Asked::new(
        "unused",
        &[
            (
                "app/Cargo.toml",
                &package(
                    "counts",
                    "[dependencies]\nbeside = { path = \"../beside\" }\n[workspace]\n",
                ),
            ),
            ("app/src/lib.rs", SPAWNS),
            (
                "beside/Cargo.toml",
                &package("beside", "[features]\nmore = []\n"),
            ),
            ("beside/src/lib.rs", SPAWNS),
            ("src/lib.rs", ""),
        ],
    );
    let check = "check --manifest-path app/Cargo.toml --deps";
    asked.run(check);
    let lock = asked.project.read("app/Cargo.lock");
    let manifest = asked.project.read("app/Cargo.toml");

    let summary = asked.after(check, |project| {
        let more = "[workspace.metadata.birthmark]\nexclude = [\"beside\"]\n";
        project.write("app/Cargo.toml", &(manifest.clone() + more));
    });
    assert_eq!(summary, "1 crate instrumented, 1 site");
    asked.after(check, |project| {
        project.write(
            "app/Cargo.toml",
            &manifest.replace("path", "features = [\"more\"], path"),
        );
    });
    asked.after(check, |project| {
        project.write("app/Cargo.lock", &(lock + "\n"))
    });
    asked.after(check, |project| {
        let manifest = project.read("beside/Cargo.toml");
        project.write("beside/Cargo.toml", &manifest.replace("0.1.0", "0.2.0"));
    });
    asked.after(check, |project| {
        project.write(".cargo/config.toml", "[build]\njobs = 1\n");
    });
    asked.after(check, |project| {
        project.write(
            "Cargo.toml",
            "[workspace]\nmembers = [\"beside\"]\nresolver = \"3\"\n",
        );
    });
}

#[test]
fn change_without_a_new_date_is_noticed() {
    // Of one length.
    let settings = |instrument: &str| {
        package(
            "dated",
            &format!("[package.metadata.birthmark]\ninstrument = {instrument}\n"),
        )
    };
    let asked = Asked::new(
        "dated",
        &[("Cargo.toml", &settings("true ")), ("src/lib.rs", SPAWNS)],
    );
    let summary = asked.after("--workspace check", |project| {
        let date = fs::metadata(project.path().join("Cargo.toml"))
            .unwrap()
            .modified()
            .unwrap();
        project.write("Cargo.toml", &settings("false"));
        self::date(&project.path().join("Cargo.toml"), date);
    });
    assert!(summary.starts_with("help: annotate one"), "{summary}");
}

#[test]
fn other_options_are_other_questions() {
    let asked = Asked::new("options", &[("src/lib.rs", SPAWNS)]);
    asked.settle("--workspace check");
    assert!(asked.run("--workspace --exclude options check").1);
    assert!(!asked.run("--workspace check").1, "both are remembered");
}

#[test]
fn metadata_of_just_changed_files_is_not_cached() {
    let asked = Asked::new("young", &[("src/lib.rs", SPAWNS)]);
    asked.settle("--workspace check");
    // A change within the grain of the file system's time would not show.
    let later = SystemTime::now() + Duration::from_secs(60);
    date(&asked.project.path().join("Cargo.toml"), later);
    assert!(asked.run("--workspace check").1 && asked.run("--workspace check").1);
}
