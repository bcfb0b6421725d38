//! What `cargo birthmark --deps` costs on a program of 220 packages, beside plain cargo: a full build, and a
//! build with nothing to do. The time of day counts on a quiet machine only; processor time is disturbed less.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::compile::children_seconds;
use crate::stats::Sample;

const FULL_ROUNDS: usize = 3;
/// Many, for they are short.
const IDLE_ROUNDS: usize = 40;

/// Ways to build the same program.
#[derive(Clone, Copy, Debug)]
enum Cargo {
    Plain,
    Birthmark,
}

/// What a build took, in seconds.
#[derive(Clone, Copy, Debug)]
struct Spent {
    wall: f64,
    processor: f64,
}

pub(super) fn section() {
    println!("\n## Builds of 220 packages by `cargo birthmark --deps`, beside plain cargo\n");
    println!("| what | plain, s | time of day | processor time |\n| --- | --- | --- | --- |");
    let bench = Bench::new();
    bench.build(Cargo::Plain);
    let first = bench.build(Cargo::Birthmark);
    // Of the build above only the runtime is kept, as in all builds but the first on a machine.
    let full = bench.rounds(FULL_ROUNDS, |cargo| {
        bench.clean(cargo);
        bench.build(cargo)
    });
    print("full", &full);
    // Cargo is asked about files that were changed just now each time.
    bench.settle();
    bench.build(Cargo::Birthmark);
    print(
        "nothing changed",
        &bench.rounds(IDLE_ROUNDS, |cargo| bench.build(cargo)),
    );
    let usual = Sample::new(full.iter().map(|[_, birthmark]| birthmark.processor));
    println!(
        "\nThe first build on a machine compiles the runtime: {:+.1} s of processor time.",
        first.processor - usual.median()
    );
    // What is left in the temporary directory is no reason to fail.
    let _ = std::fs::remove_dir_all(&bench.root);
}

fn print(what: &str, rounds: &[[Spent; 2]]) {
    let plain = Sample::new(rounds.iter().map(|[plain, _]| plain.wall));
    let ratio = |of: fn(&Spent) -> f64| {
        let ratios = rounds
            .iter()
            .map(|[plain, birthmark]| of(birthmark) / of(plain));
        Sample::new(ratios)
    };
    let [wall, processor] = [ratio(|spent| spent.wall), ratio(|spent| spent.processor)];
    println!("| {what} | {plain} | {wall} | {processor} |");
}

/// The program, and all that builds of it leave behind.
struct Bench {
    root: PathBuf,
    tools: PathBuf,
}

impl Bench {
    fn new() -> Bench {
        let root = std::env::temp_dir().join(format!("birthmark-build-{}", std::process::id()));
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("program");
        copy(&original, &root.join("program"));
        let bench = Bench {
            root,
            tools: tool(),
        };
        succeed(bench.cargo().args(["fetch", "--locked"]));
        bench
    }

    fn cargo(&self) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(self.tools.clone()).chain(std::env::split_paths(&path));
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            .current_dir(self.root.join("program"))
            .env(
                "PATH",
                std::env::join_paths(paths).expect("paths of this machine"),
            )
            .env("CARGO_BIRTHMARK_HOME", self.root.join("home"))
            .env_remove("RUSTFLAGS");
        command
    }

    fn target_dir(&self, cargo: Cargo) -> PathBuf {
        self.root.join(format!("{cargo:?}"))
    }

    fn build(&self, cargo: Cargo) -> Spent {
        let mut command = self.cargo();
        match cargo {
            Cargo::Plain => command.arg("build"),
            Cargo::Birthmark => command.args(["birthmark", "build", "--deps"]),
        };
        command
            .args(["--locked", "--offline", "--quiet"])
            .env("CARGO_TARGET_DIR", self.target_dir(cargo));
        let (before, start) = (children_seconds(), Instant::now());
        succeed(&mut command);
        Spent {
            wall: start.elapsed().as_secs_f64(),
            processor: children_seconds() - before,
        }
    }

    fn clean(&self, cargo: Cargo) {
        std::fs::remove_dir_all(self.target_dir(cargo)).expect("it was built before");
    }

    /// Both, in turns, and who goes first changes.
    fn rounds(&self, rounds: usize, run: impl Fn(Cargo) -> Spent) -> Vec<[Spent; 2]> {
        let round = |round: usize| {
            if round.is_multiple_of(2) {
                let plain = run(Cargo::Plain);
                [plain, run(Cargo::Birthmark)]
            } else {
                let birthmark = run(Cargo::Birthmark);
                [run(Cargo::Plain), birthmark]
            }
        };
        (0..rounds).map(round).collect()
    }

    /// Dates the program's files back, as those of a program that was not just copied are.
    fn settle(&self) {
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
        for name in ["Cargo.toml", "Cargo.lock"] {
            let file = std::fs::File::open(self.root.join("program").join(name));
            file.and_then(|file| file.set_modified(long_ago))
                .expect("a file that was just copied");
        }
    }
}

/// Builds `cargo-birthmark`, and tells in which directory it is.
fn tool() -> PathBuf {
    let own = std::env::current_exe().expect("the path of this program");
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../cargo-birthmark/Cargo.toml");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    succeed(Command::new(cargo).args([
        "build",
        "--release",
        "--quiet",
        "--manifest-path",
        manifest,
    ]));
    own.parent().expect("a directory").to_owned()
}

fn succeed(command: &mut Command) {
    // Warnings of dependencies, and whatever else a terminal might show.
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(
        status.expect("it can be run").success(),
        "{command:?} fails"
    );
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a temporary directory");
    for entry in std::fs::read_dir(from).expect("the program is there") {
        let from = entry.expect("the program is there").path();
        let to = to.join(from.file_name().expect("a file has a name"));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).expect("a temporary directory");
        }
    }
}
