//! Programs that a newcomer runs first, such as `cargo run --example request_names`, and the tests of the pages that
//! show them: README and `docs/`.

pub mod normal;
pub mod pages;

use std::io::Read;
use std::process::Command;

/// Runs an example as the pages show it and returns its output. Both streams go into one pipe, as on a terminal.
///
/// The command names the package, because cargo would otherwise build the dependencies again with other features.
///
/// # Panics
///
/// If the example fails.
#[must_use]
pub fn run(example: &str) -> String {
    let (mut reader, writer) = std::io::pipe().expect("a pipe can be made");
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "-q", "-p", "birthmark-examples"])
        .args(["--example", example])
        .current_dir(pages::root())
        .env("RUST_BACKTRACE", "0")
        .env_remove("BIRTHMARK")
        .stdout(writer.try_clone().expect("a pipe can be shared"))
        .stderr(writer);
    let mut child = command.spawn().expect("cargo can be run");
    // The command holds the writing ends. The pipe ends when the child and the command have closed them.
    drop(command);
    let mut output = String::new();
    reader.read_to_string(&mut output).expect("output is text");
    assert!(
        child.wait().expect("the example ends").success(),
        "{output}"
    );
    output
}

/// Compiles and runs the code of each page as doctests.
#[cfg(doctest)]
macro_rules! compile_pages {
    ($($page:ident $path:literal)*) => {
        $(#[doc = include_str!(concat!("../../", $path))] struct $page;)*
    };
}

#[cfg(doctest)]
compile_pages! {
    Readme "README.md"
    Contributing "CONTRIBUTING.md"
    Security "SECURITY.md"
    Benchmarks "docs/benchmarks.md"
    FromGo "docs/guide/from-go.md"
    FromTokioConsole "docs/guide/from-tokio-console.md"
    Glossary "docs/glossary.md"
    Release "docs/release.md"
    AxumPage "docs/guide/axum.md"
    AwaitStacks "docs/guide/await-stacks.md"
    Awaits "docs/guide/awaits.md"
    CargoBirthmark "docs/guide/cargo-birthmark.md"
    Deadlines "docs/guide/deadlines.md"
    Dumps "docs/guide/dumps.md"
    Environment "docs/guide/environment.md"
    Hooks "docs/guide/hooks.md"
    Http "docs/guide/http.md"
    Labels "docs/guide/labels.md"
    Limits "docs/guide/limits.md"
    LogsAndTraces "docs/guide/logs-and-traces.md"
    Names "docs/guide/names.md"
    Production "docs/guide/production.md"
    Outside "docs/guide/outside.md"
    Panics "docs/guide/panics.md"
    Rules "docs/guide/rules.md"
    Stuck "docs/guide/stuck.md"
    TaskLocals "docs/guide/task-locals.md"
    Tests "docs/guide/tests.md"
    Threads "docs/guide/threads.md"
    CargoBirthmarkReadme "cargo-birthmark/README.md"
    CliReadme "cli/README.md"
    CoreReadme "runtime-shim/README.md"
    DumpReadme "dump/README.md"
    HttpReadme "birthmark-http/README.md"
    OpenTelemetryReadme "birthmark-opentelemetry/README.md"
    MacrosReadme "macros/README.md"
    OutsideReadme "outside/README.md"
    RewriteReadme "rewrite/README.md"
    RuntimeReadme "birthmark/README.md"
    StacksReadme "stacks/README.md"
    TracingReadme "birthmark-tracing/README.md"
}
