//! Records in which bytes are damaged, differently at each read: a dump is an error or a text, and nothing worse.

use std::cell::Cell;
use std::future::pending;

use birthmark::ThreadDetail;
use birthmark::render::Format;
use birthmark_integration_tests::{Held, Random, resident_bytes, spawn, start};
use birthmark_outside::Target;
use birthmark_stacks::{Memory, ThisProcess, Unreadable};
use birthmark_test_support as _;

/// Runs. `BIRTHMARK_DAMAGED_RUNS` sets another number.
const RUNS: u64 = 300;

#[birthmark::instrument]
mod program {
    use super::*;

    async fn inner() {
        pending().await
    }

    pub async fn waits() {
        futures::join!(inner(), inner());
    }

    pub fn some() -> Vec<Held> {
        let task = || -> Held { start(Box::pin(spawn(waits()))) };
        let named = |number: u64| {
            birthmark::with_name("n".repeat(number as usize * 7), || {
                birthmark::with_label("key", number, task)
            })
        };
        let below = || -> Vec<Held> { std::thread::spawn(move || vec![task()]).join().unwrap() };
        (0..20).map(named).chain(below()).collect()
    }
}

/// The memory of this process, in which one of so many reads is damaged.
struct Damaged {
    random: Cell<u64>,
    one_of: usize,
}

impl Damaged {
    fn below(&self, bound: usize) -> usize {
        let mut random = Random(self.random.get());
        let number = random.below(bound);
        self.random.set(random.0);
        number
    }
}

impl Memory for Damaged {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Unreadable> {
        ThisProcess.read(address, buffer)?;
        if self.below(self.one_of) > 0 || buffer.is_empty() {
            return Ok(());
        }
        for _ in 0..=self.below(64) {
            let at = self.below(buffer.len());
            match self.below(5) {
                0 => buffer[at] ^= 1 << self.below(8),
                1 => buffer[at] = self.below(256) as u8,
                2 => buffer[at..]
                    .iter_mut()
                    .take(8)
                    .for_each(|byte| *byte = 0xff),
                // Words of other places: links lead to other slots, ids are those of other tasks.
                3 => {
                    let from = self.below(buffer.len()) & !7;
                    let to = at & !7;
                    if from.max(to) + 8 <= buffer.len() {
                        buffer.copy_within(from..from + 8, to);
                    }
                }
                _ => buffer[at] = 0,
            }
        }
        match self.below(50) {
            0 => Err(Unreadable { address }),
            _ => Ok(()),
        }
    }
}

#[test]
fn damage_is_an_error_or_a_text() {
    let held = program::some();
    let registry = &raw const birthmark_core::__reader::record::export::BIRTHMARK_REGISTRY_V1;
    let runs = std::env::var("BIRTHMARK_DAMAGED_RUNS").ok();
    let runs = runs.and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    let before = resident_bytes();
    let (mut opened, mut shown) = (0, 0);
    for run in 0..runs {
        let memory = Damaged {
            random: Cell::new(run),
            one_of: 1 + (run % 60) as usize,
        };
        let is_still = run % 3 == 0;
        let Ok(mut target) = Target::memory(Box::new(memory), is_still, registry.addr() as u64)
        else {
            continue;
        };
        opened += 1;
        target.set_limit(8 << 20);
        let Ok(dump) = target.dump() else {
            continue;
        };
        for format in [
            Format::Text,
            Format::Tree,
            Format::Groups,
            Format::Json,
            Format::Folded,
        ] {
            let mut out = Vec::new();
            dump.write(format, &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            let is_harmless = |character: char| character == '\n' || !character.is_control();
            assert!(
                text.chars().all(is_harmless),
                "{run}: a control character is shown"
            );
            shown += usize::from(!text.is_empty());
        }
        let _ = target.sites();
        let _ = target.dump_with_threads(ThreadDetail::States);
    }
    let more = resident_bytes().saturating_sub(before);
    println!(
        "{runs} runs, {opened} opened, {shown} texts, {} MB more",
        more >> 20
    );
    assert!(opened > runs / 10 && shown > 0);
    // The sites that each target leaks are part of it.
    assert!(more < 1 << 30, "{more} bytes");
    drop(held);
}

/// The memory of this process, in which the records have another version of their layout.
struct OtherVersion(u64, u32);

impl Memory for OtherVersion {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Unreadable> {
        ThisProcess.read(address, buffer)?;
        if address == self.0 {
            buffer[8..12].copy_from_slice(&self.1.to_ne_bytes());
        }
        Ok(())
    }
}

#[test]
fn other_version_is_an_error_that_names_the_one_to_get() {
    let registry = &raw const birthmark_core::__reader::record::export::BIRTHMARK_REGISTRY_V1;
    let address = registry.addr() as u64;
    let opened = Target::memory(Box::new(OtherVersion(address, 99)), true, address);
    let error = opened.expect_err("the version is unknown").to_string();
    assert!(
        error.starts_with("cannot read records of layout 99: "),
        "{error}"
    );
    assert!(
        error.contains("\nhelp: run `cargo install birthmark-cli --version 0.1.0`"),
        "{error}"
    );
}

#[test]
fn older_version_is_read() {
    let held = program::some();
    let registry = &raw const birthmark_core::__reader::record::export::BIRTHMARK_REGISTRY_V1;
    let address = registry.addr() as u64;
    let roles = |dump: birthmark::Dump| -> Vec<String> {
        let tasks = dump.tasks().filter(|task| task.role() == "waits");
        tasks.map(|task| task.to_string()).collect()
    };
    let open = |version| Target::memory(Box::new(OtherVersion(address, version)), true, address);
    let older = open(2).expect("the version is known").dump().unwrap();
    assert!(roles(older).len() >= held.len());
    assert!(open(1).is_err());
}
