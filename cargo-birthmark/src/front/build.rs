//! Runs a cargo subcommand with this binary as its compiler wrapper.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;

use anyhow::{Context, Result};

use super::arguments::Locating;
use super::project::{Project, TARGET_DIR, directory};
use super::signals;
use super::summary::Ended;
use super::{init, overridden};
use crate::cache::fingerprint::Program;
use crate::cache::metadata::Entry;
use crate::concern;
use crate::exit;
use crate::remedy::{self, Advise};
use crate::scope::Scope;
use crate::session::{OFFLINE, Session, VARIABLE};
use crate::toolchain::{self, inner_wrapper, this_binary};

/// Runs `cargo ARGS…`, and says at the end what was instrumented.
pub fn run(args: &[OsString], scope: Scope) -> Result<ExitCode> {
    if let Some(toolchain) = args.first().and_then(|arg| arg.to_str()?.strip_prefix('+')) {
        return Err(remedy::refusal(
            format!("use the toolchain `{toolchain}`: `+{toolchain}` must follow `cargo`"),
            format!("run `cargo +{toolchain} birthmark …`"),
        ));
    }
    let started = SystemTime::now();
    let locating = Locating::of(args);
    let entry = Entry::of(&(&locating, &scope));
    let (file, session) = match entry.read() {
        Some(known) => known,
        None => find_out(&entry, &locating, scope)?,
    };
    if init::is_entered(&session.workspace) {
        overridden::warn();
    }
    let args = in_target_dir(args, &locating, &session.target_dir);
    let cargo = || cargo(&locating, &file, &session);
    let status = signals::run(cargo()?.args(&args))?;
    let was_stopped = status.code().is_none();
    if !was_stopped && !args.iter().any(|arg| arg == "-q" || arg == "--quiet") {
        Ended {
            args: &args,
            locating: &locating,
            entry: &entry,
            session: &session,
            file: &file,
            started,
        }
        .tell(cargo()?);
    }
    Ok(exit::of(status))
}

/// Cargo, in the environment in which it instruments.
fn cargo(locating: &Locating, file: &Path, session: &Session) -> Result<Command> {
    let mut command = Command::new(toolchain::cargo());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(concern::is_one) {
            command.env_remove(&name);
        }
    }
    command
        .envs(concern::variables(session))
        .env("CARGO_TARGET_DIR", &session.target_dir)
        .env("RUSTC_WRAPPER", this_binary()?)
        .env(VARIABLE, file)
        .envs(locating.is_offline().then_some((OFFLINE, "1")))
        .envs(
            session
                .build_dir
                .iter()
                .map(|directory| ("CARGO_BUILD_BUILD_DIR", directory)),
        );
    Ok(command)
}

/// Asks cargo what the program consists of, and writes the session.
fn find_out(entry: &Entry, locating: &Locating, scope: Scope) -> Result<(PathBuf, Session)> {
    let project = Project::load(locating.manifest.as_deref(), &locating.metadata)?;
    let mut session = project.session(scope, inner_wrapper()?)?;
    if let Some((_, directory)) = &locating.target_dir {
        let directory = std::path::absolute(directory).context("find the target directory")?;
        session.target_dir = directory.join(TARGET_DIR);
    }
    let file = session.write(&session.state()).advise(
        "write the session into the target directory",
        "make it writable, free space on its disk, or set CARGO_TARGET_DIR to another",
    )?;
    let packages = project.metadata.packages.iter();
    let local = packages.filter(|package| package.source.is_none());
    let program = Program {
        workspace: PathBuf::from(&project.metadata.workspace_root),
        packages: local.map(directory).collect(),
        config_files: locating.config_files().map(PathBuf::from).collect(),
    };
    entry.write(&file, &program);
    Ok((file, session))
}

/// A target directory that the user names is given to cargo as ours within it.
fn in_target_dir(args: &[OsString], locating: &Locating, target_dir: &Path) -> Vec<OsString> {
    let mut args = args.to_vec();
    if let Some((index, _)) = locating.target_dir {
        let attached = args[index].as_encoded_bytes().starts_with(b"--target-dir=");
        let mut value = OsString::from(if attached { "--target-dir=" } else { "" });
        value.push(target_dir);
        args[index] = value;
    }
    args
}
