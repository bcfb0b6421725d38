//! Compiled files that many crates need: the runtime, and the macro that keeps columns.
//!
//! The user cache has them for all programs. A target directory takes them over as copies of its own, so it does not
//! depend on the user cache again. Both places have a list of the files with the length and the hash of each. A damaged
//! file is therefore found before it is linked, and made anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use fs4::fs_std::FileExt;
use serde::{Deserialize, Serialize};

use super::file;
use super::user::{UserCache, remove};
use crate::session::{hash, temporary};
use crate::signals;

/// An entry of the user cache.
pub struct SharedEntry {
    cache: UserCache,
    directory: PathBuf,
}

/// The name of the list, beside the files.
const LIST: &str = "files.json";

/// All files of an entry.
#[derive(Serialize, Deserialize)]
struct List {
    /// The name of the entry: the list of another one does not count here.
    entry: PathBuf,
    files: Vec<Whole>,
}

/// The length and the hash of a file, by which damage is found.
#[derive(Serialize, Deserialize)]
struct Whole {
    name: PathBuf,
    length: u64,
    hash: u64,
}

impl Whole {
    fn of(file: &Path, content: &[u8]) -> Whole {
        Whole {
            name: file.file_name().unwrap_or_default().into(),
            length: content.len() as u64,
            hash: hash(content),
        }
    }

    fn is(&self, content: &[u8]) -> bool {
        self.length == content.len() as u64 && self.hash == hash(content)
    }

    /// Reads the file of a shared entry, if it is whole.
    fn read(&self, directory: &Path) -> Option<Vec<u8>> {
        let is_name = Path::new(self.name.file_name()?) == self.name;
        let content = is_name.then(|| file::read(&directory.join(&self.name)).ok())??;
        self.is(&content).then_some(content)
    }

    /// Returns whether the file in a directory of ours is whole. It was dated back when it was written; only if it
    /// has another date, its content is looked at.
    fn is_in(&self, directory: &Path) -> bool {
        let file = directory.join(&self.name);
        let Ok(metadata) = fs::metadata(&file) else {
            return false;
        };
        metadata.len() == self.length
            && (metadata.modified().is_ok_and(|date| date == file::old())
                || fs::read(&file).is_ok_and(|content| self.is(&content)))
    }
}

impl SharedEntry {
    /// Returns the entry of this key, which may be missing.
    pub fn new(cache: UserCache, key: u64) -> SharedEntry {
        let directory = cache.entry(&format!("{key:016x}"));
        SharedEntry { cache, directory }
    }

    /// Reads the files, if they are there and whole.
    fn read(&self) -> Option<Vec<(Whole, Vec<u8>)>> {
        let list = file::read(&self.directory.join(LIST)).ok()?;
        let list: List = serde_json::from_slice(&list).ok()?;
        if Some(list.entry.as_os_str()) != self.directory.file_name() {
            return None;
        }
        let files = list.files.into_iter().map(|whole| {
            let content = whole.read(&self.directory)?;
            Some((whole, content))
        });
        files.collect()
    }

    /// Copies the files into a directory, if they are there and whole.
    fn load(&self, directory: &Path) -> Option<Vec<PathBuf>> {
        let files = self.read()?.into_iter().map(|(whole, content)| {
            let file = directory.join(whole.name);
            file::write_old(&file, &content).map(|()| file)
        });
        let files = files.collect::<Result<_>>().ok()?;
        self.cache.touch(&self.directory);
        Some(files)
    }

    /// Stores files that were made. They replace a damaged entry.
    fn store(&self, files: &[PathBuf]) -> Result<()> {
        let temporary = temporary(&self.directory);
        let store = || {
            self.fill(&temporary, files)
                .and_then(|()| self.show(&temporary))
        };
        let stored = signals::held(store);
        if temporary.exists() {
            remove(&temporary);
        }
        self.cache.evict();
        stored
    }

    /// Writes the entry under a hidden name.
    fn fill(&self, temporary: &Path, files: &[PathBuf]) -> Result<()> {
        let mut list = List {
            entry: self.directory.file_name().unwrap_or_default().into(),
            files: Vec::new(),
        };
        for file in files {
            let content = read(file)?;
            let whole = Whole::of(file, &content);
            file::write_old(&temporary.join(&whole.name), &content)?;
            list.files.push(whole);
        }
        file::write(&temporary.join(LIST), &serde_json::to_vec(&list)?)
    }

    /// Gives the entry its name, unless a whole one has it: somebody else was faster.
    fn show(&self, temporary: &Path) -> Result<()> {
        if fs::rename(temporary, &self.directory).is_ok() || self.read().is_some() {
            return Ok(());
        }
        remove(&self.directory);
        fs::rename(temporary, &self.directory)
            .with_context(|| format!("replace {}", self.directory.display()))
    }
}

/// The file of a target directory that lists its artifacts, written last.
const DONE: &str = "done.json";

/// The artifacts in a target directory.
#[derive(Clone, Copy)]
pub struct Artifacts<'a> {
    /// The directory, which also holds what the files are made from.
    pub directory: &'a Path,
    /// The directory of the files within it.
    pub inside: &'a str,
    /// Files that the user may edit and that the artifacts are made from.
    pub sources: &'a [PathBuf],
}

impl Artifacts<'_> {
    /// Returns the files: those that are there, those that are kept for all programs, or new ones. Others that need
    /// them wait meanwhile.
    pub fn provide(
        self,
        entry: impl FnOnce() -> Option<SharedEntry>,
        make: impl FnOnce() -> Result<Vec<PathBuf>>,
    ) -> Result<Vec<PathBuf>> {
        if let Some(files) = self.read() {
            return Ok(files);
        }
        let lock = lock(self.directory)?;
        if let Some(files) = self.read() {
            return Ok(files);
        }
        let entry = entry();
        let shared = entry.as_ref().and_then(|entry| entry.load(&self.library()));
        let files = match shared {
            Some(files) => files,
            None => self.make(entry, make)?,
        };
        self.note(&files)?;
        drop(lock);
        Ok(files)
    }

    fn library(self) -> PathBuf {
        self.directory.join(self.inside)
    }

    fn make(
        self,
        entry: Option<SharedEntry>,
        make: impl FnOnce() -> Result<Vec<PathBuf>>,
    ) -> Result<Vec<PathBuf>> {
        let library = self.library();
        let copy = |file: PathBuf| {
            let copy = library.join(file.file_name().unwrap_or_default());
            file::write_old(&copy, &read(&file)?).map(|()| copy)
        };
        let files = make()?.into_iter().map(copy).collect::<Result<Vec<_>>>()?;
        if let Some(entry) = entry {
            // Where nothing can be kept, the next program has them made again.
            let _ = entry.store(&files);
        }
        Ok(files)
    }

    /// The files that were made before, if they are whole and not older than their sources.
    fn read(self) -> Option<Vec<PathBuf>> {
        let done = self.directory.join(DONE);
        let made = modified(&done)?;
        let files: Vec<Whole> = serde_json::from_slice(&fs::read(&done).ok()?).ok()?;
        let mut sources = self.sources.iter();
        let is_fresh = sources.all(|source| modified(source).is_some_and(|time| time < made));
        let library = self.library();
        let are_whole = || files.iter().all(|file| file.is_in(&library));
        (is_fresh && are_whole())
            .then(|| files.iter().map(|file| library.join(&file.name)).collect())
    }

    fn note(self, files: &[PathBuf]) -> Result<()> {
        let files = files.iter().map(|file| Ok(Whole::of(file, &read(file)?)));
        let text = serde_json::to_vec(&files.collect::<Result<Vec<_>>>()?)?;
        file::write(&self.directory.join(DONE), &text)
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("read {}", file.display()))
}

/// When a file was changed last.
fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .ok()
}

/// Held until the file is dropped; the system frees it if we are killed.
fn lock(directory: &Path) -> Result<fs::File> {
    fs::create_dir_all(directory)
        .and_then(|()| fs::File::create(directory.join("lock")))
        .and_then(|file| FileExt::lock_exclusive(&file).map(|()| file))
        .with_context(|| format!("lock {}", directory.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: &[u8] = b"what a program is linked with";

    type Damage = (&'static str, fn(&Path));

    /// Damage that a file may have. As root, every file can be read, and only root can give a file away.
    #[cfg(unix)]
    const DAMAGES: &[Damage] = &[
        ("cut off", |file| {
            let content = fs::read(file).unwrap();
            write(file, &content[..content.len() / 2]);
        }),
        ("emptied", |file| write(file, b"")),
        ("garbage", |file| {
            let length = fs::read(file).unwrap().len();
            write(file, &vec![b'x'; length]);
        }),
        ("gone", |file| fs::remove_file(file).unwrap()),
        ("group's", |file| mode(file, 0o664)),
        ("everybody's", |file| mode(file, 0o646)),
        ("unreadable", |file| mode(file, 0)),
        ("another user's", |file| {
            let _ = std::os::unix::fs::chown(file, Some(54321), None);
        }),
        ("a link", |file| {
            let other = file.with_extension("other");
            fs::rename(file, &other).unwrap();
            std::os::unix::fs::symlink(&other, file).unwrap();
        }),
        ("a directory", |file| {
            fs::remove_file(file).unwrap();
            fs::create_dir(file).unwrap();
        }),
    ];
    #[cfg(not(unix))]
    const DAMAGES: &[Damage] = &[
        ("emptied", |file| write(file, b"")),
        ("gone", |file| fs::remove_file(file).unwrap()),
    ];

    fn write(file: &Path, content: &[u8]) {
        fs::write(file, content).unwrap();
    }

    #[cfg(unix)]
    fn mode(file: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
    }

    struct Fixture {
        directory: tempfile::TempDir,
        made: PathBuf,
        entry: SharedEntry,
    }

    fn fixture() -> Fixture {
        let directory = tempfile::tempdir().unwrap();
        let made = directory.path().join("lib.rlib");
        write(&made, CONTENT);
        let entry = SharedEntry::new(UserCache::at(directory.path().join("cache")), 7);
        entry.store(std::slice::from_ref(&made)).unwrap();
        Fixture {
            directory,
            made,
            entry,
        }
    }

    impl Fixture {
        fn load(&self) -> Option<Vec<u8>> {
            let files = self.entry.load(&self.directory.path().join("taken"))?;
            Some(fs::read(&files[0]).unwrap())
        }

        fn names(&self) -> Vec<PathBuf> {
            let entries = fs::read_dir(self.directory.path().join("cache")).unwrap();
            entries.map(|entry| entry.unwrap().path()).collect()
        }
    }

    #[test]
    fn damaged_file_is_not_taken_and_heals() {
        for (what, damage) in DAMAGES {
            for name in [LIST, "lib.rlib"] {
                let fixture = fixture();
                assert_eq!(fixture.load().unwrap(), CONTENT);
                damage(&fixture.entry.directory.join(name));
                let root = *what == "unreadable" || *what == "another user's";
                let taken = fixture.load();
                assert!(
                    taken.is_none() || root && taken.unwrap() == CONTENT,
                    "{name}: {what}"
                );
                fixture
                    .entry
                    .store(std::slice::from_ref(&fixture.made))
                    .unwrap();
                assert_eq!(fixture.load().unwrap(), CONTENT, "{name}: {what}");
                assert_eq!(
                    fixture.names(),
                    std::slice::from_ref(&fixture.entry.directory),
                    "{name}: {what}"
                );
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn file_of_another_user_is_not_taken() {
        let fixture = fixture();
        let file = fixture.entry.directory.join("lib.rlib");
        if std::os::unix::fs::chown(&file, Some(54321), None).is_err() {
            eprintln!("SKIPPED: only root gives files away");
            return;
        }
        assert!(fixture.load().is_none());
    }

    #[test]
    fn entry_of_another_key_is_not_taken() {
        let fixture = fixture();
        let other = SharedEntry::new(UserCache::at(fixture.directory.path().join("cache")), 8);
        fs::rename(&fixture.entry.directory, &other.directory).unwrap();
        assert!(other.read().is_none());
    }

    #[test]
    fn failed_write_leaves_nothing() {
        let fixture = fixture();
        let gone = fixture.directory.path().join("gone.rlib");
        let other = SharedEntry::new(UserCache::at(fixture.directory.path().join("cache")), 8);
        assert!(other.store(&[fixture.made.clone(), gone]).is_err());
        assert_eq!(
            fixture.names(),
            std::slice::from_ref(&fixture.entry.directory)
        );
    }

    #[test]
    fn damaged_artifacts_of_a_target_directory_is_made_again() {
        for (what, damage) in DAMAGES {
            for name in [DONE, "lib/lib.rlib"] {
                let directory = tempfile::tempdir().unwrap();
                let artifacts = Artifacts {
                    directory: &directory.path().join("stock"),
                    inside: "lib",
                    sources: &[],
                };
                let made = directory.path().join("lib.rlib");
                write(&made, CONTENT);
                let provide = || {
                    let files = artifacts
                        .provide(|| None, || Ok(vec![made.clone()]))
                        .unwrap();
                    assert_eq!(fs::read(&files[0]).unwrap(), CONTENT, "{name}: {what}");
                };
                provide();
                let file = artifacts.directory.join(name);
                damage(&file);
                provide();
                let nothing = || panic!("{name}: {what}: made though whole");
                artifacts.provide(|| None, nothing).unwrap();
            }
        }
    }
}
