//! The directory of entries that all programs of a user share: `$CARGO_HOME/birthmark` or `$CARGO_BIRTHMARK_HOME`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::session::temporary;

/// A directory of entries. The entries that were used last stay.
#[derive(Clone, Debug)]
pub struct UserCache {
    directory: PathBuf,
    capacity: usize,
}

/// The age at which an entry is evicted that nobody uses.
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The time that writing an entry may take. A hidden entry that is older was interrupted.
const MAX_WRITE: Duration = Duration::from_secs(60 * 60);

/// The precision of the last use of an entry. A higher one would cost a write more often.
const GRAIN: Duration = Duration::from_secs(24 * 60 * 60);

impl UserCache {
    /// Returns the cache of cargo's metadata: a few kilobytes for each directory and command line.
    pub fn metadata() -> Option<UserCache> {
        UserCache::named("answers", 500)
    }

    /// Returns the cache of runtimes: a few megabytes for each compiler, target and version.
    pub fn runtimes() -> Option<UserCache> {
        UserCache::named("runtimes", 24)
    }

    /// Returns the cache of macros that keep columns: one for each compiler.
    pub fn columns() -> Option<UserCache> {
        UserCache::named("columns", 24)
    }

    fn named(name: &str, capacity: usize) -> Option<UserCache> {
        let own = env::var_os("CARGO_BIRTHMARK_HOME").map(PathBuf::from);
        let home = own.or_else(|| Some(cargo_home()?.join("birthmark")))?;
        // The compiler runs in other directories than cargo.
        home.is_absolute().then(|| UserCache {
            directory: home.join(name),
            capacity,
        })
    }

    /// Returns a cache for tests.
    #[cfg(test)]
    pub fn at(directory: PathBuf) -> UserCache {
        UserCache {
            directory,
            capacity: 9,
        }
    }

    /// Returns the path of an entry, which may be missing.
    pub fn entry(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Notes that an entry is in use.
    pub fn touch(&self, entry: &Path) {
        let now = SystemTime::now();
        if last_use(entry).is_some_and(|last| last + GRAIN < now) {
            // If it cannot be noted, the entry goes too early, and is made anew.
            let _ = fs::File::open(entry).and_then(|entry| entry.set_modified(now));
        }
    }

    /// Evicts entries that were not used for long, and the oldest ones beyond the capacity.
    pub fn evict(&self) {
        self.evict_at(SystemTime::now());
    }

    fn evict_at(&self, now: SystemTime) {
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
            .filter(|(last, _)| *last + MAX_WRITE < now)
        {
            remove(entry);
        }
        entries.sort_by(|one, other| other.cmp(one));
        let oldest = now - MAX_AGE;
        let stay = entries.partition_point(|(last, _)| *last >= oldest);
        for (_, entry) in &entries[stay.min(self.capacity)..] {
            remove(entry);
        }
    }
}

/// Returns cargo's directory of the user.
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

/// Removes an entry. What fails is left to the next eviction.
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

    /// Returns a cache whose entries of these names were used so many days ago.
    fn cache(
        capacity: usize,
        entries: &[(&str, u32)],
    ) -> (tempfile::TempDir, UserCache, SystemTime) {
        let directory = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        for (name, days) in entries {
            let entry = directory.path().join(name);
            fs::create_dir(&entry).unwrap();
            fs::write(entry.join("content"), "").unwrap();
            let entry = fs::File::open(entry).unwrap();
            entry.set_modified(now - *days * DAY).unwrap();
        }
        let cache = UserCache {
            directory: directory.path().to_owned(),
            capacity,
        };
        (directory, cache, now)
    }

    fn names(cache: &UserCache) -> Vec<String> {
        let entries = fs::read_dir(&cache.directory).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn unused_entry_is_evicted() {
        let (_directory, cache, now) = cache(9, &[("new", 0), ("month", 29), ("old", 31)]);
        cache.evict_at(now);
        assert_eq!(names(&cache), ["month", "new"]);
    }

    #[test]
    fn entries_beyond_the_capacity_are_evicted_oldest_first() {
        let (_directory, cache, now) = cache(2, &[("a", 3), ("b", 1), ("c", 2), ("d", 40)]);
        cache.evict_at(now);
        assert_eq!(names(&cache), ["b", "c"]);
    }

    #[test]
    fn used_entry_stays() {
        let (_directory, cache, now) = cache(9, &[("used", 29), ("unused", 29)]);
        cache.touch(&cache.entry("used"));
        cache.evict_at(now + 5 * DAY);
        assert_eq!(names(&cache), ["used"]);
    }

    #[test]
    fn hidden_entry_of_an_unfinished_write_is_swept_after_an_hour() {
        let (_directory, cache, now) = cache(1, &[("a", 3), (".a.7-1", 0), (".b.7-1", 1)]);
        cache.evict_at(now);
        assert_eq!(names(&cache), [".a.7-1", "a"]);
    }

    #[test]
    fn files_are_entries_too() {
        let (directory, cache, now) = cache(1, &[("a", 0)]);
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let file = fs::File::open(file).unwrap();
        file.set_modified(now - DAY).unwrap();
        cache.evict_at(now);
        assert_eq!(names(&cache), ["a"]);
    }
}
