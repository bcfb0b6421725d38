//! Core files whose headers, notes or memory are damaged: an error or a text, no panic, and bounded memory.

#![cfg(target_os = "linux")]

mod support;

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use birthmark_test_support as _;
use support::crashed;

/// Runs. `BIRTHMARK_DAMAGED_RUNS` sets another number.
const RUNS: u64 = 24;
/// Address space that the command may use.
const MAX_MEMORY: u64 = 3 << 30;
/// Bytes at the start of the file, which has the headers and the notes there.
const HEAD: u64 = 16 * 1024;

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % bound
    }
}

/// Returns the places of words in memory that the program has written, and that are not zero.
fn written(core: &File) -> Vec<u64> {
    let mut head = vec![0; HEAD as usize];
    core.read_exact_at(&mut head, 0).expect("it has a head");
    let word = |at: usize| u64::from_le_bytes(*head[at..].first_chunk().expect("in the head"));
    let (headers, count) = (word(32) as usize, word(56) as u16);
    let mut places = Vec::new();
    for index in 0..usize::from(count) {
        let at = headers + 56 * index;
        let (kind, flags) = (word(at) as u32, word(at) >> 32);
        if kind != 1 || flags & 2 == 0 {
            continue;
        }
        let (start, size) = (word(at + 8), word(at + 32));
        let mut content = vec![0; size as usize];
        core.read_exact_at(&mut content, start)
            .expect("it is whole");
        let words = (start..).step_by(8).zip(content.chunks_exact(8));
        let set = words.filter(|(_, word)| word.iter().any(|byte| *byte != 0));
        places.extend(set.map(|(place, _)| place));
    }
    places
}

/// Runs the command with bounded memory. Returns its exit code, or `None` if a signal ended it, and its errors.
fn read(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_birthmark"));
    command
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let limit = libc::rlimit {
        rlim_cur: MAX_MEMORY,
        rlim_max: MAX_MEMORY,
    };
    let bound = move || {
        // SAFETY: the limit is read.
        unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) };
        Ok(())
    };
    // SAFETY: the function makes one system call.
    let output = unsafe { command.pre_exec(bound) }
        .output()
        .expect("the command starts");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), error)
}

#[test]
fn damaged_core_file_is_an_error_or_a_text() {
    let path = crashed("damaged", "crash");
    let core = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .expect("it is there");
    let places = written(&core);
    let runs = std::env::var("BIRTHMARK_DAMAGED_RUNS").ok();
    let runs = runs.and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    let mut texts = 0;
    for run in 0..runs {
        let mut random = Random(run);
        let mut before = Vec::new();
        let count = match run % 3 {
            0 => 40,
            _ => 20_000,
        };
        for _ in 0..count {
            // Headers and notes, or words of the memory: of records, futures and stacks.
            let place = match run % 3 {
                0 => 64 + random.below(HEAD - 72),
                _ => places[random.below(places.len() as u64) as usize],
            };
            let mut bytes = [0; 8];
            core.read_exact_at(&mut bytes, place)
                .expect("it is in the file");
            before.push((place, bytes));
            match random.below(4) {
                0 => bytes[random.below(8) as usize] ^= 1 << random.below(8),
                1 => bytes[random.below(8) as usize] = random.below(256) as u8,
                2 => bytes = [0xff; 8],
                // A word of another place: pointers lead to other objects.
                _ => {
                    let other = places[random.below(places.len() as u64) as usize];
                    core.read_exact_at(&mut bytes, other)
                        .expect("it is in the file");
                }
            }
            core.write_all_at(&bytes, place).expect("it is writable");
        }
        let arguments = match run % 2 {
            0 => [
                "ps",
                "--stacks",
                "locals",
                "--native-stacks",
                "--core",
                &path,
            ],
            _ => [
                "dump",
                "--format",
                "json",
                "--native-stacks",
                "--core",
                &path,
            ],
        };
        let (code, error) = read(&arguments);
        assert!(matches!(code, Some(0 | 1)), "{run}: {code:?}: {error}");
        assert!(
            code == Some(0) || error.starts_with("error: cannot "),
            "{run}: {error}"
        );
        texts += u64::from(code == Some(0));
        for (place, bytes) in before.iter().rev() {
            core.write_all_at(bytes, *place).expect("it is writable");
        }
    }
    assert_eq!(read(&["ps", "--core", &path]), (Some(0), String::new()));
    println!("{runs} runs, {texts} texts");
    assert!(texts > 0);
}
