//! The target and the flags that a runtime shares with the code that it is linked with.

use std::hash::Hash;

use anyhow::Result;

use super::super::Build;
use super::super::command_line::Unit;
use crate::session::hash;
use crate::toolchain;

/// The target and the flags that a runtime shares with the code that it is linked with.
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
        let compiler = toolchain::identity(unit.invocation.rustc());
        let session = build.session;
        let runtime = format!("{:?}{}", session.runtime, session.tool);
        let features = &session.scope.runtime_features;
        format!("{:016x}", hash(&(self, compiler, runtime, features)))
    }

    /// The target, also where it is the compiler's own and goes without saying.
    pub fn triple(&self, unit: &Unit) -> Result<String> {
        match &self.triple {
            Some(triple) => Ok(triple.clone()),
            None => toolchain::host(unit.invocation.rustc()),
        }
    }
}
