//! Builds with nothing to do.
//!
//! `cargo birthmark build` runs cargo twice: once to find the subcommand, which takes cargo several milliseconds
//! before it becomes us, and once to build. A subcommand that does nothing but become `cargo build` shows what
//! cargo takes for that, below which no subcommand can go.

use super::program::{Program, Way};
use super::{HEAD, in_turns, print};

/// The builds are short, so there are many rounds.
const ROUNDS: usize = 60;

pub(in super::super) fn section() {
    println!("\n## Builds of 220 packages with nothing to do, beside plain cargo\n");
    println!("{HEAD}");
    let program = Program::new();
    let ways = [
        Way::Plain,
        Way::Exec,
        Way::Birthmark,
        Way::Direct,
        Way::Initiated,
    ];
    program.settle();
    // Metadata is cached once files are no longer new.
    for _ in 0..2 {
        for way in ways {
            program.build(way);
        }
    }
    print(&ways, &in_turns(&ways, ROUNDS, |way| program.build(way)));
}
