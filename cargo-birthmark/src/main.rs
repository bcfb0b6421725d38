//! `cargo birthmark`: instruments whole crates and whole programs at build time.
//!
//! One binary in two roles. As `cargo birthmark …` it is a front end (`cli.rs`, `front/`): it finds out
//! what is to be instrumented, writes that into a session file and runs cargo with itself as the
//! compiler wrapper. As that wrapper (`wrapper/`) it is called by cargo instead of rustc: it rewrites
//! the text of a crate into a mirror (`source/`, `mirror.rs`) and has rustc compile the mirror.

#[cfg(test)]
use birthmark_test_support as _;

mod choice;
mod cli;
mod concern;
mod exit;
mod front;
mod home;
mod identity;
mod programs;
mod remedy;
mod scope;
mod session;
mod signals;
mod source;
mod toolchain;
mod trusted;
mod wrapper;

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    match args.get(1).map(|arg| arg.as_encoded_bytes()) {
        // What cargo passes first to a subcommand, or a person who calls the binary by its name.
        None | Some(b"birthmark" | [b'-', ..]) => cli::main(args),
        Some(_) => wrapper::main(&args[1..]),
    }
}
