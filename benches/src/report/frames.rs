//! The cost of frames, beside that of peers with a similar feature.

use super::{ROUNDS, ratios_of};
use crate::case::{Await, Unit};
use crate::run::{self, Malloc};
use crate::stats::Sample;
use crate::variant::Variant;

const UNITS: [Unit; 4] = [
    Unit::SpawnLevels(1),
    Unit::SpawnLevels(5),
    Unit::PollLevels(1),
    Unit::PollLevels(5),
];

const AWAITS: [Unit; 4] = [
    Unit::Await(Await::Ready),
    Unit::Await(Await::BelowFour),
    Unit::Await(Await::Lock),
    Unit::Await(Await::YieldNow),
];

/// Variants that instrument an await in a task that runs.
const AWAITING: [Variant; 6] = [
    Variant::On,
    Variant::Off,
    Variant::AsyncBacktrace,
    Variant::AwaitTree,
    Variant::Tracing,
    Variant::Registry,
];

const MULTI: [Unit; 2] = [Unit::SpawnLevelMulti, Unit::PollLevelMulti];

/// Prints the section.
pub(super) fn section() {
    println!("\n## Frames\n");
    let variants = [&Variant::LEVELLED_LOWER_BOUND[..], &Variant::LEVELLED].concat();
    println!("| unit | variant | instructions beyond raw |\n| --- | --- | --- |");
    UNITS
        .into_iter()
        .for_each(|unit| instructions(unit, &variants));
    AWAITS
        .into_iter()
        .for_each(|unit| instructions(unit, &AWAITING));
    println!("\n| unit | variant | time beside raw, mimalloc | glibc |");
    println!("| --- | --- | --- | --- |");
    for unit in UNITS.into_iter().chain(MULTI) {
        ratios_of(unit, &variants);
    }
    for unit in AWAITS {
        ratios_of(unit, &AWAITING);
    }
    println!("\n| a further level (mimalloc) | task, ns beside raw | poll, ns beside raw |");
    println!("| --- | --- | --- |");
    variants.into_iter().for_each(further_level);
    a_million();
}

fn a_million() {
    println!(
        "\n| a million tasks, 1 await (mimalloc) | bytes each beyond raw | snapshot, ms | text, ms |"
    );
    println!("| --- | --- | --- | --- |");
    let raw = bytes(Variant::Raw);
    for variant in [Variant::On, Variant::AsyncBacktrace, Variant::AwaitTree] {
        let bytes = bytes(variant) - raw;
        match run::case(Malloc::Mimalloc, &["dump-awaiting", &variant.to_string()])[..] {
            [_, snapshot, _, text, _] => {
                println!("| {variant} | {bytes:+.0} | {snapshot:.1} | {text:.0} |");
            }
            [text] => println!("| {variant} | {bytes:+.0} | | {text:.0} |"),
            _ => unreachable!("cases of this name print one value or five"),
        }
    }
}

fn instructions(unit: Unit, variants: &[Variant]) {
    let raw = run::instructions(Malloc::Mimalloc, unit, Variant::Raw);
    println!("| {unit} | raw | {:.0} |", raw.median());
    for &variant in variants {
        let added = run::instructions(Malloc::Mimalloc, unit, variant).beyond(&raw);
        println!("| {unit} | {variant} | {:+.1} |", added.median());
    }
}

fn further_level(variant: Variant) {
    let nanoseconds = |what| {
        let args = ["further-level", what, &variant.to_string()];
        Sample::new((0..ROUNDS).flat_map(|_| run::case(Malloc::Mimalloc, &args)))
    };
    let (task, poll) = (nanoseconds("task"), nanoseconds("poll"));
    println!("| {variant} | {task} | {poll} |");
}

fn bytes(variant: Variant) -> f64 {
    run::case(Malloc::Mimalloc, &["live-awaiting", &variant.to_string()])[0]
}
