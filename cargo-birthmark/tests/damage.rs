//! Damaged files in the cache and in the target directory are made again, and the user does not notice.

mod support;
use std::path::{Path, PathBuf};

use support::{Project, Ran};

/// The place of the panic shows that the macro for columns is used.
const MAIN: &str = "// A line of its own.\nfn main() {\n    let thread = std::thread::spawn(|| panic!());\n    thread.join().unwrap_err();\n}\n";

/// A compiler that notes what it compiles.
const COMPILER: &str = "#!/bin/sh\necho \"$*\" >> \"$LOG\"\nexec rustc \"$@\"\n";

/// Damages to the content of a file.
type Change = fn(&[u8]) -> Vec<u8>;

const DAMAGES: [(&str, Change); 3] = [
    ("cut off", |content| content[..content.len() / 2].to_vec()),
    ("emptied", |_| Vec::new()),
    ("garbage", |content| vec![b'x'; content.len()]),
];

/// Returns all files below a directory that pass a test, without links.
fn files(directory: &Path, is_meant: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_symlink() {
        } else if path.is_dir() {
            found.extend(files(&path, is_meant));
        } else if is_meant(path.to_str().unwrap()) {
            found.push(path);
        }
    }
    found
}

fn damage(files: &[PathBuf], how: Change) {
    for file in files {
        let content = how(&std::fs::read(file).unwrap());
        std::fs::write(file, content).unwrap();
    }
}

#[track_caller]
fn is_instrumented(ran: &Ran, what: &str) {
    assert_eq!(
        ran.summary(),
        "1 crate instrumented, 1 site",
        "{what}\n{}",
        ran.stderr
    );
    for said in ["panicked at src/main.rs:3:40:", "    by       1 main"] {
        assert!(ran.stderr.contains(said), "{what}\n{}", ran.stderr);
    }
}

#[cfg(unix)]
#[test]
fn damaged_cache_is_replaced_and_serves_the_next_program() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::new("ruined", &[("src/main.rs", MAIN), ("rustc.sh", COMPILER)]);
    let rustc = project.path().join("rustc.sh");
    std::fs::set_permissions(&rustc, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (home, log) = (project.path().join("home"), project.path().join("log"));
    let run = |target: &str| {
        let mut command = project.command("birthmark --workspace run");
        command
            .env("CARGO_BIRTHMARK_HOME", &home)
            .env("CARGO_TARGET_DIR", project.path().join(target))
            .env("RUSTC", &rustc)
            .env("LOG", &log);
        project.run(&mut command).ok()
    };
    is_instrumented(&run("first"), "whole");
    let kept = files(&home, &|_| true);
    // The three caches: what cargo said is one file, the others are a list and at least one file.
    assert!(kept.len() > 6, "{kept:?}");
    damage(&kept, DAMAGES[2].1);
    let damaged: Vec<_> = kept
        .iter()
        .map(|file| std::fs::read(file).unwrap())
        .collect();
    is_instrumented(&run("second"), "damaged");
    for (file, damaged) in kept.iter().zip(damaged) {
        let is_answer = file.starts_with(home.join("answers"));
        // The answer of the first directory is not asked for again.
        assert!(
            is_answer || std::fs::read(file).unwrap() != damaged,
            "{file:?}"
        );
    }
    std::fs::remove_file(&log).unwrap();
    is_instrumented(&run("third"), "replaced");
    let compiled = project.read("log");
    assert!(!compiled.contains("--crate-name birthmark "), "{compiled}");
    assert!(
        !compiled.contains("--crate-name __birthmark_columns"),
        "{compiled}"
    );
    damage(&files(&home.join("answers"), &|_| true), DAMAGES[0].1);
    is_instrumented(&run("third"), "cut off");
    let is_unfinished = |name: &str| {
        name.contains("/home/")
            && name
                .rsplit('/')
                .any(|it| it.starts_with('.') && !it.starts_with(".tmp"))
    };
    assert!(files(&home, &is_unfinished).is_empty());
}

#[test]
fn damaged_target_directory_is_made_whole() {
    let project = Project::new("tattered", &[("src/main.rs", MAIN)]);
    let run = || {
        let mut command = project.command("birthmark --workspace run");
        project.run(command.env_remove("CARGO_TARGET_DIR")).ok()
    };
    is_instrumented(&run(), "whole");
    let state = project.path().join("target/birthmark/.birthmark");
    let is_ours = |name: &str| {
        let is_library = name.contains("/lib/") || name.ends_with("/done.json");
        is_library || name.contains("/session-") || name.contains("/units/")
    };
    for (what, how) in DAMAGES {
        let kept = files(&state, &is_ours);
        for part in ["/session-", "/units/", "/runtime/", "/columns/"] {
            let part: Vec<_> = kept
                .iter()
                .filter(|it| it.to_str().unwrap().contains(part))
                .cloned()
                .collect();
            assert!(!part.is_empty(), "{kept:?}");
            damage(&part, how);
        }
        is_instrumented(&run(), what);
        // One by one, for one damage hides another.
        damage(&files(&state, &|name| name.contains("/session-")), how);
        is_instrumented(&run(), what);
    }
}
