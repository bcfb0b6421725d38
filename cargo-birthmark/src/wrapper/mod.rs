//! The wrapper: what cargo runs in place of rustc.
//!
//! Most calls become the compiler's at once: probes, build scripts, procedural macros, and crates that are not chosen
//! or have no spawn.
//!
//! The others take these steps. `plan.rs` decides. `runtime/` provides the runtime. `compile.rs` has rustc compile the
//! mirror. `dep_info.rs` names the original files to cargo. `report.rs` keeps the result for the front end.

mod columns;
mod command_line;
mod compile;
mod dep_info;
mod diagnostics;
mod fallback;
mod link;
mod mirror;
mod plan;
mod remap;
pub mod report;
mod rewritten;
mod runtime;

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::concern::{self, Concern, Values};
use crate::exit;
use crate::remedy::Advise;
use crate::session::Session;
use command_line::Invocation;
use plan::Plan;
use report::{Outcome, Reason, Report};

/// Runs in place of the compiler. `args` begin with its path.
pub fn main(args: &[OsString]) -> ExitCode {
    match run(args) {
        Ok(code) => code,
        Err(error) => exit::failed(&error),
    }
}

fn run(args: &[OsString]) -> Result<ExitCode> {
    let Some((file, session)) = Session::of_environment()? else {
        return exec_rustc(command(args, None));
    };
    let invocation = Invocation::parse(args)?;
    let plain = command(args, session.inner.as_deref());
    let Some(unit) = invocation.unit().filter(|unit| !unit.is_of_std()) else {
        return exec_rustc(plain);
    };
    let decided_by = plan::decided_by(&unit, &session);
    let build = Build {
        file: &file,
        session: &session,
        decided_by: &decided_by,
    };
    if runtime::unit::is(&unit, &session) {
        return runtime::unit::provide(&unit, &build);
    }
    match Plan::of(&unit, &build) {
        Plan::PassThrough => {
            Report::forget(&unit, &build);
            exec_rustc(plain)
        }
        Plan::Track(reason) => compile::compile_original(plain, &unit, &build, reason),
        Plan::Instrument(rewritten) => compile::compile_mirror(plain, &unit, &build, *rewritten),
    }
}

/// The session and where it lies.
#[derive(Clone, Copy)]
pub struct Build<'a> {
    /// The session file.
    pub file: &'a std::path::Path,
    /// The content of the session file.
    pub session: &'a Session,
    /// The variables that decide what becomes of the crate, if it is not rewritten.
    pub decided_by: &'a [String],
}

impl Build<'_> {
    /// Returns the choices that led to this outcome for a crate.
    pub fn concerns(&self, outcome: &Outcome) -> Values {
        let is_linked = match outcome {
            Outcome::Instrumented { .. } => true,
            Outcome::LeftAlone(reason) => {
                matches!(reason, Reason::Runtime(_) | Reason::DoesNotCompile(_))
            }
        };
        let runtime = is_linked.then(|| Concern::Runtime.variable());
        let names = self.decided_by.iter().cloned().chain(runtime);
        concern::values(self.session, names)
    }

    /// The directory of what we keep.
    pub fn state(&self) -> std::path::PathBuf {
        self.session.state()
    }
}

/// The compiler, within the user's own wrapper.
fn command(args: &[OsString], inner: Option<&std::path::Path>) -> Command {
    let mut words = inner
        .map(OsString::from)
        .into_iter()
        .chain(args.iter().cloned());
    let mut command = Command::new(words.next().unwrap_or_else(|| "rustc".into()));
    command.args(words);
    command
}

/// Becomes the compiler.
fn exec_rustc(mut command: Command) -> Result<ExitCode> {
    #[cfg(unix)]
    {
        let error = std::os::unix::process::CommandExt::exec(&mut command);
        not_run(Err(error), &command)
    }
    #[cfg(not(unix))]
    not_run(command.status().map(exit::of), &command)
}

fn not_run(code: std::io::Result<ExitCode>, command: &Command) -> Result<ExitCode> {
    let program = command.get_program().to_string_lossy();
    code.advise(
        format!("run `{program}` in place of the compiler"),
        "run `cargo birthmark …` to use the command",
    )
}
