//! The files of a directory and their names: `birthmark-shop-20261128T021700.123Z-4711-0.txt`, from program, time in UTC,
//! process and a number.

use std::cmp::Reverse;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use birthmark_core::__reader::clock;
use birthmark_dump::__private::{compact_utc, program};
use birthmark_dump::render::Format;

/// Age from which an unfinished file counts as abandoned by its writer.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// A dump in a directory. Orders by age.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DumpFile {
    /// In UTC, such as `20261128T021700.123Z`. All times have the same length.
    time: String,
    process: u64,
    number: u64,
    program: String,
    extension: String,
    unfinished: bool,
}

impl DumpFile {
    /// Returns a name that no dump has had yet.
    pub(super) fn new(format: Format) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        DumpFile {
            time: clock::wall().map_or_else(|| UNKNOWN.to_owned(), text_of),
            process: std::process::id().into(),
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            program: as_part_of_name(&program()),
            extension: format.extension().to_owned(),
            unfinished: false,
        }
    }

    pub(super) fn name(&self) -> String {
        let DumpFile {
            time,
            process,
            number,
            program,
            extension,
            unfinished,
        } = self;
        let suffix = if *unfinished { UNFINISHED } else { "" };
        format!("birthmark-{program}-{time}-{process}-{number}.{extension}{suffix}")
    }

    pub(super) fn unfinished_name(&self) -> String {
        self.name() + UNFINISHED
    }

    /// Returns the dump with exactly this name, or `None` for a file that is not a dump and must not be removed.
    fn parse(name: &str) -> Option<Self> {
        let parts = name.strip_prefix("birthmark-")?;
        let (parts, unfinished) = match parts.strip_suffix(UNFINISHED) {
            Some(parts) => (parts, true),
            None => (parts, false),
        };
        let (parts, extension) = parts.rsplit_once('.')?;
        let mut parts = parts.rsplitn(4, '-');
        let entry = DumpFile {
            number: parts.next()?.parse().ok()?,
            process: parts.next()?.parse().ok()?,
            time: parts.next().filter(|time| is_time(time))?.to_owned(),
            program: parts.next()?.to_owned(),
            extension: extension.to_owned(),
            unfinished,
        };
        let known = Format::ALL
            .iter()
            .any(|format| format.extension() == extension);
        (known && entry.name() == name).then_some(entry)
    }

    /// Returns `true` if a process may still be writing the file.
    fn is_being_written(&self) -> bool {
        let now = clock::wall().unwrap_or(SystemTime::UNIX_EPOCH);
        let abandoned = now
            .checked_sub(ABANDONED_AFTER)
            .map_or_else(String::new, text_of);
        self.unfinished && self.time > abandoned
    }
}

const UNFINISHED: &str = ".unfinished";

/// The time of a file if there is no clock.
const UNKNOWN: &str = "00000000T000000.000Z";

/// Longest part of the program's name in the name of a file.
const MAX_PROGRAM: usize = 48;

fn text_of(time: SystemTime) -> String {
    compact_utc(time).unwrap_or_else(|| UNKNOWN.to_owned())
}

/// Returns `true` for a text with digits where [`UNKNOWN`] has them, and otherwise the same characters.
fn is_time(text: &str) -> bool {
    let same = |(c, known): (u8, u8)| c == known || c.is_ascii_digit() && known == b'0';
    text.len() == UNKNOWN.len() && text.bytes().zip(UNKNOWN.bytes()).all(same)
}

/// Replaces characters that some systems do not allow in the name of a file.
fn as_part_of_name(program: &str) -> String {
    let keep = |c: char| match c {
        '-' | '_' | '.' => c,
        c if c.is_ascii_alphanumeric() => c,
        _ => '_',
    };
    program.chars().take(MAX_PROGRAM).map(keep).collect()
}

/// Returns the dumps in a directory with their sizes, newest first.
pub(super) fn newest_first(directory: &Path) -> Vec<(DumpFile, u64)> {
    let files = std::fs::read_dir(directory).into_iter().flatten();
    let mut found: Vec<_> = files
        .filter_map(|file| {
            let file = file.ok()?;
            let entry = DumpFile::parse(file.file_name().to_str()?)?;
            let size = file.metadata().ok()?.len();
            (!entry.is_being_written()).then_some((entry, size))
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| Reverse(one).cmp(&Reverse(other)));
    found
}

#[cfg(test)]
mod tests {
    use super::DumpFile;

    #[test]
    fn file_with_another_name_is_no_dump() {
        for name in [
            "birthmark-shop-20261128T021700.123Z-4711-0.txt",
            "birthmark-my-shop.exe-20261128T021700.123Z-1-2.json",
            "birthmark--00000000T000000.000Z-2-3.txt.unfinished",
        ] {
            assert_eq!(
                DumpFile::parse(name).map(|entry| entry.name()).as_deref(),
                Some(name)
            );
        }
        for name in [
            "birthmark-shop-20261128T021700.123Z-4711-0",
            "birthmark-shop-20261128T021700.123Z-4711-0.md",
            "birthmark-shop-20261128T021700.123Z-4711.txt",
            "birthmark-shop-20261128T021700.123Z-04711-0.txt",
            "birthmark-shop-20261128T0217.txt",
            "birthmark-shop-2026112xT021700.123Z-4711-0.txt",
            "birthmark-1732194000123-4711-0.txt",
            "birthmark-notes.txt",
            "my-birthmark-shop-20261128T021700.123Z-4711-0.txt",
        ] {
            assert_eq!(DumpFile::parse(name), None, "{name}");
        }
    }

    #[test]
    fn name_of_a_program_is_harmless() {
        assert_eq!(super::as_part_of_name("../my shop:1"), ".._my_shop_1");
    }

    #[test]
    fn later_dump_is_newer() {
        let times = [
            "20261128T021700.123Z-9-7",
            "20261128T021700.124Z-1-3",
            "20261128T021700.124Z-1-4",
        ];
        let [old, new, other] = times.map(|time| {
            let name = format!("birthmark-shop-{time}.txt");
            DumpFile::parse(&name).unwrap()
        });
        assert!(old < new && new < other);
    }
}
