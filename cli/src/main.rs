//! The command `birthmark`.

use std::process::ExitCode;

fn main() -> ExitCode {
    birthmark_cli::main(std::env::args_os())
}

#[cfg(test)]
use birthmark_test_support as _;
