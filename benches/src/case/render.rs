//! How long each form of a dump of a million tasks takes, and how much memory.

use std::cell::Cell;
use std::hint::black_box;
use std::io::{self, Write};

use birthmark::Dump;
use birthmark::render::Format;

use super::dump::median;
use super::memory::{MILLION, each, peak, reset_peak};
use super::unit;
use crate::spawn::Population;

/// The forms that are measured: each [`Format`], and the difference of two dumps.
pub const FORMS: [&str; 9] = [
    "text",
    "tree",
    "groups",
    "stuck",
    "resources",
    "folded",
    "json",
    "pprof",
    "diff",
];

/// Measures a dump of a million live tasks. Returns the milliseconds of the snapshot and those of the form after it,
/// the megabytes written, and the peak memory in bytes a task, with the snapshot. A difference takes a second snapshot
/// for itself.
pub(super) fn measure(form: &str, population: &str) -> [f64; 4] {
    let population = Population::ALL.iter().find(|(_, name)| *name == population);
    let (population, _) = population.expect("a population");
    let runtime = unit::current_thread();
    let number = Cell::new(0);
    each(&runtime, population.to_spawn(MILLION), || {
        population.spawn(number.replace(number.get() + 1), MILLION)
    });
    while birthmark::task_count() < MILLION {
        runtime.block_on(async {
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
        });
    }
    let before = reset_peak();
    let mut counted = Counted::default();
    write_form(&birthmark::dump(), form, &mut counted);
    let memory = (peak() - before) / MILLION as f64;
    let snapshot = median(|| drop(black_box(birthmark::dump())));
    let dump = birthmark::dump();
    let time = median(|| write_form(&dump, form, &mut Counted::default()));
    std::mem::forget(runtime);
    [snapshot, time, counted.0 as f64 / 1e6, memory]
}

fn write_form(dump: &Dump, form: &str, out: &mut Counted) {
    match form {
        "diff" => write!(out, "{}", birthmark::dump().diff(dump)).expect("a sink takes all"),
        name => write(dump, name.parse().expect("a format"), out),
    }
}

pub(super) fn write(dump: &Dump, form: Format, out: &mut Counted) {
    dump.write(form, out).expect("a sink takes all");
}

/// Counts bytes and forgets them.
#[derive(Default)]
pub(super) struct Counted(usize);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += black_box(bytes).len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
