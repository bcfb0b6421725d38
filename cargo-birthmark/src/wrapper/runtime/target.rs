//! What the runtime has to have in common with the code that it is linked with.

use std::ffi::OsStr;
use std::hash::Hash;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::super::Build;
use super::super::command_line::Unit;
use super::modified;
use crate::programs;
use crate::session::hash;

/// What the runtime has to have in common with the code that it is linked with.
#[derive(Hash)]
pub struct Target {
    triple: Option<String>,
    /// Flags of the compiler.
    pub flags: Vec<String>,
}

/// Flags that all code of a program must agree on, or wants to.
const SHARED_CODEGEN: &[&str] = &[
    "target-cpu",
    "target-feature",
    "relocation-model",
    "code-model",
    "control-flow-guard",
    "force-frame-pointers",
    "force-unwind-tables",
    "soft-float",
    "symbol-mangling-version",
];
const SHARED_UNSTABLE: &[&str] = &[
    "sanitizer",
    "cf-protection",
    "branch-protection",
    "fixed-x18",
    "regparm",
    "reg-struct-return",
];

impl Target {
    /// Reads the call of the compiler.
    pub fn of(unit: &Unit) -> Target {
        let call = &unit.invocation;
        let shared = |option: &'static str, names: &'static [&str]| {
            let values = call.values(option);
            let shared =
                values.filter(|value| names.contains(&value.split('=').next().unwrap_or_default()));
            shared.map(move |value| format!("{option}{value}"))
        };
        let codegen = shared("-C", SHARED_CODEGEN).chain(shared("-Z", SHARED_UNSTABLE));
        Target {
            triple: call.values("--target").next_back().map(String::from),
            flags: codegen.collect(),
        }
    }

    /// A name for the directory, the same for all units that can share the runtime.
    pub fn key(&self, unit: &Unit, build: &Build<'_>) -> String {
        let compiler = programs::find(Path::new(unit.invocation.rustc()));
        let identity = modified(&compiler);
        let toolchain = std::env::var_os("RUSTUP_TOOLCHAIN");
        let runtime = format!("{:?}{}", build.session.runtime, build.session.tool);
        format!(
            "{:016x}",
            hash(&(self, compiler, identity, toolchain, runtime))
        )
    }

    /// All that tells one compiler from another.
    pub fn compiler(&self, unit: &Unit) -> Result<impl Hash + use<>> {
        let compiler = programs::find(Path::new(unit.invocation.rustc()));
        let identity = modified(&compiler);
        Ok((version(compiler.as_os_str())?, identity, compiler))
    }

    /// The target, also where it is the compiler's own and goes without saying.
    pub fn triple(&self, unit: &Unit) -> Result<String> {
        match &self.triple {
            Some(triple) => Ok(triple.clone()),
            None => host(unit.invocation.rustc()),
        }
    }
}

/// What the compiler says of itself.
fn version(compiler: &OsStr) -> Result<String> {
    let output = Command::new(compiler).arg("-vV").output();
    let output = output.context("ask the compiler for its version")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn host(compiler: &OsStr) -> Result<String> {
    let text = version(compiler)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(String::from)
        .context("find the host in what the compiler says of itself")
}
