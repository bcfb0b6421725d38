//! Copies of an executable whose debug information is elsewhere, or compressed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of one test, which is empty at first and removed at the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("the folder can be made");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Copies an executable without its debug information, which becomes a file beside the copy.
pub fn strip(executable: &Path, folder: &Folder) -> (PathBuf, PathBuf) {
    let copy = folder.0.join("program");
    let debug = folder.0.join("program.debug");
    objcopy(&[&"--only-keep-debug", &executable, &debug]);
    let link = format!("--add-gnu-debuglink={}", debug.display());
    objcopy(&[&"--strip-all", &link, &executable, &copy]);
    (copy, debug)
}

/// Copies an executable with compressed debug information.
pub fn compress(executable: &Path, folder: &Folder, method: &str) -> PathBuf {
    let copy = folder.0.join("program");
    objcopy(&[
        &format!("--compress-debug-sections={method}"),
        &executable,
        &copy,
    ]);
    copy
}

/// Moves a separate file to where its build id leads, and returns the folder that is above.
pub fn move_to_build_id(executable: &Path, debug: &Path) -> PathBuf {
    let notes = Command::new("readelf")
        .arg("-n")
        .arg(executable)
        .output()
        .expect("readelf starts");
    let notes = String::from_utf8(notes.stdout).expect("notes are text");
    let (_, id) = notes
        .split_once("Build ID: ")
        .expect("the executable has a build id");
    let id = id.split_whitespace().next().expect("an id");
    let above = executable.with_file_name("debug");
    let folder = above.join(".build-id").join(&id[..2]);
    fs::create_dir_all(&folder).expect("the folder can be made");
    fs::rename(debug, folder.join(format!("{}.debug", &id[2..]))).expect("the file can be moved");
    above
}

fn objcopy(arguments: &[&dyn AsRef<std::ffi::OsStr>]) {
    let mut command = Command::new("objcopy");
    for argument in arguments {
        command.arg(argument);
    }
    let status = command.status().expect("objcopy starts");
    assert!(status.success(), "{command:?} failed");
}
