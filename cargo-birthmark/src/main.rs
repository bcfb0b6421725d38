//! The binary of `cargo birthmark`. The library of this package is the command.

#[cfg(test)]
use birthmark_test_support as _;

use std::process::ExitCode;

fn main() -> ExitCode {
    cargo_birthmark::main()
}
