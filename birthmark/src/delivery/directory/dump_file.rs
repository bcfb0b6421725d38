//! The files of a directory and their names: `birthmark-1732194000123-4711-0.txt`, from time, process and a number.

use std::cmp::Reverse;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use birthmark_core::__reader::clock;
use birthmark_dump::render::Format;

/// Age from which an unfinished file counts as abandoned by its writer.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// A dump in a directory. Orders by age.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DumpFile {
    unix_ms: u64,
    process: u64,
    number: u64,
    extension: String,
    unfinished: bool,
}

impl DumpFile {
    /// Returns a name that no dump has had yet.
    pub(super) fn new(format: Format) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        DumpFile {
            unix_ms: unix_ms(),
            process: std::process::id().into(),
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            extension: format.extension().to_owned(),
            unfinished: false,
        }
    }

    pub(super) fn name(&self) -> String {
        let DumpFile {
            unix_ms,
            process,
            number,
            extension,
            unfinished,
        } = self;
        let suffix = if *unfinished { UNFINISHED } else { "" };
        format!("birthmark-{unix_ms}-{process}-{number}.{extension}{suffix}")
    }

    pub(super) fn unfinished_name(&self) -> String {
        self.name() + UNFINISHED
    }

    /// Returns the dump with exactly this name, or `None` for a file that is not a dump and must not be removed.
    fn parse(name: &str) -> Option<Self> {
        let (numbers, extension) = name.strip_prefix("birthmark-")?.split_once('.')?;
        let (extension, unfinished) = match extension.strip_suffix(UNFINISHED) {
            Some(extension) => (extension, true),
            None => (extension, false),
        };
        let mut numbers = numbers.split('-').map(|number| number.parse().ok());
        let entry = DumpFile {
            unix_ms: numbers.next()??,
            process: numbers.next()??,
            number: numbers.next()??,
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
        let age = Duration::from_millis(unix_ms().saturating_sub(self.unix_ms));
        self.unfinished && age < ABANDONED_AFTER
    }
}

const UNFINISHED: &str = ".unfinished";

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

fn unix_ms() -> u64 {
    let since = clock::wall().and_then(|now| now.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::DumpFile;

    #[test]
    fn file_with_another_name_is_no_dump() {
        for name in [
            "birthmark-1732194000123-4711-0.txt",
            "birthmark-0-1-2.json",
            "birthmark-1-2-3.txt.unfinished",
        ] {
            assert_eq!(
                DumpFile::parse(name).map(|entry| entry.name()).as_deref(),
                Some(name)
            );
        }
        for name in [
            "birthmark-1-2-3",
            "birthmark-1-2-3.md",
            "birthmark-1-2.txt",
            "birthmark-1-2-3-4.txt",
            "birthmark-01-2-3.txt",
            "birthmark-notes.txt",
            "my-birthmark-1-2-3.txt",
        ] {
            assert_eq!(DumpFile::parse(name), None, "{name}");
        }
    }

    #[test]
    fn later_dump_is_newer() {
        let [old, new, other] = ["9-1-7.txt", "10-1-3.json", "10-1-4.txt"]
            .map(|name| DumpFile::parse(&format!("birthmark-{name}")).unwrap());
        assert!(old < new && new < other);
    }
}
