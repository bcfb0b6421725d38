//! The costs that remain of birthmark if one feature after the other is taken away. They explain why some
//! [budgets](birthmark_benches::budgets) do not reach their goals. With `--profile lto`, also the cost that each
//! feature adds to the least record for a job. See `src/spawn/lower_bound/`.

use birthmark_benches::case::Unit;
use birthmark_benches::run::{self, Malloc};
use birthmark_benches::spawn::FEATURES;
use birthmark_benches::variant::Variant;

const UNITS: [Unit; 6] = [
    Unit::Spawn,
    Unit::SpawnOwning,
    Unit::SpawnBlock,
    Unit::Poll,
    Unit::Job,
    Unit::Thread,
];
const LEVELS: [Unit; 4] = [
    Unit::SpawnLevels(1),
    Unit::SpawnLevels(5),
    Unit::PollLevels(1),
    Unit::PollLevels(5),
];
const VARIANTS: [Variant; 7] = [
    Variant::Word,
    Variant::DropOnly,
    Variant::Prototype,
    Variant::MinimalRecord,
    Variant::On,
    Variant::Idle,
    Variant::Off,
];

fn main() {
    run::build_cases(&[Malloc::Mimalloc]);
    println!(
        "instructions a unit beyond raw, by callgrind, mimalloc, profile {}",
        run::profile()
    );
    table(&UNITS, &VARIANTS);
    println!("\na word, a drop or a frame at each .await");
    let ours = [Variant::On, Variant::Off];
    table(
        &LEVELS,
        &[&Variant::LEVELLED_LOWER_BOUND[..], &ours].concat(),
    );
    // Without link-time optimization, each thread-local of `record.rs` is looked up by itself, which takes more
    // than what is shown.
    if run::profile() == "lto" {
        println!("\na rayon job");
        job();
    }
}

fn table(units: &[Unit], variants: &[Variant]) {
    print!("{:<26}{:>10}", "", "raw");
    variants.iter().for_each(|variant| print!("{variant:>18}"));
    println!();
    units.iter().for_each(|&of| unit(of, variants));
}

fn unit(unit: Unit, variants: &[Variant]) {
    let count = |variant| run::instructions(Malloc::Mimalloc, unit, variant);
    let raw = count(Variant::Raw);
    print!("{unit:<26}{:>10.1}", raw.median());
    for &variant in variants {
        print!("{:>+18.1}", count(variant).beyond(&raw).median());
    }
    println!();
}

fn job() {
    let count = |variant| run::instructions(Malloc::Mimalloc, Unit::Job, variant);
    let raw = count(Variant::Raw);
    let row = |what: &str, variant| {
        println!("{:>+8.1}  {what}", count(variant).beyond(&raw).median());
    };
    row("the least record", Variant::MinimalRecord);
    for (count, feature) in (1..).zip(FEATURES) {
        row(&format!("and {feature}"), Variant::RecordWith(count));
    }
    row("birthmark, which also fills its stocks", Variant::On);
}
