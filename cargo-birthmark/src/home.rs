//! What is kept for all programs of a user, in `$CARGO_HOME/birthmark` or `$CARGO_BIRTHMARK_HOME`.
//!
//! It only spares work: what is missing or damaged is made anew, and what cannot be written is done without. So
//! there are no locks. An entry appears and disappears as a whole, by a rename, and a process that finds none goes
//! the long way. `trusted.rs` reads and writes the files.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::session::temporary;

/// A directory of entries, of which those that were used last stay.
#[derive(Clone, Debug)]
pub struct Shelf {
    directory: PathBuf,
    most: usize,
}

/// How long an entry stays that nobody uses.
const UNUSED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long an entry may take to be written. What is still under a hidden name then was cut off.
const UNFINISHED: Duration = Duration::from_secs(60 * 60);

/// How exactly it is known when an entry was used last: noting it costs a write.
const GRAIN: Duration = Duration::from_secs(24 * 60 * 60);

impl Shelf {
    /// What is known of programs: a few kilobytes for each directory and command line.
    pub fn answers() -> Option<Shelf> {
        Shelf::named("answers", 500)
    }

    /// Runtimes that are built: a few megabytes for each compiler, target and version.
    pub fn runtimes() -> Option<Shelf> {
        Shelf::named("runtimes", 24)
    }

    /// Macros that keep columns: one for each compiler.
    pub fn columns() -> Option<Shelf> {
        Shelf::named("columns", 24)
    }

    fn named(name: &str, most: usize) -> Option<Shelf> {
        let own = env::var_os("CARGO_BIRTHMARK_HOME").map(PathBuf::from);
        let home = own.or_else(|| Some(cargo_home()?.join("birthmark")))?;
        // The compiler runs in other directories than cargo.
        home.is_absolute().then(|| Shelf {
            directory: home.join(name),
            most,
        })
    }

    /// A shelf for tests.
    #[cfg(test)]
    pub fn at(directory: PathBuf) -> Shelf {
        Shelf { directory, most: 9 }
    }

    /// Where an entry is, if it is there.
    pub fn entry(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Notes that an entry is in use.
    pub fn used(&self, entry: &Path) {
        let now = SystemTime::now();
        if last_use(entry).is_some_and(|last| last + GRAIN < now) {
            // If it cannot be noted, the entry goes too early, and is made anew.
            let _ = fs::File::open(entry).and_then(|entry| entry.set_modified(now));
        }
    }

    /// Removes what was not used for long, and what is too much.
    pub fn prune(&self) {
        self.prune_at(SystemTime::now());
    }

    fn prune_at(&self, now: SystemTime) {
        let entries = fs::read_dir(&self.directory)
            .into_iter()
            .flatten()
            .flatten();
        let entries = entries.map(|entry| entry.path());
        let entries = entries.filter_map(|entry| Some((last_use(&entry)?, entry)));
        let (unfinished, mut entries): (Vec<_>, Vec<_>) =
            entries.partition(|(_, entry)| is_hidden(entry));
        for (_, entry) in unfinished
            .iter()
            .filter(|(last, _)| *last + UNFINISHED < now)
        {
            remove(entry);
        }
        entries.sort_by(|one, other| other.cmp(one));
        let oldest = now - UNUSED;
        let stay = entries.partition_point(|(last, _)| *last >= oldest);
        for (_, entry) in &entries[stay.min(self.most)..] {
            remove(entry);
        }
    }
}

/// Where cargo keeps what is for all programs.
pub fn cargo_home() -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| Some(env::home_dir()?.join(".cargo")))
}

fn last_use(entry: &Path) -> Option<SystemTime> {
    fs::symlink_metadata(entry).ok()?.modified().ok()
}

/// Returns whether the name is that of an entry which is being written or removed.
fn is_hidden(entry: &Path) -> bool {
    let name = entry.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

/// Removes an entry. What fails is left to whoever prunes next.
pub fn remove(entry: &Path) {
    if entry.is_symlink() || !entry.is_dir() {
        let _ = fs::remove_file(entry);
        return;
    }
    // First out of sight, as a whole.
    let gone = temporary(entry);
    let _ = fs::rename(entry, &gone).and_then(|()| fs::remove_dir_all(gone));
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// A shelf on which the entries of these names were used so many days ago.
    fn shelf(most: usize, entries: &[(&str, u32)]) -> (tempfile::TempDir, Shelf, SystemTime) {
        let directory = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        for (name, days) in entries {
            let entry = directory.path().join(name);
            fs::create_dir(&entry).unwrap();
            fs::write(entry.join("content"), "").unwrap();
            let entry = fs::File::open(entry).unwrap();
            entry.set_modified(now - *days * DAY).unwrap();
        }
        let shelf = Shelf {
            directory: directory.path().to_owned(),
            most,
        };
        (directory, shelf, now)
    }

    fn names(shelf: &Shelf) -> Vec<String> {
        let entries = fs::read_dir(&shelf.directory).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_nobody_uses_is_removed() {
        let (_directory, shelf, now) = shelf(9, &[("new", 0), ("month", 29), ("old", 31)]);
        shelf.prune_at(now);
        assert_eq!(names(&shelf), ["month", "new"]);
    }

    #[test]
    fn of_too_many_those_stay_that_were_used_last() {
        let (_directory, shelf, now) = shelf(2, &[("a", 3), ("b", 1), ("c", 2), ("d", 40)]);
        shelf.prune_at(now);
        assert_eq!(names(&shelf), ["b", "c"]);
    }

    #[test]
    fn what_is_used_stays() {
        let (_directory, shelf, now) = shelf(9, &[("used", 29), ("unused", 29)]);
        shelf.used(&shelf.entry("used"));
        shelf.prune_at(now + 5 * DAY);
        assert_eq!(names(&shelf), ["used"]);
    }

    #[test]
    fn hidden_entry_of_an_unfinished_write_is_swept_after_an_hour() {
        let (_directory, shelf, now) = shelf(1, &[("a", 3), (".a.7-1", 0), (".b.7-1", 1)]);
        shelf.prune_at(now);
        assert_eq!(names(&shelf), [".a.7-1", "a"]);
    }

    #[test]
    fn files_are_entries_too() {
        let (directory, shelf, now) = shelf(1, &[("a", 0)]);
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let file = fs::File::open(file).unwrap();
        file.set_modified(now - DAY).unwrap();
        shelf.prune_at(now);
        assert_eq!(names(&shelf), ["a"]);
    }
}
