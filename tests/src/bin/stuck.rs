//! A program that is stuck, and says in JSON where its threads stand whenever it reads a line.

use std::io::{Write, stdin, stdout};

use birthmark::ThreadDetail;
use birthmark::render::Format;
use birthmark_integration_tests::stuck::Stuck;

fn main() {
    Stuck::hold(|_| {
        let mut out = stdout();
        for _ in stdin().lines() {
            let dump = birthmark::dump().with_threads(ThreadDetail::Stacks);
            dump.write(Format::Json, &mut out)
                .expect("somebody reads it");
            writeln!(out, "that is all").expect("somebody reads it");
        }
    });
}
