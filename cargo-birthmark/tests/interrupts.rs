//! Builds that are stopped, or cannot write or read what they have to.
#![cfg(unix)]

use birthmark_test_support as _;

mod support;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use std::time::{Duration, Instant};

use support::{Project, Ran, bounded};

/// A compiler that stands still, the first time, when it is to compile the crate `STOP_AT`.
const COMPILER: &str = r#"#!/bin/sh
case "$*" in
    *"--crate-name $STOP_AT "*) if ! [ -e "$REACHED" ]; then touch "$REACHED"; exec sleep 600; fi;;
esac
exec rustc "$@"
"#;

/// A program of many files, so that it takes a while to mirror them.
fn program() -> Project {
    let project = Project::new("stopped", &[("rustc.sh", COMPILER)]);
    let modules = 0..200;
    let declared: String = modules.clone().map(|it| format!("mod m{it};\n")).collect();
    let called: String = modules
        .clone()
        .map(|it| format!("m{it}::go();\n"))
        .collect();
    project.write(
        "src/main.rs",
        &format!("{declared}fn main() {{\n{called}}}\n"),
    );
    for it in modules {
        let text = "pub fn go() { std::thread::spawn(|| ()).join().unwrap(); }\n";
        project.write(&format!("src/m{it}.rs"), text);
    }
    let mut chmod = Command::new("chmod");
    project
        .run(chmod.arg("+x").arg(project.path().join("rustc.sh")))
        .ok();
    project
}

/// `cargo ARGS` with that compiler, in a process group of its own, as a terminal has it. Whoever runs the tests
/// in the background may have them ignore Ctrl-C.
fn command(project: &Project, args: &str, stop_at: &str) -> Command {
    let cargo = project.command(args);
    let mut command = project.through("env", &["--default-signal=INT"], &cargo);
    command
        .env_remove("CARGO_TARGET_DIR")
        .env("RUSTC", project.path().join("rustc.sh"))
        .env("STOP_AT", stop_at)
        .env("REACHED", project.path().join("reached"))
        .process_group(0);
    command
}

/// Sends what Ctrl-C sends, once something holds; the build must end by it. False if it was too late.
#[track_caller]
fn interrupt(mut child: Child, when: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + bounded::bound();
    while !when() {
        assert!(
            Instant::now() < deadline,
            "the build hangs before its crate"
        );
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let group = format!("-{}", child.id());
    let killed = Command::new("kill").args(["-INT", "--", &group]).status();
    assert!(killed.unwrap().success());
    let status = bounded::wait(&mut child, "the build after Ctrl-C");
    assert_eq!(status.signal(), Some(2));
    true
}

/// Returns our files in the target directory, except the runtime and files named for the session's hash.
fn ours(project: &Project) -> Vec<PathBuf> {
    let state = project.path().join("target/birthmark/.birthmark");
    let mut found = Vec::new();
    let mut pending = vec![state.clone()];
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            let inside = path.strip_prefix(&state).unwrap().to_owned();
            if path.is_dir() && !path.is_symlink() && !inside.starts_with("runtime") {
                pending.push(path);
            } else {
                found.push(inside);
            }
        }
    }
    found.sort();
    found
}

/// The files of the runtime and cargo's dependencies whose names no finished write leaves.
fn leftovers(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let temporary =
            name.starts_with(".lib") || name.starts_with(".session") || name.contains(".link-");
        if temporary || name.starts_with('.') && name.contains(".rs.") {
            found.push(path.clone());
        }
        if path.is_dir() && !path.is_symlink() {
            found.extend(leftovers(&path));
        }
    }
    found
}

#[test]
fn interrupted_build_can_be_repeated() {
    let project = program();
    let build = "birthmark --workspace build";
    let reached = project.path().join("reached");
    // While the runtime is built: in the midst of what it depends on, and of itself. Then while the
    // compiler reads the mirror.
    for stop_at in ["inventory", "birthmark", "stopped"] {
        let child = command(&project, build, stop_at).spawn().unwrap();
        assert!(interrupt(child, || reached.exists()), "{stop_at}");
        std::fs::remove_file(&reached).unwrap();
    }
    let mirrored = |count: usize| {
        ours(&project)
            .iter()
            .filter(|path| path.starts_with("mirror"))
            .count()
            >= count
    };
    // While the mirror is written, at several moments.
    for count in [1, 40, 120, 199] {
        std::fs::remove_dir_all(project.path().join("target/birthmark/.birthmark/mirror")).unwrap();
        project.write("src/m7.rs", &format!("pub fn go() {{}} // {count}\n"));
        let child = command(&project, build, "nothing").spawn().unwrap();
        interrupt(child, || mirrored(count));
    }
    project.write("src/m7.rs", &project.read("src/m8.rs"));
    let ran = project.run(&mut command(&project, build, "nothing")).ok();
    assert_eq!(ran.summary(), "1 crate instrumented, 200 sites");
    project
        .run(&mut command(
            &project,
            "birthmark --workspace run",
            "nothing",
        ))
        .ok();
    assert_eq!(
        leftovers(&project.path().join("target")),
        Vec::<PathBuf>::new()
    );
    let after_all = ours(&project);
    std::fs::remove_dir_all(project.path().join("target/birthmark/.birthmark/mirror")).unwrap();
    std::fs::remove_dir_all(project.path().join("target/birthmark/.birthmark/units")).unwrap();
    std::fs::remove_dir_all(project.path().join("target/birthmark/debug")).unwrap();
    project.run(&mut command(&project, build, "nothing")).ok();
    assert_eq!(after_all, ours(&project));
}

const SPAWNS: &str = "fn main() { std::thread::spawn(|| ()).join().unwrap(); }\n";

#[test]
fn unwritable_target_directory_is_reported() {
    let project = Project::new("unwritable", &[("src/main.rs", SPAWNS)]);
    let mut command = project.command("birthmark --workspace build");
    let ran = project.run(command.env("CARGO_TARGET_DIR", "/proc/birthmark"));
    assert_eq!(ran.code, 96);
    assert!(
        ran.stderr
            .contains("cannot write the session into the target directory")
            && ran.stderr.contains("help: make it writable")
            && ran.stderr.contains("/proc/birthmark"),
        "{}",
        ran.stderr
    );
}

/// Limits the size of files to zero, which has the effect of a full disk.
fn without_room(project: &Project, blocks: u32) -> Ran {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut cargo = project.command("birthmark --workspace check");
    cargo.env_remove("CARGO_TARGET_DIR");
    // With a runtime to compile.
    cargo.env("CARGO_BIRTHMARK_HOME", project.path().join("home"));
    project.run(&mut project.through("sh", &["-c", &script], &cargo))
}

#[test]
fn full_disk_is_reported() {
    let project = Project::new("crammed", &[("src/main.rs", SPAWNS)]);
    project.cargo("generate-lockfile").ok();
    let ran = without_room(&project, 0);
    assert_eq!(ran.code, 96, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("free space on its disk"),
        "{}",
        ran.stderr
    );
    let ran = without_room(&project, 16);
    assert!(ran.stderr.contains("File too large"), "{}", ran.stderr);
    let mut command = project.command("birthmark --workspace check");
    let ran = project.run(command.env_remove("CARGO_TARGET_DIR")).ok();
    assert_eq!(ran.summary(), "1 crate instrumented, 1 site");
}

#[test]
fn unreadable_file_is_reported() {
    let project = Project::new(
        "unreadable",
        &[("src/main.rs", &format!("mod odd;\n{SPAWNS}"))],
    );
    let odd = project.path().join("src/odd.rs");
    let both_say = |what: &str| {
        let (plain, ours) = (
            project.cargo("check"),
            project.birthmark("--workspace check"),
        );
        assert_eq!((plain.code, ours.code), (101, 101));
        assert!(plain.stderr.contains(what), "{}", plain.stderr);
        let error = |ran: &Ran| ran.stderr[ran.stderr.find("error").unwrap()..].to_owned();
        assert_eq!(error(&plain), error(&ours));
    };
    std::fs::write(&odd, b"fn f() { spawn(\xff) }\n").unwrap();
    both_say("valid UTF-8");
    std::fs::remove_file(&odd).unwrap();
    std::os::unix::fs::symlink("nowhere", &odd).unwrap();
    both_say("file not found for module");
    std::fs::remove_file(&odd).unwrap();
    std::fs::create_dir(&odd).unwrap();
    both_say("Is a directory");
}
