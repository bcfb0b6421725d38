//! The longest pause that a dump gives to those who spawn and poll meanwhile.

use crate::case::{ASKED, LOADS};
use crate::run::{self, Malloc};

/// Prints the section.
pub(super) fn section() {
    println!("\n## Pauses of one thread while another dumps a million tasks, in µs (mimalloc)\n");
    println!("A switch is one to another thread: what is longest without is the program's own.\n");
    println!(
        "| of | variant | meanwhile | median | 99.9 % | 99.999 % | longest | longest without a switch |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let values = run::case(Malloc::Mimalloc, &["pause"]);
    let rows: Vec<&[f64]> = values.chunks(5).collect();
    for (unit, name) in ["spawn", "poll"].iter().enumerate() {
        for (who, variant) in ASKED.iter().enumerate() {
            for (load, meanwhile) in LOADS.iter().enumerate() {
                let row = rows[(load * ASKED.len() + who) * 2 + unit];
                print!("| {name} | {variant} | {meanwhile} |");
                row.iter().for_each(|nanos| print!(" {:.2} |", nanos / 1e3));
                println!();
            }
        }
    }
}
