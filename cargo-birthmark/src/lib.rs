//! `cargo birthmark`: instruments whole crates and whole programs at build time.
//!
//! This library is the command. The binary calls [`main`] and nothing else. The library promises no stability.
//!
//! The binary has two roles. As `cargo birthmark …`, it is the front end. The front end finds out which crates to
//! instrument, writes a session file, and runs cargo with itself as the compiler wrapper. As that wrapper, cargo calls
//! it in place of rustc. The wrapper rewrites the text of a crate into a mirror, and rustc compiles the mirror.
//!
//! # Layers
//!
//! Each module uses those above it in this table, and none below.
//!
//! | module | contents |
//! | --- | --- |
//! | `source/` | the files of a crate, and what the engine makes of them |
//! | `identity.rs` | properties that tell the units of cargo apart |
//! | `output.rs` | formats, and lines among those of cargo |
//! | `programs.rs` | programs on the path |
//! | `remedy.rs` | errors that name their remedy |
//! | `signals.rs` | work that Ctrl-C must not cut in two |
//! | `exit.rs` | exit codes |
//! | `toolchain.rs` | cargo, the compiler, and this program |
//! | `carriers.rs` | libraries that give child tasks what their spawner has |
//! | `scope.rs` | the choice of the user |
//! | `session.rs` | the file in which the front end passes the choice to the wrapper |
//! | `cache/` | caches in the target directory and in the home directory |
//! | `concern.rs` | the parts of the choice that concern one crate |
//! | `selection.rs` | the decision whether a crate is instrumented |
//! | `wrapper/` | the compiler wrapper |
//! | `front/` | the front end |
//! | `cli.rs` | the command line |

#[cfg(test)]
use birthmark_test_support as _;

mod cache;
mod carriers;
mod cli;
mod concern;
mod exit;
mod front;
mod identity;
mod output;
mod programs;
mod remedy;
mod scope;
mod selection;
mod session;
mod signals;
mod source;
mod toolchain;
mod wrapper;

use std::process::ExitCode;

/// Runs the command with the arguments of this process, in the role that its first argument selects.
pub fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    match args.get(1).map(|arg| arg.as_encoded_bytes()) {
        // Cargo passes `birthmark` first to a subcommand. A person may call the binary by its name.
        None | Some(b"birthmark" | [b'-', ..]) => cli::main(args),
        Some(_) => wrapper::main(&args[1..]),
    }
}
