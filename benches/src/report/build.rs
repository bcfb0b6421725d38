//! Full builds of a program of 220 packages by `cargo birthmark --deps`, beside plain cargo. The time of day counts on
//! a quiet machine only. A busy machine disturbs processor time less.

pub(super) mod idle;
mod program;

use crate::stats::Sample;
use program::{Program, Spent, Way};

const ROUNDS: usize = 3;

const HEAD: &str = "| what | time of day, s | beside plain | processor time, s | beside plain |\n| --- | --- | --- | --- | --- |";

pub(super) fn section() {
    println!("\n## Full builds of 220 packages by `cargo birthmark --deps`, beside plain cargo\n");
    println!("{HEAD}");
    let program = Program::new();
    let ways = [Way::Plain, Way::Birthmark];
    program.forget_runtimes();
    let build = |way| {
        program.clean(way);
        program.build(way)
    };
    let first = build(Way::Birthmark);
    let spent = in_turns(&ways, ROUNDS, build);
    print(&ways, &spent);
    let usual = Sample::new(spent.iter().map(|round| round[1].processor));
    println!(
        "\nThe first build on a machine compiles the runtime: {:+.1} s of processor time.",
        first.processor - usual.median()
    );
}

/// All ways, round after round, and who goes first changes.
fn in_turns(ways: &[Way], rounds: usize, build: impl Fn(Way) -> Spent) -> Vec<Vec<Spent>> {
    let round = |round: usize| {
        let mut spent: Vec<_> = (0..ways.len())
            .map(|turn| (turn + round) % ways.len())
            .map(|way| (way, build(ways[way])))
            .collect();
        spent.sort_by_key(|(way, _)| *way);
        spent.into_iter().map(|(_, spent)| spent).collect()
    };
    (0..rounds).map(round).collect()
}

/// Prints what each way took, and how it compares with the first in the same round.
fn print(ways: &[Way], rounds: &[Vec<Spent>]) {
    for (index, way) in ways.iter().enumerate() {
        let [wall, processor] = [Spent::wall, Spent::processor].map(|of: fn(&Spent) -> f64| {
            let taken = Sample::new(rounds.iter().map(|round| of(&round[index])));
            let ratios = rounds.iter().map(|round| of(&round[index]) / of(&round[0]));
            format!("{taken:.3} | {:.3}", Sample::new(ratios))
        });
        println!("| {way} | {wall} | {processor} |");
    }
}
