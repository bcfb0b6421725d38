//! Commands that look at a running program. The command `birthmark` does the work.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::exit;
use crate::remedy::Advise as _;

/// Commands of `birthmark` that are passed on to it. `sites` and `diff` are those of this program.
const COMMANDS: &[&str] = &[
    "dump",
    "groups",
    "list",
    "ps",
    "resources",
    "stuck",
    "threads",
    "top",
    "tree",
];

/// Returns `true` if the command looks at a running program.
pub fn is_one(command: &OsStr) -> bool {
    command
        .to_str()
        .is_some_and(|command| COMMANDS.binary_search(&command).is_ok())
}

/// Runs the command `birthmark` with these arguments.
pub fn run(arguments: &[OsString]) -> Result<ExitCode> {
    let mut command = Command::new(program());
    command.args(arguments);
    let status = command.status().advise(
        "run the command `birthmark`, which looks at running programs",
        "install it with `cargo install birthmark-cli`",
    )?;
    Ok(exit::of(status))
}

/// Returns the executable beside this one, if there is one, or the name that the system looks up.
fn program() -> PathBuf {
    let name = format!("birthmark{}", std::env::consts::EXE_SUFFIX);
    let here = std::env::current_exe().ok();
    let beside = here.map(|here| here.with_file_name(&name));
    beside
        .filter(|path| path.is_file())
        .unwrap_or_else(|| name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted() {
        assert!(COMMANDS.is_sorted());
    }
}
