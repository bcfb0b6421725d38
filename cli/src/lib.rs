//! The command `birthmark`: tasks of a running program or of a core file, read from outside.
//!
//! The crate is a command. Its library is there for the tests and the executable, and has one function.
//!
//! # Modules
//!
//! Each module uses those above it in this table, and none below.
//!
//! | module | contents |
//! | --- | --- |
//! | `exit` | exit codes and errors |
//! | `args` | the command line |
//! | `output` | standard output, with or without colours |
//! | `redact` | redaction of names and labels |
//! | `target` | the process or core file that the command line names |
//! | `top` | the terminal page |
//! | `commands` | one file for each command |

mod args;
mod commands;
mod exit;
mod output;
mod redact;
mod target;
mod top;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

/// Runs the command with these arguments, of which the first one is the name of the program. Returns its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = args::Cli::parse_from(arguments);
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

#[cfg(test)]
use birthmark_test_support as _;
