//! Runs the compiler on the mirror of a crate, and on the crate itself where that has more to say.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use super::Build;
use super::command_line::Unit;
use super::dep_info::{self, Change};
use super::diagnostics::{self, Notices, Run};
use super::fallback;
use super::mirror::Mirror;
use super::remap;
use super::report::{Outcome, Reason, Report};
use super::rewritten::{Draft, Rewritten};
use super::runtime::Runtime;
use crate::exit;
use crate::session::replace;
use crate::source::engine::{COLUMNS, PROGRAM, RUNTIME};

/// The options that we set, and the one by which crates are annotated.
const CHECK_CFG: [&str; 2] = ["--check-cfg", "cfg(birthmark, __birthmark_program)"];

/// Compiles a crate as it is, and notes that another session might not have.
pub fn compile_original(
    mut plain: Command,
    unit: &Unit,
    build: &Build<'_>,
    reason: Reason,
) -> Result<ExitCode> {
    let status = plain.status().context("run the compiler")?;
    if status.success() {
        let mut change = Change::default();
        if reason.may_pass() {
            // A missing file makes cargo compile the crate again.
            change.files.push(build.state().join("another-try"));
        }
        let outcome = Outcome::LeftAlone(reason);
        dep_info::amend(unit, build, &change, &outcome)?;
        Report::keep(unit, build, outcome)?;
    }
    Ok(exit::of(status))
}

/// Compiles the mirror of a crate. Whatever is to be said about places in the user's code is said by a run
/// on the original. If only the mirror does not compile, the crate is compiled as it is.
pub fn compile_mirror(
    plain: Command,
    unit: &Unit,
    build: &Build<'_>,
    rewritten: Rewritten,
) -> Result<ExitCode> {
    let runtime = match Runtime::provide(unit, build) {
        Ok(runtime) => runtime,
        Err(error) => {
            return compile_original(plain, unit, build, Reason::Runtime(format!("{error:#}")));
        }
    };
    let attempt = match Attempt::new(unit, build, runtime, rewritten) {
        Ok(attempt) => attempt,
        Err(error) => {
            return compile_original(plain, unit, build, Reason::Mirror(format!("{error:#}")));
        }
    };
    let mut attempt = attempt;
    let mut run = attempt.run()?;
    if let Some(wider) = attempt.wider(&run) {
        attempt = wider;
        run = attempt.run()?;
    }
    if !run.status.success() {
        return after_failure(attempt, run, plain);
    }
    attempt.keep()?;
    let mut formats = unit.invocation.values("--error-format");
    if !run.speaks_of_source(formats.any(|format| format == "json")) {
        run.print();
        return Ok(ExitCode::SUCCESS);
    }
    let checked = check(unit, build)?;
    checked.print();
    Ok(exit::of(checked.status))
}

/// The mirror of a crate, to be compiled with the runtime.
struct Attempt<'a> {
    unit: &'a Unit,
    build: &'a Build<'a>,
    runtime: Runtime,
    /// The macro for columns, if it may be used.
    columns: Option<PathBuf>,
    rewritten: Rewritten,
    mirror: Mirror,
}

impl<'a> Attempt<'a> {
    /// Writes the mirror.
    fn new(
        unit: &'a Unit,
        build: &'a Build<'a>,
        runtime: Runtime,
        rewritten: Rewritten,
    ) -> Result<Attempt<'a>> {
        let mirror = Mirror::write(unit, build, &rewritten.base, &rewritten.files)?;
        Ok(Attempt {
            unit,
            build,
            runtime,
            columns: rewritten.columns.clone(),
            rewritten,
            mirror,
        })
    }

    fn run(&self) -> Result<Run> {
        let columns = self.rewritten.columns.clone();
        let mut command =
            instrumented(self.unit, self.build, &self.mirror, &self.runtime, columns)?;
        diagnostics::run(&mut command, Notices::Pass)
    }

    /// Notes what was done.
    fn keep(self) -> Result<()> {
        let outcome = self.rewritten.outcome.clone();
        self.keep_as(outcome)
    }

    fn keep_as(self, outcome: Outcome) -> Result<()> {
        let runtime = self.runtime;
        let change = Change {
            prefixes: remap::to_originals(self.unit, &self.mirror),
            files: [runtime.rlib].into_iter().chain(runtime.sources).collect(),
        };
        dep_info::amend(self.unit, self.build, &change, &outcome)?;
        Report::keep(self.unit, self.build, outcome)
    }

    /// Another attempt, after this one failed: with less of the crate rewritten.
    fn next(&self, failed: &Run) -> Option<Attempt<'a>> {
        let (draft, columns) = (self.rewritten.draft(), &self.columns);
        let (draft, columns) =
            match fallback::next(draft, columns.is_some(), failed, self.unit, &self.mirror)? {
                (draft, true) => (draft, columns.clone()),
                (draft, false) => (draft, None),
            };
        self.with(draft, columns)
    }

    /// Another attempt, with what the files include from outside of the mirror.
    fn wider(&self, failed: &Run) -> Option<Attempt<'a>> {
        let wider = self.mirror.wider(&failed.unread())?;
        let mut draft = self.rewritten.draft().clone();
        draft.wider = Some(wider);
        self.with(draft, self.columns.clone())
    }

    /// Another attempt, in which nothing is rewritten: the program only sets the runtime up.
    fn bare(&self) -> Option<Attempt<'a>> {
        let draft = self.rewritten.draft().bare()?;
        self.with(draft, None)
    }

    fn with(&self, draft: Draft, columns: Option<PathBuf>) -> Option<Attempt<'a>> {
        let rewritten = Rewritten::again(draft, self.unit, self.build, columns);
        Attempt::new(self.unit, self.build, self.runtime.clone(), rewritten).ok()
    }
}

/// After a mirror did not compile: if the original does, leaves as it is what the compiler finds fault with, and
/// tries again. Not if cargo was told of a part already, on which other crates may be built by now.
fn after_failure(attempt: Attempt<'_>, failed: Run, plain: Command) -> Result<ExitCode> {
    if failed.told {
        return fall_back(attempt, plain, &failed);
    }
    let checked = check(attempt.unit, attempt.build)?;
    if !checked.status.success() {
        checked.print();
        return Ok(exit::of(checked.status));
    }
    let (mut attempt, mut last) = (attempt, None);
    for _ in 0..fallback::ATTEMPTS {
        let Some(again) = attempt.next(last.as_ref().unwrap_or(&failed)) else {
            break;
        };
        attempt = again;
        let run = attempt.run()?;
        if run.status.success() {
            attempt.keep()?;
            checked.print();
            return Ok(ExitCode::SUCCESS);
        }
        let told = run.told;
        last = Some(run);
        if told {
            return fall_back(attempt, plain, &failed);
        }
    }
    if let Some(bare) = attempt.bare()
        && bare.run()?.status.success()
    {
        bare.keep_as(Outcome::LeftAlone(Reason::DoesNotCompile(failed.text())))?;
        checked.print();
        return Ok(ExitCode::SUCCESS);
    }
    fall_back(attempt, plain, &failed)
}

/// The call of the compiler on the mirror.
fn instrumented(
    unit: &Unit,
    build: &Build<'_>,
    mirror: &Mirror,
    runtime: &Runtime,
    columns: Option<PathBuf>,
) -> Result<Command> {
    let library = unit
        .deps_dir
        .join(runtime.rlib.file_name().unwrap_or_default());
    let mut args = unit.invocation.args.clone();
    args[unit.position] = mirror.of(&unit.root()).into();
    args.extend(["--extern".into(), with(&format!("{RUNTIME}="), library)]);
    if let Some(library) = columns {
        args.extend(["--extern".into(), with(&format!("{COLUMNS}="), library)]);
    }
    args.extend(CHECK_CFG.map(OsString::from));
    if unit.is_program() {
        args.extend(["--cfg".into(), PROGRAM.into()]);
    }
    // The user's levels of lints count in the run on the original.
    if unit.invocation.values("--cap-lints").next().is_none() {
        args.push("--cap-lints=warn".into());
    }
    for (from, to) in remap::to_shown(unit, mirror) {
        args.push("--remap-path-prefix".into());
        args.push(with(&format!("{}=", from.display()), to));
    }
    let mut command = unit.compiler(build.session.inner.as_deref());
    if unit.invocation.from_file {
        let file = mirror.directory.with_extension("args");
        let lines: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
        replace(&file, lines.join("\n").as_bytes())?;
        args = vec![with("@", file)];
    }
    command.args(args);
    Ok(command)
}

fn with(prefix: &str, path: PathBuf) -> OsString {
    let mut text = OsString::from(prefix);
    text.push(path);
    text
}

/// Compiles the original because the mirror does not compile. It is our fault unless this fails, too.
fn fall_back(attempt: Attempt<'_>, mut plain: Command, failed: &Run) -> Result<ExitCode> {
    let (unit, build) = (attempt.unit, attempt.build);
    let notices = if failed.told {
        Notices::Drop
    } else {
        Notices::Pass
    };
    let run = diagnostics::run(plain.args(CHECK_CFG), notices)?;
    run.print();
    if run.status.success() {
        let outcome = Outcome::LeftAlone(Reason::DoesNotCompile(failed.text()));
        dep_info::amend(unit, build, &Change::default(), &outcome)?;
        Report::keep(unit, build, outcome)?;
    }
    Ok(exit::of(run.status))
}

/// Options that say what is made, and where.
const OUTPUT: &[&str] = &["--emit", "--out-dir"];

/// Has the compiler check the original, and returns its messages.
///
/// Messages about the mirror cannot stand for those about the original, although lines and columns are the same. Levels
/// of lints are capped in the mirror, so that inserted code is not denied. A warning and an error then look alike.
/// Inserted code also stands at places of the user's tokens, so a lint about it looks like one about the user's code.
/// Quoted lines are those of the mirror.
fn check(unit: &Unit, build: &Build<'_>) -> Result<Run> {
    let scratch = build.state().join("check").join(unit.id());
    std::fs::create_dir_all(&scratch).context("make a directory for a check")?;
    let mut command = unit.compiler(build.session.inner.as_deref());
    let mut args = unit.invocation.args.iter().peekable();
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy();
        let name = text.split('=').next().unwrap_or_default();
        if OUTPUT.contains(&name) {
            if name == text {
                args.next();
            }
        } else if text == "-C"
            && args
                .peek()
                .is_some_and(|value| value.as_encoded_bytes().starts_with(b"incremental="))
        {
            args.next();
            command
                .arg("-C")
                .arg(with("incremental=", scratch.join("incremental")));
        } else {
            command.arg(arg);
        }
    }
    command
        .args(CHECK_CFG)
        .arg("--emit=metadata")
        .arg("--out-dir")
        .arg(&scratch);
    diagnostics::run(&mut command, Notices::Drop)
}
