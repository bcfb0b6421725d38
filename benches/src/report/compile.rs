//! The compile time of 300 functions with one spawn each, beside the same crate without the attribute. Processor time
//! is compared, because a busy machine disturbs it less than the time of day.
//!
//! Beside the attribute stands the least that any attribute could leave behind: the table of sites, a
//! birth and a wrapper around each task, written by hand for futures only. No macro runs, nothing is
//! found out about types, and no refusal reaches the spawner. And the same with these two features kept: what
//! the attribute leaves behind, if it took no time itself.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::stats::Sample;

const FUNCTIONS: usize = 300;
const ROUNDS: usize = 5;

/// Ways to annotate the same crate.
const VARIANTS: [(&str, Annotated); 6] = [
    ("plain", Annotated::No),
    ("hand", Annotated::ByHand),
    ("features", Annotated::WithFeatures),
    ("frameless", Annotated::WithoutFrames),
    ("module", Annotated::Module),
    ("each", Annotated::Functions),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Annotated {
    No,
    ByHand,
    WithFeatures,
    WithoutFrames,
    Module,
    Functions,
}

pub(super) fn section() {
    println!("\n## Compile time of {FUNCTIONS} functions with one spawn each, beside plain\n");
    println!(
        "| command | least, by hand | with types and refusals, by hand | attribute on the module around them, \
         `frames = false` | attribute on the module | attribute on each function |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    let root = std::env::temp_dir().join(format!("birthmark-benches-{}", std::process::id()));
    let crates = VARIANTS.map(|(name, annotated)| generate(&root, name, annotated));
    for (what, args) in [
        ("`cargo check`", &["check"][..]),
        ("debug build", &["build"]),
    ] {
        // The first time builds the dependencies, which are the same for all.
        crates.iter().for_each(|path| {
            build(path, args);
        });
        let mut ratios = [const { Vec::new() }; VARIANTS.len() - 1];
        for _ in 0..ROUNDS {
            let plain = build(&crates[0], args);
            for (ratios, path) in ratios.iter_mut().zip(&crates[1..]) {
                ratios.push(build(path, args) / plain);
            }
        }
        let [hand, features, frameless, module, each] = ratios.map(Sample::new);
        println!("| {what} | {hand} | {features} | {frameless} | {module} | {each} |");
    }
    // Files that stay in the temporary directory are no reason to fail.
    let _ = std::fs::remove_dir_all(root);
}

/// Seconds of processor time that cargo takes for a crate whose source has changed.
fn build(path: &Path, args: &[&str]) -> f64 {
    let source = path.join("src/main.rs");
    let text = std::fs::read_to_string(&source).expect("a generated crate");
    std::fs::write(&source, text).expect("a generated crate");
    let before = children_seconds();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(args)
        .args(["--quiet", "--offline"])
        .current_dir(path)
        .env("CARGO_TARGET_DIR", path.with_file_name("target"))
        // Otherwise there is next to nothing to do: the source has not really changed.
        .env("CARGO_INCREMENTAL", "0")
        .env_remove("RUSTFLAGS")
        .status()
        .expect("cargo can be run");
    assert!(status.success(), "the generated crate must build");
    children_seconds() - before
}

/// Processor time of all child processes that have ended, and of theirs.
pub(super) fn children_seconds() -> f64 {
    // SAFETY: all zeros is a valid `rusage`, and the pointer is to one.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

fn generate(root: &Path, name: &str, annotated: Annotated) -> PathBuf {
    let path = root.join(name);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("");
    std::fs::create_dir_all(path.join("src")).expect("a temporary directory");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n\
         birthmark = {{ path = {:?} }}\n\
         tokio = {{ version = \"1\", features = [\"rt-multi-thread\"] }}\n\n\
         [workspace]\n",
        workspace.join("birthmark"),
    );
    write(&path.join("Cargo.toml"), &manifest);
    // The versions that are here already: nothing is fetched.
    std::fs::copy(workspace.join("Cargo.lock"), path.join("Cargo.lock"))
        .expect("the workspace has been built");
    write(&path.join("src/main.rs"), &source(annotated));
    path
}

/// Half of the functions spawn a call, as most code does, half an async block. All are awaited, so
/// that all are compiled to the end.
fn source(annotated: Annotated) -> String {
    let attribute = |on| match annotated == on {
        true => "#[birthmark::instrument]\n",
        false => "",
    };
    let each = attribute(Annotated::Functions);
    let mut text = String::from("async fn child(n: u64) -> u64 { n + 1 }\n");
    text += attribute(Annotated::Module);
    if annotated == Annotated::WithoutFrames {
        text += "#[birthmark::instrument(frames = false)]\n";
    }
    text += "mod all {\nuse super::child;\n";
    if matches!(annotated, Annotated::ByHand | Annotated::WithFeatures) {
        text += &table();
    }
    for number in 0..FUNCTIONS {
        let spawn = spawn(number, annotated);
        let _ = writeln!(
            text,
            "{each}pub async fn f{number}(n: u64) -> u64 {{\n    \
             let n = n + {number};\n    \
             let task = {spawn};\n    \
             task.await.unwrap_or(n)\n}}"
        );
    }
    text += "}\nfn main() {\n    let _ = birthmark::task_count();\n    let runtime = tokio::runtime::Runtime::new().unwrap();\n    runtime.block_on(async {\n";
    for number in 0..FUNCTIONS {
        let _ = writeln!(text, "        all::f{number}(1).await;");
    }
    text + "    });\n}\n"
}

fn spawn(number: usize, annotated: Annotated) -> String {
    let is_call = number.is_multiple_of(2);
    let task = match is_call {
        true => "child(n)",
        false => "async move { child(n).await + n }",
    };
    let wrapped = format!("hidden::future_at(&SITES, {number}, {task})");
    match annotated {
        Annotated::ByHand => format!("tokio::spawn({wrapped})"),
        Annotated::WithFeatures => {
            let argument = match is_call {
                true => format!("match {task} {{ it => hidden::adapt!(&SITES, {number}, it) }}"),
                false => wrapped,
            };
            format!(
                "match tokio::spawn({argument}) {{ it => hidden::settle!(&SITES, {number}, it) }}"
            )
        }
        _ => format!("tokio::spawn({task})"),
    }
}

/// The sites of all functions, as the attribute would have them.
fn table() -> String {
    let mut text =
        format!("use birthmark::__private as hidden;\nhidden::table! {{ SITES {FUNCTIONS}\n");
    for number in 0..FUNCTIONS {
        let _ = writeln!(
            text,
            "    (\"src/main.rs\", {number}, 16, \"f{number}\", \"tokio::spawn\", \"child\", Future, false, true)"
        );
    }
    text + "}\n"
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("a temporary directory");
}
