//! Dumps in files, written by a program of its own: bounded, whole or not there, and nothing older is
//! lost when one cannot be written.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use birthmark_integration_tests::asked::{Asked, empty_directory, files};

const PROGRAM: &str = env!("CARGO_BIN_EXE_asks");

fn directory(name: &str) -> PathBuf {
    empty_directory(env!("CARGO_TARGET_TMPDIR"), name)
}

fn words(directory: &Path, more: &str) -> String {
    format!("dir={},{more}", directory.display())
}

/// Has a dump written, and returns its path.
#[track_caller]
fn write(asked: &mut Asked) -> PathBuf {
    let answer = asked.ask("dump");
    answer
        .strip_prefix("written to ")
        .unwrap_or_else(|| panic!("{answer}"))
        .into()
}

#[test]
fn dump_is_a_file_of_its_own_that_others_cannot_read() {
    let directory = directory("files_own").join("made/when/needed");
    let mut asked = Asked::start(PROGRAM, "", &words(&directory, "format=json"));
    asked.ask("hold 3");
    let path = write(&mut asked);
    let dump: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(dump["tasks"].as_array().unwrap().len(), 4);
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(path.extension().unwrap(), "json");
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(
        name.starts_with("birthmark-asks-2"),
        "the program and the year: {name}"
    );
    assert_ne!(write(&mut asked), path);
    assert_eq!(asked.end(), "");
    assert_eq!(files(&directory).len(), 2);
}

#[test]
fn oldest_go_when_there_are_too_many() {
    let directory = directory("files_many");
    for foreign in ["birthmark-notes.txt", "other.txt"] {
        fs::write(directory.join(foreign), "not ours").unwrap();
    }
    // Of a process that was killed long ago, and of one that may still be at it.
    let at_it = "birthmark-shop-99991128T021700.123Z-1-0.txt.unfinished";
    for unfinished in [
        "birthmark-shop-20001128T021700.123Z-1-0.txt.unfinished",
        at_it,
    ] {
        fs::write(directory.join(unfinished), "half").unwrap();
    }
    let mut asked = Asked::start(PROGRAM, "", &words(&directory, "files=3"));
    let written: Vec<_> = (0..6).map(|_| write(&mut asked)).collect();
    let there: Vec<bool> = written.iter().map(|path| path.exists()).collect();
    assert_eq!(there, [false, false, false, true, true, true]);
    assert_eq!(asked.end(), "");
    let names = files(&directory);
    assert_eq!(names.len(), 3 + 3, "{names:?}");
    for kept in ["birthmark-notes.txt", "other.txt", at_it] {
        assert!(names.iter().any(|name| name == kept), "{names:?}");
    }
}

/// Dumps that were written while the clock was ahead look newer than any that will be written for a while.
#[test]
fn new_dump_stays_also_if_the_clock_was_set_back() {
    let directory = directory("files_ahead");
    for number in 0..3 {
        let ahead = format!("birthmark-shop-99991128T021700.123Z-1-{number}.txt");
        fs::write(directory.join(ahead), "ahead").unwrap();
    }
    let mut asked = Asked::start(PROGRAM, "", &words(&directory, "files=3"));
    for _ in 0..2 {
        assert!(write(&mut asked).exists());
        assert_eq!(files(&directory).len(), 3);
    }
    assert_eq!(asked.end(), "");
}

#[test]
fn oldest_go_when_there_is_too_much() {
    let directory = directory("files_much");
    let mut asked = Asked::start(PROGRAM, "", &words(&directory, "size=20K,format=json"));
    asked.ask("hold 30");
    let first = write(&mut asked);
    let size = fs::metadata(&first).unwrap().len();
    assert!((5_000..10_000).contains(&size), "{size}: four do not fit");
    let newest = (0..3).map(|_| write(&mut asked)).last().unwrap();
    assert!(!first.exists() && newest.exists());
    let total: u64 = files(&directory)
        .iter()
        .map(|name| fs::metadata(directory.join(name)).unwrap().len())
        .sum();
    assert!(total <= 20 << 10, "{total}");

    // One that is too large by itself is not written, and drives nothing out.
    let before = files(&directory);
    asked.ask("hold 1000");
    let answer = asked.ask("dump");
    let told = "it would be larger than all dumps together may be; raise the limit, or choose a \
                filter or a smaller format; older dumps are kept";
    assert!(
        answer.starts_with("FileTooLarge: no dump written in \"/"),
        "{answer}"
    );
    assert!(answer.ends_with(told), "{answer}");
    assert_eq!(files(&directory), before);
    assert_eq!(asked.end(), "");
}

#[test]
fn full_disk_loses_no_dump_and_is_reported_in_one_line() {
    let directory = directory("files_full");
    let words = words(&directory, "signal=USR1,panic=all,format=json");
    let mut asked = Asked::start_with_file_limit(PROGRAM, &words, 4096);
    write(&mut asked);
    let before = files(&directory);
    asked.ask("hold 1000");
    for ask in [true, false] {
        if ask {
            asked.signal(libc::SIGUSR1);
        } else {
            assert_eq!(asked.ask("panic"), "panicked: true");
        }
        let told = asked.stderr_until("birthmark: ");
        let line = told.lines().last().unwrap();
        assert!(
            line.starts_with("birthmark: no dump written in \"/"),
            "{told}"
        );
        assert!(line.ends_with("; older dumps are kept"), "{told}");
        assert_eq!(files(&directory), before);
    }
    assert_eq!(asked.end(), "");
}

#[test]
fn directory_that_cannot_be_written_is_named() {
    let file = directory("files_unwritable").join("file");
    fs::write(&file, "").unwrap();
    let mut asked = Asked::start(PROGRAM, "", &words(&file.join("below"), ""));
    let answer = asked.ask("dump");
    let path = format!(
        "no dump written in {:?}: ",
        file.join("below").display().to_string()
    );
    assert!(
        answer.starts_with("NotADirectory: ") && answer.contains(&path),
        "{answer}"
    );
    let remedy = "; choose a directory in which the program may write; older dumps are kept";
    assert!(answer.ends_with(remedy), "{answer}");
    assert_eq!(asked.end(), "");
}

#[test]
fn panic_writes_its_dump_there_too() {
    let directory = directory("files_panic");
    let mut asked = Asked::start(PROGRAM, "", &words(&directory, "panic=all,format=tree"));
    asked.ask("hold 2");
    assert_eq!(asked.ask("panic"), "panicked: true");
    let told = asked.end();
    let (report, file) = told.split_once("birthmark: dump written to ").unwrap();
    assert!(report.contains("    by       "), "{told}");
    let path: PathBuf = file.trim_end().trim_matches('"').into();
    let dump = fs::read_to_string(path).unwrap();
    assert!(dump.contains(" answer::{closure}  running "), "{dump}");
    assert!(dump.contains("\ncoverage: "), "{dump}");
}
