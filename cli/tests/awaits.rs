//! Await stacks out of debug information, from outside: of a process, a stopped one, a core file, and a stripped executable.
//! All are those that the process shows of itself.

#![cfg(target_os = "linux")]

mod support;

use std::path::{Path, PathBuf};

use birthmark_test_support as _;
use support::{
    Specimen, birthmark, built, core_of, executable, folder, instrumented, objcopy, shown, timeless,
};

/// A frame of code that is not instrumented, which is below an instrumented one, and the future that it waits for.
const PLAIN: [&str; 2] = [
    "in specimen::map::find at ",
    "core::future::pending::Pending [debug info]",
];

/// The cause that a dump names once if no task has a stack.
const NO_DEBUG_INFO: &str = "no stacks out of debug information: ";

#[track_caller]
fn assert_whole(dump: &str) {
    for frame in PLAIN {
        assert!(dump.contains(frame), "{dump}");
    }
    assert!(!dump.contains(NO_DEBUG_INFO), "{dump}");
}

/// A stripped copy of the specimen, and the file with its debug information.
fn split(test: &str) -> (PathBuf, PathBuf, PathBuf) {
    let folder = folder(test);
    let (stripped, debug) = (folder.join("specimen"), folder.join("specimen.debug"));
    objcopy(&["--only-keep-debug"], &executable(), &debug);
    objcopy(&["--strip-all"], &executable(), &stripped);
    (folder, stripped, debug)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn all_forms_have_the_stacks_of_dependencies() {
    let mut specimen = Specimen::start(&executable(), &[]);
    for format in ["text", "tree", "groups", "folded", "json"] {
        let outside = shown(&["dump", &specimen.id(), "--format", format]);
        let inside = specimen.dump(format);
        let place = match format {
            "tree" => "waiting for core::future::pending::Pending",
            _ => "specimen::map::find",
        };
        for dump in [&outside, &inside] {
            assert!(dump.contains(place), "{format}: {dump}");
        }
        if format != "json" {
            assert_eq!(timeless(&outside), timeless(&inside), "{format}");
        }
    }
    let without = shown(&["ps", &specimen.id(), "--stacks", "instrumented"]);
    assert!(!without.contains("specimen::map::find"), "{without}");
    assert!(!without.contains("[instrumented"), "{without}");
    let locals = shown(&["ps", &specimen.id(), "--stacks", "locals"]);
    assert!(locals.contains("  | order = 0\n"), "{locals}");
    let redacted = shown(&["ps", &specimen.id(), "--stacks", "locals", "--redact"]);
    assert!(redacted.contains("  | order = (redacted)\n"), "{redacted}");
    let some = shown(&["ps", &specimen.id(), "role=courier&name=order 3"]);
    assert_whole(&some);
    assert_eq!(some.matches(PLAIN[0]).count(), 1, "{some}");
    let wrong = birthmark(&["ps", &specimen.id(), "--stacks", "all"]);
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn stopped_process_and_core_file_have_the_stacks_of_the_process() {
    let folder = folder("awaits-core");
    // A copy, which is then replaced.
    let copy = folder.join("specimen");
    std::fs::copy(executable(), &copy).expect("the folder is writable");
    let mut specimen = Specimen::start(&copy, &[]);
    let inside = timeless(&specimen.dump("text"));
    specimen.signal(libc::SIGSTOP);
    let stopped = shown(&["ps", &specimen.id()]);
    let core = core_of(&specimen.id(), &folder);
    specimen.signal(libc::SIGCONT);
    assert_whole(&stopped);
    assert_eq!(timeless(&stopped), inside);
    let dead = shown(&["ps", "--core", &core]);
    assert_eq!(timeless(&dead), inside);

    // An executable of another build is refused, and the one of this build is taken.
    std::fs::copy(env!("CARGO_BIN_EXE_birthmark"), folder.join("other"))
        .expect("the folder is writable");
    std::fs::rename(&copy, folder.join("moved")).expect("the file is there");
    std::fs::rename(folder.join("other"), &copy).expect("the file is there");
    let moved = text(&folder.join("moved"));
    let replaced = shown(&["ps", "--core", &core, "--exe", &moved]);
    assert_eq!(timeless(&replaced), inside);
    let given = shown(&[
        "ps",
        "--core",
        &core,
        "--exe",
        &moved,
        "--debug-file",
        &moved,
    ]);
    assert_eq!(timeless(&given), inside);
    let other = birthmark(&["ps", "--core", &core, "--debug-file", &text(&copy)]);
    let error = String::from_utf8_lossy(&other.stderr);
    assert_eq!(other.status.code(), Some(1), "{error}");
    assert!(
        error.contains("its build id is that of no file of the process"),
        "{error}"
    );
}

#[test]
fn stripped_executable_has_the_stacks_of_a_separate_file() {
    let (folder, stripped, debug) = split("awaits-stripped");
    let kept = folder.join("kept/somewhere.debug");
    std::fs::create_dir(folder.join("kept")).expect("the folder is writable");
    std::fs::rename(&debug, &kept).expect("the file is there");
    let mut specimen = Specimen::start(&stripped, &[]);

    // Without the file: frames of instrumented code, and what to do.
    let without = shown(&["ps", &specimen.id()]);
    assert!(without.contains(" courier specimen.rs:"), "{without}");
    assert!(!without.contains("specimen::map::find"), "{without}");
    assert_eq!(without.matches(NO_DEBUG_INFO).count(), 1, "{without}");
    let cause = format!(
        "{NO_DEBUG_INFO}{} has no debug information; help: ",
        text(&stripped)
    );
    assert!(without.contains(&cause), "{without}");
    assert!(without.contains("--debug-file"), "{without}");
    assert_eq!(timeless(&without), timeless(&specimen.dump("text")));
    assert_eq!(
        instrumented(&without),
        instrumented(&shown(&["ps", &specimen.id(), "--stacks", "instrumented"]))
    );
    let core = core_of(&specimen.id(), &folder);

    // With the file, given.
    let given = shown(&["ps", &specimen.id(), "--debug-file", &text(&kept)]);
    assert_whole(&given);
    let whole = timeless(&given);
    let dead = shown(&["ps", "--core", &core, "--debug-file", &text(&kept)]);
    assert_eq!(timeless(&dead), whole);
    let no_file = birthmark(&["ps", &specimen.id(), "--debug-file", "/no/such/file"]);
    assert_eq!(no_file.status.code(), Some(1));

    // With the file beside the executable. A link in the executable leads to it.
    drop(specimen);
    std::fs::rename(&kept, &debug).expect("the file is there");
    let linked = folder.join("linked");
    let link = format!("--add-gnu-debuglink={}", text(&debug));
    objcopy(&[&link], &stripped, &linked);
    std::fs::rename(&linked, &stripped).expect("the file is there");
    let mut specimen = Specimen::start(&stripped, &[]);
    let found = shown(&["ps", &specimen.id()]);
    assert_whole(&found);
    let whole = timeless(&found);
    assert_eq!(timeless(&specimen.dump("text")), whole);
    let core = core_of(&specimen.id(), &folder);
    assert_eq!(timeless(&shown(&["ps", "--core", &core])), whole);
}

#[test]
fn many_suspended_tasks_have_no_stacks_unless_a_filter_selects_some() {
    let specimen = Specimen::start(&executable(), &["10001"]);
    let groups = shown(&["groups", &specimen.id()]);
    assert!(groups.contains("10001 × one_of_many  "), "{groups}");
    let cause = "10012 tasks are suspended, and at most 10000 stacks are read; help: use a filter";
    assert!(groups.contains(cause), "{groups}");
    let some = shown(&["groups", &specimen.id(), "role=courier"]);
    assert_whole(&some);
}

#[test]
#[ignore = "compiles with other options, which takes minutes"]
fn package_has_the_stacks_of_a_program_whose_debug_information_is_split() {
    let variables = [("CARGO_PROFILE_DEV_SPLIT_DEBUGINFO", "packed")];
    let built = built("split", &[], &variables, "debug/examples/specimen");
    let folder = folder("awaits-split");
    let (program, package) = (folder.join("specimen"), folder.join("specimen.dwp"));
    std::fs::copy(&built, &program).unwrap();
    std::fs::copy(built.with_extension("dwp"), &package).unwrap();
    let mut specimen = Specimen::start(&program, &[]);
    let beside = shown(&["ps", &specimen.id()]);
    assert_whole(&beside);
    assert_eq!(timeless(&beside), timeless(&specimen.dump("text")));
    let moved = folder.join("moved.dwp");
    std::fs::rename(&package, &moved).unwrap();
    let without = shown(&["ps", &specimen.id()]);
    assert!(without.contains(NO_DEBUG_INFO), "{without}");
    assert!(!without.contains(PLAIN[0]), "{without}");
    let core = core_of(&specimen.id(), &folder);
    let moved = text(&moved);
    for target in [&[&*specimen.id()][..], &["--core", &core]] {
        let given = [&["ps", "--debug-file", &moved], target].concat();
        assert_eq!(timeless(&shown(&given)), timeless(&beside));
    }
}

#[test]
#[ignore = "compiles a release, which takes minutes"]
fn release_needs_no_preparation() {
    let variables = [("CARGO_PROFILE_RELEASE_DEBUG", "2")];
    let release = built(
        "release",
        &["--release"],
        &variables,
        "release/examples/specimen",
    );
    let mut specimen = Specimen::start(&release, &[]);
    let outside = shown(&["ps", &specimen.id()]);
    assert_whole(&outside);
    assert_eq!(timeless(&outside), timeless(&specimen.dump("text")));
}
