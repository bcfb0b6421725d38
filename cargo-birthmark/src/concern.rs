//! Variables of the environment, by which cargo learns which choices concern a crate.
//!
//! A crate that reads a variable is compiled anew when the variable changes. Each variable here says one thing that
//! may decide what becomes of a crate, and each crate names those that did decide (`wrapper/dep_info.rs`). So another
//! choice compiles the crates again that it concerns, and no others.

use std::collections::BTreeMap;

use crate::scope::{Frames, Reach};
use crate::session::{Session, VARIABLE, hash};

/// Variables by their names, with their values. A variable that is not set has none.
pub type Values = BTreeMap<String, Option<String>>;

/// One thing that may decide what becomes of a crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// The tool, and the workspace for which it works.
    Tool,
    /// The runtime that crates are linked with.
    Runtime,
    /// `workspace`: all members are chosen.
    Members,
    /// `deps`: all dependencies are chosen.
    Dependencies,
    /// `only`: no packages are chosen except those that patterns name.
    Only,
    /// `frames`: all dependencies have frames, or crates with debug information have none. Patterns concern packages
    /// alone.
    Frames,
    /// `carry`: programs switch the carriers of libraries on.
    Carry,
    /// `rules`: programs have rules.
    Rules,
    /// `spawn-stacks`: programs keep the stacks of spawns.
    SpawnStacks,
    /// Tests are roots, at whose end leaks are looked for.
    Tests,
}

const ALL: [Concern; 10] = [
    Concern::Tool,
    Concern::Runtime,
    Concern::Members,
    Concern::Dependencies,
    Concern::Only,
    Concern::Frames,
    Concern::Carry,
    Concern::Rules,
    Concern::SpawnStacks,
    Concern::Tests,
];

impl Concern {
    /// The variable.
    pub fn variable(self) -> String {
        let name = match self {
            Concern::Tool => "TOOL",
            Concern::Runtime => "RUNTIME",
            Concern::Members => "MEMBERS",
            Concern::Dependencies => "DEPS",
            Concern::Only => "ONLY",
            Concern::Frames => "FRAMES",
            Concern::Carry => "CARRY",
            Concern::Rules => "RULES",
            Concern::SpawnStacks => "SPAWN_STACKS",
            Concern::Tests => "TESTS",
        };
        format!("{VARIABLE}_{name}")
    }

    fn value(self, session: &Session) -> Option<String> {
        let scope = &session.scope;
        let set = |is_set: bool| is_set.then(|| "1".to_owned());
        match self {
            Concern::Tool => {
                let tool = (&session.tool, &session.workspace, &session.inner);
                Some(format!("{:016x}", hash(&tool)))
            }
            Concern::Runtime => {
                let runtime = format!("{:?}", session.runtime);
                let runtime = (runtime, &scope.runtime_features);
                Some(format!("{:016x}", hash(&runtime)))
            }
            Concern::Members => set(scope.reach >= Reach::Workspace),
            Concern::Dependencies => set(scope.reach >= Reach::Deps),
            Concern::Only => set(!scope.only.is_empty()),
            Concern::Carry => (!scope.carry.is_empty()).then(|| scope.carry.join(" ")),
            Concern::Rules => (!scope.rules.is_empty()).then(|| scope.rules.join(" ")),
            Concern::SpawnStacks => {
                let patterns = &scope.spawn_stacks;
                (!patterns.is_empty()).then(|| patterns.join(" "))
            }
            Concern::Frames => match &scope.frames {
                Frames::Members | Frames::Packages(_) => None,
                Frames::All => Some("1".to_owned()),
                Frames::DebugInfo => Some("debug-info".to_owned()),
            },
            Concern::Tests => set(session.tests_are_roots),
        }
    }
}

/// The variable that is set if something is said of a package alone.
pub fn package(name: &str, version: &str) -> String {
    let letter = |it: char| if it.is_ascii_alphanumeric() { it } else { '_' };
    let name: String = format!("{name}_{version}").chars().map(letter).collect();
    format!("{VARIABLE}_PACKAGE_{}", name.to_uppercase())
}

/// All variables of a session that are set.
pub fn variables(session: &Session) -> BTreeMap<String, String> {
    let general = ALL.into_iter();
    let general = general.filter_map(|one| Some((one.variable(), one.value(session)?)));
    general.chain(session.packages.clone()).collect()
}

/// The values that some variables have in a session.
pub fn values(session: &Session, names: impl IntoIterator<Item = String>) -> Values {
    let all = variables(session);
    let names = names.into_iter();
    names
        .map(|name| {
            let value = all.get(&name).cloned();
            (name, value)
        })
        .collect()
}

/// Returns whether variables have these values in a session.
pub fn hold(values: &Values, session: &Session) -> bool {
    *values == self::values(session, values.keys().cloned())
}

/// Returns whether a variable of the environment is one of these, as they are inherited by a program that runs
/// `cargo birthmark` itself.
pub fn is_one(variable: &str) -> bool {
    ALL.iter().any(|one| one.variable() == variable)
        || variable.starts_with(&format!("{VARIABLE}_PACKAGE_"))
}
