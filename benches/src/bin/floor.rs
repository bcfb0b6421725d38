//! Why some [bars](birthmark_benches::bars) are not reached: what is left of the cost of birthmark when
//! one feature after the other is taken away. See `src/spawn/floor.rs`.

use birthmark_benches::case::Unit;
use birthmark_benches::run::{self, Malloc};
use birthmark_benches::variant::Variant;

const UNITS: [Unit; 6] = [
    Unit::Spawn,
    Unit::SpawnOwning,
    Unit::SpawnBlock,
    Unit::Poll,
    Unit::Job,
    Unit::Thread,
];
const VARIANTS: [Variant; 6] = [
    Variant::Word,
    Variant::Husk,
    Variant::Sketch,
    Variant::Least,
    Variant::On,
    Variant::Off,
];

fn main() {
    run::build_cases();
    println!(
        "instructions a unit beyond raw, by callgrind, mimalloc, profile {}",
        run::profile()
    );
    print!("{:<26}{:>10}", "", "raw");
    VARIANTS.iter().for_each(|variant| print!("{variant:>18}"));
    for unit in UNITS {
        let count = |variant| run::instructions(Malloc::Mimalloc, unit, variant);
        let raw = count(Variant::Raw);
        print!("\n{unit:<26}{raw:>10.1}");
        VARIANTS
            .iter()
            .for_each(|&variant| print!("{:>+18.1}", count(variant) - raw));
    }
    println!();
}
