//! The load of the machine while pauses are measured.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use birthmark::render::Format;

use crate::case::memory::MILLION;
use crate::case::render::{Counted, write};

/// The load of another thread.
#[derive(Clone, Copy, Debug)]
pub(super) enum Load {
    /// Nothing.
    Nothing,
    /// The memory traffic of a dump, without any record of birthmark.
    Work,
    /// One dump after the other, as text and as JSON.
    Dumps,
}

impl Load {
    /// Does `f` while it goes on.
    pub(super) fn during(self, f: impl FnOnce()) {
        let done = AtomicBool::new(false);
        let until_done = |work: fn()| {
            while !done.load(Ordering::Relaxed) {
                work();
            }
        };
        thread::scope(|scope| {
            match self {
                Load::Nothing => {}
                Load::Work => drop(scope.spawn(|| until_done(work))),
                Load::Dumps => drop(scope.spawn(|| until_done(dumps))),
            }
            f();
            done.store(true, Ordering::Relaxed);
        });
    }
}

fn dumps() {
    for format in [Format::Text, Format::Json] {
        write(&birthmark::dump(), format, &mut Counted::default());
    }
}

/// As large as a record with its frames.
type Record = [u64; 23];
/// As large as a row of a dump.
type Row = [u64; 6];

/// Reads as many records, keeps as many rows, and writes as much text as a dump.
fn work() {
    static RECORDS: LazyLock<Vec<Record>> = LazyLock::new(|| {
        let record = |id| [id; 23];
        (0..MILLION as u64).map(record).collect()
    });
    let mut rows: Vec<Row> = Vec::with_capacity(MILLION);
    rows.extend(RECORDS.iter().map(|record| {
        let sum = record.iter().fold(0, |sum, word| sum ^ word);
        [record[0], record[1], record[2], record[3], record[4], sum]
    }));
    rows.sort_unstable_by_key(|row| row[0]);
    let mut text = String::new();
    for row in &rows {
        write!(text, "{row:?}\n{row:x?}\n").expect("a string takes all");
        if text.len() > 64 * 1024 {
            black_box(&text);
            text.clear();
        }
    }
}
