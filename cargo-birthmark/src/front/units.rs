//! The units that a command of cargo's uses, which cargo names without building any.
//!
//! Cargo calls its wrapper for crates that it compiles. It says nothing of those that are fresh, except in its
//! unit graph. The graph is not stable, so cargo prints it only with the switch that has it take itself for a
//! development version. Asking changes nothing, and where the graph is not had or not understood, nothing is
//! said of fresh crates.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::session::Session;
use crate::wrapper::report::Report;

/// A command whose units cargo can name: its arguments up to `--`.
#[derive(Debug)]
pub struct Question {
    args: Vec<OsString>,
    with_tests: bool,
}

/// Commands that compile, with their short forms.
const COMMANDS: [(&str, &str); 8] = [
    ("bench", "bench"),
    ("build", "b"),
    ("check", "c"),
    ("doc", "d"),
    ("run", "r"),
    ("rustc", "rustc"),
    ("rustdoc", "rustdoc"),
    ("test", "t"),
];

/// Options that have `check` look at tests.
const TESTS: [&str; 5] = ["--tests", "--test", "--all-targets", "--benches", "--bench"];

impl Question {
    /// Returns the question for the arguments of cargo. None if it is not known that the command compiles, as an
    /// alias of the user's or a subcommand of another program.
    pub fn of(args: &[OsString]) -> Option<Question> {
        let end = args.iter().position(|arg| arg == "--");
        let (command, rest) = args[..end.unwrap_or(args.len())].split_first()?;
        let (command, rest) = match command.to_str()? {
            "nextest" => ("test", nextest(rest)),
            command => (known(command)?, rest.to_vec()),
        };
        let is_of_tests = |arg: &OsString| {
            let text = arg.to_string_lossy();
            TESTS.contains(&text.split('=').next().unwrap_or_default())
        };
        Some(Question {
            with_tests: rest.iter().any(is_of_tests),
            args: [command.into()].into_iter().chain(rest).collect(),
        })
    }

    /// Asks cargo. `command` is cargo with the environment of the build.
    pub fn ask(&self, mut command: Command) -> Option<Vec<Used>> {
        let (subcommand, rest) = self.args.split_first()?;
        command
            .arg(subcommand)
            .args(["--unit-graph", "-Zunstable-options"])
            .args(rest)
            .env("RUSTC_BOOTSTRAP", "1")
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        // How it ends is of no interest: `cargo run` prints the graph and then misses a program to run.
        let graph: Graph = serde_json::from_slice(&command.output().ok()?.stdout).ok()?;
        if graph.version != 1 {
            return None;
        }
        let units = graph.units.into_iter();
        Some(units.filter_map(|unit| self.used(unit)).collect())
    }

    /// Returns nothing for what the wrapper does not compile: build scripts, documentation.
    fn used(&self, unit: Unit) -> Option<Used> {
        let (is_check, is_test) = match &unit.mode[..] {
            "test" => (false, Some(true)),
            "build" => (false, Some(false)),
            // The graph does not say whether tests are checked.
            "check" if self.with_tests => (true, None),
            "check" => (true, Some(false)),
            _ => return None,
        };
        Some(Used {
            root: canonical(&unit.target.src_path),
            is_test,
            is_check,
            features: unit.features,
            platform: unit.platform.map(|platform| stem(&platform)),
            profile: match &unit.profile.name[..] {
                "dev" | "test" => "debug".to_owned(),
                "bench" => "release".to_owned(),
                other => other.to_owned(),
            },
        })
    }
}

/// The long form of a command that compiles, unless the user has made it an alias of something else.
fn known(command: &str) -> Option<&'static str> {
    let mut commands = COMMANDS.into_iter();
    let (long, short) = commands.find(|(long, short)| [*long, *short].contains(&command))?;
    // An alias has no effect on what is a command already.
    let is_alias = || {
        let config = cargo_config2::Config::load();
        config.is_ok_and(|config| config.alias.contains_key(command))
    };
    (command == long || short == long || !is_alias()).then_some(long)
}

/// Options of `cargo nextest run` by which `cargo test` chooses the same units.
const FLAGS: [&str; 15] = [
    "--workspace",
    "--all",
    "--lib",
    "--bins",
    "--examples",
    "--tests",
    "--benches",
    "--all-targets",
    "--all-features",
    "--no-default-features",
    "--release",
    "-r",
    "--offline",
    "--locked",
    "--frozen",
];

/// As [`FLAGS`], with a value.
const VALUES: [&str; 13] = [
    "-p",
    "--package",
    "--exclude",
    "--bin",
    "--example",
    "--test",
    "--bench",
    "-F",
    "--features",
    "--target",
    "--target-dir",
    "--manifest-path",
    "--config",
];

fn nextest(args: &[OsString]) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy();
        let name = text.split('=').next().unwrap_or_default();
        if name == "--cargo-profile" {
            kept.push(text.replacen("--cargo-profile", "--profile", 1).into());
        } else if FLAGS.contains(&name) || VALUES.contains(&name) {
            kept.push(arg.clone());
        } else {
            continue;
        }
        if name == text && !FLAGS.contains(&name) {
            kept.extend(args.next().cloned());
        }
    }
    kept
}

/// A unit that a command uses.
#[derive(Debug, PartialEq, Eq)]
pub struct Used {
    root: PathBuf,
    is_test: Option<bool>,
    is_check: bool,
    features: BTreeSet<String>,
    platform: Option<String>,
    profile: String,
}

impl Used {
    /// The root of the crate, without links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns `true` if a report is of this unit. `root` is the canonical path of the report's crate.
    pub fn is_of(&self, report: &Report, root: &Path, session: &Session) -> bool {
        let unit = &report.unit;
        let platform = unit.platform.as_deref().map(stem);
        self.root == root
            && self.is_test.is_none_or(|it| it == unit.is_test)
            && self.is_check == unit.is_check
            && self.features == unit.features
            && self.platform == platform
            && report.is_of_profile(&self.profile, session)
    }
}

/// A path without links, so that it has one form.
pub fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The name of a target, which may be described by a file.
fn stem(platform: &str) -> String {
    let name = platform.strip_suffix(".json").unwrap_or(platform);
    let name = Path::new(name).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[derive(Deserialize)]
struct Graph {
    version: u32,
    units: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    target: Target,
    profile: Profile,
    platform: Option<String>,
    mode: String,
    features: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Target {
    src_path: PathBuf,
}

#[derive(Deserialize)]
struct Profile {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(text: &str) -> Option<Vec<String>> {
        let words: Vec<_> = text.split_whitespace().map(OsString::from).collect();
        let args = Question::of(&words)?.args.into_iter();
        Some(args.map(|arg| arg.into_string().unwrap()).collect())
    }

    #[test]
    fn program_s_own_arguments_are_no_part_of_the_question() {
        let asked = question("run -p x -- --release").unwrap();
        assert_eq!(asked, ["run", "-p", "x"]);
        assert_eq!(question("t --lib").unwrap(), ["test", "--lib"]);
    }

    #[test]
    fn commands_that_are_not_known_are_not_asked_about() {
        assert_eq!(question("clippy"), None);
        assert_eq!(question("no-such"), None);
    }

    #[test]
    fn nextest_uses_what_test_uses() {
        let asked = question("nextest run -p a --retries 3 --cargo-profile=ci --test b -E all()");
        assert_eq!(
            asked.unwrap(),
            ["test", "-p", "a", "--profile=ci", "--test", "b"]
        );
    }
}
