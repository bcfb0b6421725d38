//! What is compiled once for all programs of a user, so that only the first build on a machine does it: the
//! runtime, and the macro that keeps columns.
//!
//! A target directory takes the files over as copies of its own. It never depends on the shelf again, from which
//! they may disappear at any time. Both places have a list of the files, with the length and a hash of each, so that
//! a damaged file is found before it is linked, and made anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use fs4::fs_std::FileExt;
use serde::{Deserialize, Serialize};

use crate::home::{Shelf, remove};
use crate::session::{hash, temporary};
use crate::{signals, trusted};

/// The place of some files on a shelf.
pub struct Place {
    shelf: Shelf,
    entry: PathBuf,
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

/// What a file is if it is whole.
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

    /// Reads the file as it lies on a shelf, if it is whole.
    fn read(&self, directory: &Path) -> Option<Vec<u8>> {
        let is_name = Path::new(self.name.file_name()?) == self.name;
        let content = is_name.then(|| trusted::read(&directory.join(&self.name)).ok())??;
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
            && (metadata.modified().is_ok_and(|date| date == trusted::old())
                || fs::read(&file).is_ok_and(|content| self.is(&content)))
    }
}

impl Place {
    /// The place of what has this key.
    pub fn new(shelf: Shelf, key: u64) -> Place {
        let entry = shelf.entry(&format!("{key:016x}"));
        Place { shelf, entry }
    }

    /// Reads the files, if they are there and whole.
    fn read(&self) -> Option<Vec<(Whole, Vec<u8>)>> {
        let list = trusted::read(&self.entry.join(LIST)).ok()?;
        let list: List = serde_json::from_slice(&list).ok()?;
        if Some(list.entry.as_os_str()) != self.entry.file_name() {
            return None;
        }
        let files = list.files.into_iter().map(|whole| {
            let content = whole.read(&self.entry)?;
            Some((whole, content))
        });
        files.collect()
    }

    /// Copies the files into a directory, if they are there and whole.
    fn take(&self, directory: &Path) -> Option<Vec<PathBuf>> {
        let files = self.read()?.into_iter().map(|(whole, content)| {
            let file = directory.join(whole.name);
            trusted::write_old(&file, &content).map(|()| file)
        });
        let files = files.collect::<Result<_>>().ok()?;
        self.shelf.used(&self.entry);
        Some(files)
    }

    /// Keeps files that were made. A damaged entry gives way to them.
    fn put(&self, files: &[PathBuf]) -> Result<()> {
        let temporary = temporary(&self.entry);
        let put = || {
            self.fill(&temporary, files)
                .and_then(|()| self.show(&temporary))
        };
        let put = signals::held(put);
        if temporary.exists() {
            remove(&temporary);
        }
        self.shelf.prune();
        put
    }

    /// Writes the entry under a hidden name.
    fn fill(&self, temporary: &Path, files: &[PathBuf]) -> Result<()> {
        let mut list = List {
            entry: self.entry.file_name().unwrap_or_default().into(),
            files: Vec::new(),
        };
        for file in files {
            let content = read(file)?;
            let whole = Whole::of(file, &content);
            trusted::write_old(&temporary.join(&whole.name), &content)?;
            list.files.push(whole);
        }
        trusted::write(&temporary.join(LIST), &serde_json::to_vec(&list)?)
    }

    /// Gives the entry its name, unless a whole one has it: somebody else was faster.
    fn show(&self, temporary: &Path) -> Result<()> {
        if fs::rename(temporary, &self.entry).is_ok() || self.read().is_some() {
            return Ok(());
        }
        remove(&self.entry);
        fs::rename(temporary, &self.entry)
            .with_context(|| format!("replace {}", self.entry.display()))
    }
}

/// What is written into a target directory when files are there as a whole.
const DONE: &str = "done.json";

/// The files that lie in a directory of the target directory's.
#[derive(Clone, Copy)]
pub struct Stock<'a> {
    /// The directory, which also holds what the files are made from.
    pub directory: &'a Path,
    /// The directory of the files within it.
    pub inside: &'a str,
    /// What the files are made from and the user may edit.
    pub sources: &'a [PathBuf],
}

impl Stock<'_> {
    /// Returns the files: those that are there, those that are kept for all programs, or new ones. Others that need
    /// them wait meanwhile.
    pub fn provide(
        self,
        place: impl FnOnce() -> Option<Place>,
        make: impl FnOnce() -> Result<Vec<PathBuf>>,
    ) -> Result<Vec<PathBuf>> {
        if let Some(files) = self.read() {
            return Ok(files);
        }
        let lock = lock(self.directory)?;
        if let Some(files) = self.read() {
            return Ok(files);
        }
        let place = place();
        let kept = place.as_ref().and_then(|place| place.take(&self.library()));
        let files = match kept {
            Some(files) => files,
            None => self.make(place, make)?,
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
        place: Option<Place>,
        make: impl FnOnce() -> Result<Vec<PathBuf>>,
    ) -> Result<Vec<PathBuf>> {
        let library = self.library();
        let copy = |file: PathBuf| {
            let copy = library.join(file.file_name().unwrap_or_default());
            trusted::write_old(&copy, &read(&file)?).map(|()| copy)
        };
        let files = make()?.into_iter().map(copy).collect::<Result<Vec<_>>>()?;
        if let Some(place) = place {
            // Where nothing can be kept, the next program has them made again.
            let _ = place.put(&files);
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
        trusted::write(&self.directory.join(DONE), &text)
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

    /// What may have become of a file. As root, every file can be read, and only root can give a file away.
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

    struct Shelved {
        directory: tempfile::TempDir,
        made: PathBuf,
        place: Place,
    }

    fn shelved() -> Shelved {
        let directory = tempfile::tempdir().unwrap();
        let made = directory.path().join("lib.rlib");
        write(&made, CONTENT);
        let place = Place::new(Shelf::at(directory.path().join("shelf")), 7);
        place.put(std::slice::from_ref(&made)).unwrap();
        Shelved {
            directory,
            made,
            place,
        }
    }

    impl Shelved {
        fn take(&self) -> Option<Vec<u8>> {
            let files = self.place.take(&self.directory.path().join("taken"))?;
            Some(fs::read(&files[0]).unwrap())
        }

        fn names(&self) -> Vec<PathBuf> {
            let entries = fs::read_dir(self.directory.path().join("shelf")).unwrap();
            entries.map(|entry| entry.unwrap().path()).collect()
        }
    }

    #[test]
    fn damaged_file_is_not_taken_and_heals() {
        for (what, damage) in DAMAGES {
            for name in [LIST, "lib.rlib"] {
                let shelved = shelved();
                assert_eq!(shelved.take().unwrap(), CONTENT);
                damage(&shelved.place.entry.join(name));
                let root = *what == "unreadable" || *what == "another user's";
                let taken = shelved.take();
                assert!(
                    taken.is_none() || root && taken.unwrap() == CONTENT,
                    "{name}: {what}"
                );
                shelved
                    .place
                    .put(std::slice::from_ref(&shelved.made))
                    .unwrap();
                assert_eq!(shelved.take().unwrap(), CONTENT, "{name}: {what}");
                assert_eq!(
                    shelved.names(),
                    std::slice::from_ref(&shelved.place.entry),
                    "{name}: {what}"
                );
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn file_of_another_user_is_not_taken() {
        let shelved = shelved();
        let file = shelved.place.entry.join("lib.rlib");
        if std::os::unix::fs::chown(&file, Some(54321), None).is_err() {
            eprintln!("SKIPPED: only root gives files away");
            return;
        }
        assert!(shelved.take().is_none());
    }

    #[test]
    fn entry_of_another_key_is_not_taken() {
        let shelved = shelved();
        let other = Place::new(Shelf::at(shelved.directory.path().join("shelf")), 8);
        fs::rename(&shelved.place.entry, &other.entry).unwrap();
        assert!(other.read().is_none());
    }

    #[test]
    fn failed_write_leaves_nothing() {
        let shelved = shelved();
        let gone = shelved.directory.path().join("gone.rlib");
        let other = Place::new(Shelf::at(shelved.directory.path().join("shelf")), 8);
        assert!(other.put(&[shelved.made.clone(), gone]).is_err());
        assert_eq!(shelved.names(), std::slice::from_ref(&shelved.place.entry));
    }

    #[test]
    fn damaged_stock_of_a_target_directory_is_made_again() {
        for (what, damage) in DAMAGES {
            for name in [DONE, "lib/lib.rlib"] {
                let directory = tempfile::tempdir().unwrap();
                let stock = Stock {
                    directory: &directory.path().join("stock"),
                    inside: "lib",
                    sources: &[],
                };
                let made = directory.path().join("lib.rlib");
                write(&made, CONTENT);
                let provide = || {
                    let files = stock.provide(|| None, || Ok(vec![made.clone()])).unwrap();
                    assert_eq!(fs::read(&files[0]).unwrap(), CONTENT, "{name}: {what}");
                };
                provide();
                let file = stock.directory.join(name);
                damage(&file);
                provide();
                let nothing = || panic!("{name}: {what}: made though whole");
                stock.provide(|| None, nothing).unwrap();
            }
        }
    }
}
