//! Measures console-subscriber without a client, beside the same build of tokio without it:
//!
//! ```text
//! RUSTFLAGS="--cfg tokio_unstable" \
//! cargo run --release -p birthmark-benches --features console --bin console
//! ```

use birthmark_benches::case::Unit;
use birthmark_benches::run::{self, Counts, Malloc};
use birthmark_benches::stats::Sample;
use birthmark_benches::variant::Variant;

const ROUNDS: usize = 7;

fn main() {
    run::build_cases(&[Malloc::Mimalloc]);
    println!("console-subscriber, no client, beside raw in the same build (mimalloc)\n");
    println!("| unit | instructions | time |\n| --- | --- | --- |");
    for unit in [Unit::Spawn, Unit::SpawnMulti, Unit::Poll, Unit::PollMulti] {
        let ratios = Sample::new(
            (0..ROUNDS).map(|_| alone(unit, Variant::Console) / alone(unit, Variant::Raw)),
        );
        let added = match unit {
            // Instructions are counted where one thread does everything.
            Unit::SpawnMulti | Unit::PollMulti => String::new(),
            _ => {
                let added = counted(unit, Variant::Console).beyond(&counted(unit, Variant::Raw));
                format!("{:+.0}", added.median())
            }
        };
        println!("| {unit} | {added} | {ratios} |");
    }
}

fn alone(unit: Unit, variant: Variant) -> f64 {
    let args = ["time-alone", &unit.to_string(), &variant.to_string(), "40"];
    run::case(Malloc::Mimalloc, &args)[0]
}

fn counted(unit: Unit, variant: Variant) -> Counts {
    run::instructions(Malloc::Mimalloc, unit, variant)
}
