//! How long each form of a dump of a million tasks takes, and how much memory.

use std::hint::black_box;
use std::io::{self, Write};

use birthmark::Dump;
use birthmark::render::Format;

use super::dump::median;
use super::memory::{MILLION, peak, reset_peak, spawn_awaiting};
use super::unit;
use crate::variant::Variant;

/// The forms that are measured.
pub const FORMS: [Format; 5] = [
    Format::Text,
    Format::Tree,
    Format::Groups,
    Format::Folded,
    Format::Json,
];

/// Of a dump of a million live tasks that await at one level, in the form: milliseconds without the
/// snapshot, megabytes written, and the bytes a task by which resident memory grows at most, with the
/// snapshot.
pub(super) fn measure(form: Format) -> [f64; 3] {
    Variant::On.prepare();
    let runtime = unit::current_thread();
    spawn_awaiting(Variant::On, &runtime, MILLION);
    let before = reset_peak();
    let mut counted = Counted(0);
    write(&birthmark::dump(), form, &mut counted);
    let memory = (peak() - before) / MILLION as f64;
    let dump = birthmark::dump();
    let time = median(|| write(&dump, form, &mut Counted(0)));
    std::mem::forget(runtime);
    [time, counted.0 as f64 / 1e6, memory]
}

fn write(dump: &Dump, form: Format, out: &mut Counted) {
    dump.write(form, out).expect("a sink takes all");
}

/// Takes bytes and forgets them, but for how many they were.
struct Counted(usize);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += black_box(bytes).len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
