//! The one table: every section measures, then prints.

use crate::case::{PAYLOADS, Unit};
use crate::run::{self, Malloc};
use crate::stats::Sample;
use crate::variant::Variant;

mod build;
mod compile;
mod frames;
mod pause;
mod render;
mod rules;

/// Children of each kind, in turns: one for each payload.
const ROUNDS: usize = 4;

/// The units that all peers know.
const TOKIO: [Unit; 2] = [Unit::Spawn, Unit::Poll];
/// The units that only we are measured by.
const OURS: [Unit; 5] = [
    Unit::SpawnOwning,
    Unit::SpawnBlock,
    Unit::Job,
    Unit::Thread,
    Unit::Join,
];

/// The sections by name, for those who want one only.
pub const SECTIONS: [(&str, fn()); 14] = [
    ("instructions", instructions),
    ("ratios", ratios),
    ("frames", frames::section),
    ("carry", carry),
    ("threads", threads),
    ("live", live),
    ("residue", residue),
    ("dump", dump),
    ("render", render::section),
    ("pause", pause::section),
    ("rules", rules::section),
    ("compile", compile::section),
    ("build", build::section),
    ("idle", build::idle::section),
];

/// The variants that are measured by a unit.
fn compared(unit: Unit) -> &'static [Variant] {
    match unit {
        Unit::Spawn | Unit::SpawnMulti | Unit::Poll | Unit::PollMulti => &Variant::COMPARED,
        // `join` does nothing that could be off.
        Unit::Join => &Variant::OURS[..1],
        _ => &Variant::OURS,
    }
}

fn instructions() {
    println!("\n## Instructions a unit beyond raw (callgrind, one thread)\n");
    println!("| unit | variant | mimalloc | glibc |\n| --- | --- | --- | --- |");
    for unit in TOKIO.into_iter().chain(OURS) {
        let raw = Malloc::ALL.map(|malloc| run::instructions(malloc, unit, Variant::Raw));
        let [first, second] = [0, 1].map(|which: usize| raw[which].median());
        println!("| {unit} | raw | {first:.0} | {second:.0} |");
        for &variant in compared(unit) {
            let [first, second] = [0, 1].map(|which| {
                let counts = run::instructions(Malloc::ALL[which], unit, variant);
                counts.beyond(&raw[which]).median()
            });
            println!("| {unit} | {variant} | {first:+.1} | {second:+.1} |");
        }
    }
}

fn ratios() {
    println!("\n## Time beside raw: median of ratios [quartiles]\n");
    println!("| unit | variant | mimalloc | glibc |\n| --- | --- | --- | --- |");
    let multi = [Unit::SpawnMulti, Unit::PollMulti];
    for unit in TOKIO.into_iter().chain(multi).chain(OURS) {
        ratios_of(unit, compared(unit));
    }
}

/// Prints a row for each variant: the time that it takes beside raw, with each allocator.
fn ratios_of(unit: Unit, variants: &[Variant]) {
    let mut samples = vec![[Vec::new(), Vec::new()]; variants.len()];
    for round in 0..ROUNDS {
        let payload = PAYLOADS[round % PAYLOADS.len()].to_string();
        for (variant, sample) in variants.iter().zip(&mut samples) {
            for (values, malloc) in sample.iter_mut().zip(Malloc::ALL) {
                let args = ["time", &unit.to_string(), &variant.to_string(), &payload];
                values.extend(run::case(malloc, &args));
            }
        }
    }
    for (variant, [first, second]) in variants.iter().zip(samples) {
        let (first, second) = (Sample::new(first), Sample::new(second));
        println!("| {unit} | {variant} | {first} | {second} |");
    }
}

fn carry() {
    println!("\n## A carried span: instructions, and time beside raw (mimalloc)\n");
    println!("| variant | instructions | time |\n| --- | --- | --- |");
    for variant in [
        Variant::On,
        Variant::CarriedNothing,
        Variant::InCurrentSpan,
        Variant::Carried,
    ] {
        let counts = run::instructions(Malloc::Mimalloc, Unit::Spawn, variant).median();
        let name = variant.to_string();
        let args = ["time", &Unit::Spawn.to_string(), &name, "40"];
        let times = (0..ROUNDS).flat_map(|_| run::case(Malloc::Mimalloc, &args));
        println!("| {variant} | {counts:.0} | {} |", Sample::new(times));
    }
}

fn threads() {
    println!("\n## Threads at once, beside raw: median of ratios [quartiles]\n");
    println!("| what | variant | mimalloc | glibc |\n| --- | --- | --- | --- |");
    for variant in Variant::OURS {
        let variant = variant.to_string();
        for (what, args) in [
            ("one thread spawns and ends", vec!["scale", &variant, "1"]),
            ("eight threads spawn and end", vec!["scale", &variant, "8"]),
            ("eight spawn, two others end", vec!["cross", &variant]),
        ] {
            let [first, second] = Malloc::ALL
                .map(|malloc| Sample::new((0..ROUNDS).flat_map(|_| run::case(malloc, &args))));
            println!("| {what} | {variant} | {first} | {second} |");
        }
    }
}

fn live() {
    println!("\n## Bytes a live task beyond raw, of a million (resident memory)\n");
    println!("| variant | mimalloc | glibc |\n| --- | --- | --- |");
    let bytes = |malloc, variant: Variant| {
        PAYLOADS.map(|payload| {
            let args = ["live", &variant.to_string(), &payload.to_string()];
            run::case(malloc, &args)[0]
        })
    };
    let raw = Malloc::ALL.map(|malloc| bytes(malloc, Variant::Raw));
    let medians = [0, 1].map(|which: usize| Sample::new(raw[which]).median());
    println!("| raw | {:.0} | {:.0} |", medians[0], medians[1]);
    for variant in Variant::COMPARED {
        let [first, second] = [0, 1].map(|which| {
            let all = bytes(Malloc::ALL[which], variant);
            Sample::new(all.iter().zip(raw[which]).map(|(bytes, raw)| bytes - raw)).median()
        });
        println!("| {variant} | {first:+.0} | {second:+.0} |");
    }
}

fn residue() {
    println!("\n## Resident memory beyond the start, in KiB\n");
    println!("| after | variant | mimalloc | glibc |\n| --- | --- | --- | --- |");
    for (what, case) in [
        ("ten million short tasks", "residue-short"),
        ("a million live tasks, dropped", "residue-live"),
    ] {
        for variant in [Variant::Raw, Variant::On] {
            let args = [case, &variant.to_string()];
            let [first, second] = Malloc::ALL.map(|malloc| run::case(malloc, &args)[0] / 1024.0);
            println!("| {what} | {variant} | {first:+.0} | {second:+.0} |");
        }
    }
}

fn dump() {
    println!("\n## Dump of a million live tasks while others spawn and end, in ms (mimalloc)\n");
    println!(
        "| variant | others | walk | snapshot | text, sink | text, string | of that, processor |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for variant in [Variant::On, Variant::AsyncBacktrace, Variant::AwaitTree] {
        for churners in ["0", "1", "2"] {
            let args = ["dump", &variant.to_string(), churners];
            match run::case(Malloc::Mimalloc, &args)[..] {
                [walk, snapshot, sink, string, processor] => println!(
                    "| {variant} | {churners} | {walk:.1} | {snapshot:.1} | {sink:.0} | {string:.0} | {processor:.0} |"
                ),
                [text] => println!("| {variant} | {churners} | | | | {text:.0} | |"),
                _ => unreachable!("cases of this name print one value or five"),
            }
        }
    }
}
