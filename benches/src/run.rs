//! Runs cases in child processes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::case::PAYLOADS;
use crate::case::Unit;
use crate::stats::Sample;
use crate::variant::Variant;

/// The allocator of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malloc {
    /// glibc's.
    Glibc,
    /// mimalloc.
    Mimalloc,
}

impl Malloc {
    /// Both.
    pub const ALL: [Malloc; 2] = [Malloc::Mimalloc, Malloc::Glibc];

    fn case(self) -> &'static str {
        match self {
            Malloc::Glibc => "case",
            Malloc::Mimalloc => "case_mimalloc",
        }
    }

    fn program(self) -> PathBuf {
        own_path().with_file_name(self.case())
    }
}

fn own_path() -> PathBuf {
    std::env::current_exe().expect("the path of this program")
}

/// The profile that this program was built with, whose name is that of its directory.
pub fn profile() -> String {
    let own = own_path();
    let directory = own.parent().and_then(Path::file_name);
    let name = directory.expect("a program is in a directory");
    name.to_string_lossy().replace("debug", "dev")
}

/// Builds the children that run cases.
///
/// # Panics
///
/// If they do not build.
pub fn build_cases(mallocs: &[Malloc]) {
    build(mallocs.iter().map(|malloc| malloc.case()));
}

/// Builds programs of this package, beside this one, with its features and profile: `cargo run` builds
/// only the one that it runs.
///
/// # Panics
///
/// If they do not build.
pub fn build<'a>(programs: impl IntoIterator<Item = &'a str>) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "--profile", &profile()])
        .args([
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ]);
    for program in programs {
        command.args(["--bin", program]);
    }
    if cfg!(feature = "console") {
        command.args(["--features", "console"]);
    }
    let status = command.status().expect("cargo can be run");
    assert!(status.success(), "the programs must build");
}

/// The values that a case prints.
///
/// # Panics
///
/// If the case fails.
pub fn case(malloc: Malloc, args: &[&str]) -> Vec<f64> {
    let output = Command::new(malloc.program()).args(args).output();
    let output = succeeded(output.expect("a case can be run"), args);
    let values = String::from_utf8(output.stdout).expect("numbers");
    let parse = |line: &str| line.parse().expect("a number");
    values.lines().map(parse).collect()
}

/// Instructions a unit: one count for each payload, or for each of several runs.
#[derive(Clone, Debug)]
pub struct Counts(Vec<f64>);

impl Counts {
    /// The median.
    pub fn median(&self) -> f64 {
        Sample::new(self.0.iter().copied()).median()
    }

    /// Returns the difference of each count from its counterpart in `raw`. The difference of two medians would be
    /// misleading. One word more can take one payload over a size from which copies or the allocator cost hundreds of
    /// instructions.
    pub fn beyond(&self, raw: &Counts) -> Sample {
        Sample::new(self.0.iter().zip(&raw.0).map(|(count, raw)| count - raw))
    }
}

/// Counts instructions by callgrind.
///
/// # Panics
///
/// If valgrind is not there, or the case fails.
pub fn instructions(malloc: Malloc, unit: Unit, variant: Variant) -> Counts {
    let payloads = match unit {
        Unit::Spawn | Unit::SpawnOwning | Unit::SpawnBlock => &PAYLOADS[..],
        // The count depends on whether the thread or its join comes first, so it is taken several times.
        Unit::Thread => &[PAYLOADS[0]; 5],
        _ => &PAYLOADS[..1],
    };
    let units = match variant {
        // More units would take minutes, and the differences are thousands of instructions.
        Variant::Console => 1 << 8,
        _ => unit.counted(),
    };
    let per_unit = |payload: &usize| {
        let [once, twice] =
            [units, 2 * units].map(|units| collected(malloc, unit, variant, *payload, units));
        (twice - once) / units as f64
    };
    Counts(payloads.iter().map(per_unit).collect())
}

fn collected(malloc: Malloc, unit: Unit, variant: Variant, payload: usize, units: usize) -> f64 {
    let of_all_threads = match unit.is_of_one_thread() {
        true => "--collect-atstart=no",
        false => "--collect-atstart=yes",
    };
    let [unit, variant, payload, units] =
        [&unit as &dyn ToString, &variant, &payload, &units].map(|arg| arg.to_string());
    let args = ["count", &unit, &variant, &payload, &units];
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--instr-atstart=no",
            "--callgrind-out-file=/dev/null",
            of_all_threads,
        ])
        .arg(malloc.program())
        .args(args)
        .output();
    let output = output.unwrap_or_else(|error| {
        panic!("failed to run valgrind, which counts instructions: {error}; install it")
    });
    let report = String::from_utf8_lossy(&succeeded(output, &args).stderr).into_owned();
    let total = report
        .lines()
        .find_map(|line| line.split_once("Collected :"));
    total
        .and_then(|(_, total)| total.trim().parse().ok())
        .unwrap_or_else(|| panic!("callgrind did not say what it collected:\n{report}"))
}

fn succeeded(output: Output, args: &[&str]) -> Output {
    assert!(
        output.status.success(),
        "the case {args:?} failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
