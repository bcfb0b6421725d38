//! `cargo birthmark`: instruments whole crates and whole programs at build time.
//!
//! This library is the command. The binary calls [`main`] and nothing else. The library promises no stability.
//!
//! The binary has two roles. As `cargo birthmark …`, it is a front end (`cli.rs`, `front/`). The front end finds out
//! which crates to instrument, writes a session file, and runs cargo with itself as the compiler wrapper. As that
//! wrapper (`wrapper/`), cargo calls it in place of rustc. The wrapper rewrites the text of a crate into a mirror
//! (`source/`, `mirror.rs`), and rustc compiles the mirror.

#[cfg(test)]
use birthmark_test_support as _;

mod cache;
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
