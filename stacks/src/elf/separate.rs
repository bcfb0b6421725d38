//! Separate files with the debug information of an executable.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::{Image, open_regular};

/// Folder in which systems keep debug information.
const SYSTEM: &str = "/usr/lib/debug";

/// Returns the separate file that belongs to an executable.
///
/// A file belongs to it if both have the same build id, or the checksum of the link. `folders` are searched first.
/// `beside` is the executable's path here, and `installed` its path in the process.
pub(crate) fn find_debug_file(
    image: &Image,
    beside: &Path,
    installed: &Path,
    folders: &[PathBuf],
) -> Option<Image> {
    let candidates = candidates(image, beside, installed, folders);
    candidates.iter().find_map(|candidate| {
        let found = Image::open(candidate)?;
        let belongs = match (&image.build_id, &found.build_id) {
            (Some(own), Some(other)) => own == other,
            _ => checksum_matches(image, candidate),
        };
        (belongs && found.has_debug_info()).then_some(found)
    })
}

fn candidates(image: &Image, beside: &Path, installed: &Path, folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut candidates = Vec::new();
    let folder_of = |path: &Path| path.parent().unwrap_or(Path::new("/")).to_owned();
    let folder = folder_of(beside);
    if let Some((name, _)) = &image.debug_link {
        candidates.extend(folders.iter().map(|folder| folder.join(name)));
        candidates.push(folder.join(name));
        candidates.push(folder.join(".debug").join(name));
        let installed = folder_of(installed);
        let below = installed.strip_prefix("/").unwrap_or(&installed);
        candidates.push(Path::new(SYSTEM).join(below).join(name));
    }
    if let Some((first, rest)) = image.build_id.as_deref().and_then(<[u8]>::split_first) {
        let hex = |bytes: &[u8]| {
            bytes
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        };
        let name = format!(".build-id/{first:02x}/{}.debug", hex(rest));
        candidates.extend(folders.iter().map(|folder| folder.join(&name)));
        candidates.push(Path::new(SYSTEM).join(name));
    }
    candidates
}

fn checksum_matches(image: &Image, candidate: &Path) -> bool {
    let Some((_, expected)) = &image.debug_link else {
        return false;
    };
    let Some(mut file) = open_regular(candidate) else {
        return false;
    };
    let mut checksum = flate2::Crc::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return checksum.sum() == *expected,
            Ok(length) => checksum.update(&buffer[..length]),
            Err(_) => return false,
        }
    }
}

/// Returns the package of split debug information of an executable: `app.dwp` beside `app`.
pub(crate) fn find_package(path: &Path, folders: &[PathBuf]) -> Option<Image> {
    let mut name = path.file_name()?.to_owned();
    name.push(".dwp");
    let beside = path.with_file_name(&name);
    let searched = folders.iter().map(|folder| folder.join(&name));
    searched.chain([beside]).find_map(|path| Image::open(&path))
}
