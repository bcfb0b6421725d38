//! The command line of a child process, and its cases.

use std::fmt;
use std::str::FromStr;

use crate::variant::Variant;

mod dump;
mod memory;
mod pause;
mod render;
mod rules;
mod time;
mod unit;
mod valgrind;

pub use self::pause::{ASKED, LOADS};
pub use self::render::FORMS;
pub use self::unit::{Await, Unit};

/// Bytes in a task beside its state.
pub const PAYLOADS: [usize; 4] = [8, 40, 72, 104];

/// The command line of a child: what to do, then its parameters.
///
/// # Panics
///
/// If it is not one that [`run`](crate::run) makes; nobody else calls it.
pub fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["count", unit, variant, payload, units] => {
            let variant: Variant = parse(variant);
            variant.prepare();
            let unit: Unit = parse(unit);
            let stage = unit::Stage::new(unit, parse(payload));
            let work = || stage.run(variant, parse(units));
            valgrind::counted(unit.is_of_one_thread(), work);
        }
        ["time", unit, variant, payload] => {
            print_all(time::pairs(parse(unit), parse(variant), parse(payload)));
        }
        ["further-level", "task", variant] => {
            print_all(time::further_level(Unit::SpawnLevels, parse(variant)));
        }
        ["further-level", "poll", variant] => {
            print_all(time::further_level(Unit::PollLevels, parse(variant)));
        }
        ["time-alone", unit, variant, payload] => {
            print_all([time::alone(parse(unit), parse(variant), parse(payload))]);
        }
        ["scale", variant, threads] => print_all(time::scale(parse(variant), parse(threads))),
        ["cross", variant] => print_all(time::cross(parse(variant))),
        ["live", variant, payload] => print_all([memory::live(parse(variant), parse(payload))]),
        ["live-awaiting", variant] => print_all([memory::live_awaiting(parse(variant))]),
        ["dump-awaiting", variant] => print_all(dump::times_awaiting(parse(variant))),
        ["residue-short", variant] => print_all([memory::after_short(parse(variant))]),
        ["residue-live", variant] => print_all([memory::after_live(parse(variant))]),
        ["dump", variant, churners] => print_all(dump::times(parse(variant), parse(churners))),
        ["pause"] => print_all(pause::measure()),
        ["rules", tasks] => print_all(rules::measure(parse(tasks))),
        ["render", form, population] => print_all(render::measure(form, population)),
        _ => panic!("usage: case WHAT PARAMETERS…; see the documentation of `case`, got {args:?}"),
    }
}

fn parse<T: FromStr<Err: fmt::Debug>>(arg: &str) -> T {
    arg.parse().expect("a parameter of a case")
}

fn print_all(values: impl IntoIterator<Item = f64>) {
    for value in values {
        println!("{value}");
    }
}
