//! The programs that are called: cargo, the compiler, and this one.

use std::env;
use std::ffi::{OsStr, OsString};
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::programs;
use crate::remedy::Advise;

/// Returns the cargo that runs this program, or the one on the path.
pub fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Returns the compiler that the environment names, or the one on the path.
pub fn rustc() -> OsString {
    env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// Returns the output of `rustc -vV`.
pub fn version(rustc: &OsStr) -> Result<String> {
    let output = Command::new(rustc).arg("-vV").output();
    let output = output.advise("run rustc", "install it, or set RUSTC to its path")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Returns the default target of a compiler.
pub fn host(rustc: &OsStr) -> Result<String> {
    let text = version(rustc)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(String::from)
        .context("find the host in the output of `rustc -vV`")
}

/// Returns an identity that tells compilers apart without running them. Behind rustup, one program is several
/// compilers.
pub fn identity(rustc: &OsStr) -> impl Hash + use<> {
    let rustc = programs::find(Path::new(rustc));
    let changed = rustc.metadata().and_then(|it| it.modified()).ok();
    (rustc, changed, env::var_os("RUSTUP_TOOLCHAIN"))
}

/// Returns an identity that tells all compilers apart, and runs them for it.
pub fn full_identity(rustc: &OsStr) -> Result<impl Hash + use<>> {
    Ok((version(rustc)?, identity(rustc)))
}

/// Returns the path of this program, as cargo is to call it.
pub fn this_binary() -> Result<PathBuf> {
    env::current_exe().context("find the path of cargo-birthmark itself")
}

/// Returns the compiler wrapper of the user, from the environment or cargo's configuration, unless it is this program.
pub fn inner_wrapper() -> Result<Option<PathBuf>> {
    let config = cargo_config2::Config::load().context("read cargo's configuration")?;
    let inner = config
        .build
        .rustc_wrapper
        .filter(|path| path.as_os_str() != OsStr::new(""));
    let own = this_binary()?;
    Ok(inner.filter(|path| !same_file(path, &own)))
}

/// Returns `true` if two paths lead to one file.
pub fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}
