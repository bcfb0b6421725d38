//! A subcommand of cargo that does nothing but become cargo. `table idle` shows by it what any subcommand costs.

use std::process::Command;

fn main() {
    // Cargo passes the name of the subcommand first.
    let args = std::env::args_os().skip(2);
    let cargo = std::env::var_os("CARGO").expect("cargo runs this");
    let mut command = Command::new(cargo);
    become_it(command.args(args));
}

#[cfg(unix)]
fn become_it(command: &mut Command) {
    let error = std::os::unix::process::CommandExt::exec(command);
    panic!("failed to run {command:?}: {error}");
}

#[cfg(not(unix))]
fn become_it(command: &mut Command) {
    let status = command.status().expect("cargo can be run");
    std::process::exit(status.code().unwrap_or(1));
}
