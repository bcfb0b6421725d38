//! The program that is built: `benches/program`, with the modules of `subjects/axum-app`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::report::compile::children_seconds;
use crate::run;

/// Ways to build the same program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `cargo build`.
    Plain,
    /// `cargo exec build`, a subcommand that only becomes cargo.
    Exec,
    /// `cargo birthmark build`.
    Birthmark,
    /// `cargo birthmark build` without the cargo that finds the subcommand.
    Direct,
    /// `cargo build` after `cargo birthmark init`.
    Initiated,
}

/// The cost of a build, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    /// Time of day.
    pub wall: f64,
    /// Processor time.
    pub processor: f64,
}

impl Spent {
    /// Time of day.
    pub fn wall(&self) -> f64 {
        self.wall
    }

    /// Processor time.
    pub fn processor(&self) -> f64 {
        self.processor
    }
}

/// The program, and all that builds of it leave behind. They stay, so that who wants builds with nothing to do
/// once more does not wait for full ones.
pub struct Program {
    root: PathBuf,
    tools: PathBuf,
}

impl Program {
    /// Copies the program beside what this one was built with, and builds the tools.
    pub fn new() -> Program {
        let tools = tools();
        let root = tools.with_file_name("builds");
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ["program", "initiated"] {
            let program = root.join(name);
            copy(
                &here.join("../cargo-birthmark/subjects/axum-app/src"),
                &program.join("src"),
            );
            copy(&here.join("program"), &program);
        }
        let program = Program { root, tools };
        program.succeed(program.cargo("program").args(["fetch", "--locked"]));
        let mut init = program.cargo("initiated");
        program.succeed(init.args(["birthmark", "--deps", "init"]));
        program
    }

    /// Builds it.
    pub fn build(&self, way: Way) -> Spent {
        let mut command = self.command(way);
        command.args(["--locked", "--offline"]);
        let (before, start) = (children_seconds(), Instant::now());
        self.succeed(&mut command);
        Spent {
            wall: start.elapsed().as_secs_f64(),
            processor: children_seconds() - before,
        }
    }

    fn command(&self, way: Way) -> Command {
        let mut command = match way {
            Way::Direct => self.program(&self.tools.join("cargo-birthmark"), "program"),
            Way::Initiated => self.cargo("initiated"),
            _ => self.cargo("program"),
        };
        match way {
            Way::Plain | Way::Initiated => command.arg("build"),
            Way::Exec => command.args(["exec", "build"]),
            Way::Birthmark | Way::Direct => command.args(["birthmark", "build", "--deps"]),
        };
        if way != Way::Initiated {
            command.env("CARGO_TARGET_DIR", self.target_dir(way));
        }
        command
    }

    fn cargo(&self, directory: &str) -> Command {
        self.program(&cargo(), directory)
    }

    fn program(&self, program: &Path, directory: &str) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(self.tools.clone()).chain(std::env::split_paths(&path));
        let mut command = Command::new(program);
        command
            .current_dir(self.root.join(directory))
            .env(
                "PATH",
                std::env::join_paths(paths).expect("paths of this machine"),
            )
            .env("CARGO", cargo())
            .env("CARGO_BIRTHMARK_HOME", self.home())
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("RUSTFLAGS");
        command
    }

    fn target_dir(&self, way: Way) -> PathBuf {
        self.root.join(match way {
            Way::Plain | Way::Exec => "plain",
            Way::Birthmark | Way::Direct => "birthmark",
            Way::Initiated => "initiated/target",
        })
    }

    fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// Has the next build be the first on a machine.
    pub fn forget_runtimes(&self) {
        remove(&self.home());
    }

    /// Has the next build start from nothing.
    pub fn clean(&self, way: Way) {
        remove(&self.target_dir(way));
    }

    /// Dates the program's files back, as those of a program that was not just copied are: cargo is asked about
    /// files that were changed just now each time.
    pub fn settle(&self) {
        let long_ago = SystemTime::now() - Duration::from_secs(3600);
        for name in ["Cargo.toml", "Cargo.lock"] {
            let file = std::fs::File::open(self.root.join("program").join(name));
            file.and_then(|file| file.set_modified(long_ago))
                .expect("a file that was just copied");
        }
    }

    fn succeed(&self, command: &mut Command) {
        // Warnings of dependencies, and whatever else a terminal might show.
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        let status = status.expect("it can be run");
        assert!(status.success(), "{command:?} fails");
    }
}

fn cargo() -> PathBuf {
    std::env::var_os("CARGO")
        .unwrap_or_else(|| "cargo".into())
        .into()
}

/// Builds `cargo-birthmark` and `cargo-exec` as this program was built, and tells in which directory they are.
fn tools() -> PathBuf {
    run::build(["cargo-exec"]);
    let own = std::env::current_exe().expect("the path of this program");
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../cargo-birthmark/Cargo.toml");
    let status = Command::new(cargo())
        .args(["build", "--quiet", "--profile", &run::profile()])
        .args(["--manifest-path", manifest])
        .status();
    assert!(
        status.expect("cargo can be run").success(),
        "cargo-birthmark must build"
    );
    own.parent().expect("a directory").to_owned()
}

fn remove(directory: &Path) {
    // The directory is missing before the first build.
    let _ = std::fs::remove_dir_all(directory);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a target directory can be written");
    for entry in std::fs::read_dir(from).expect("the program is there") {
        let from = entry.expect("the program is there").path();
        let to = to.join(from.file_name().expect("a file has a name"));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).expect("a target directory can be written");
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::Plain => "`cargo build`",
            Way::Exec => "`cargo exec build`, which only becomes cargo",
            Way::Birthmark => "`cargo birthmark build`",
            Way::Direct => "the same without the cargo that finds it",
            Way::Initiated => "`cargo build` after `cargo birthmark init`",
        })
    }
}
