//! Errors, exit codes, colours and texts for other programs.

#![cfg(target_os = "linux")]

mod support;

use birthmark_test_support as _;
use std::process::{Command, Stdio};
use support::{Specimen, birthmark, executable, shown};

/// Runs the command, which fails, and returns its exit code and its error.
fn refused(arguments: &[&str]) -> (i32, String) {
    let output = birthmark(arguments);
    let error = String::from_utf8(output.stderr).expect("text");
    (output.status.code().expect("it was not killed"), error)
}

#[test]
fn each_error_has_a_remedy() {
    let own = std::process::id().to_string();
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for (arguments, code, error) in [
        (
            &["ps", "4194999"][..],
            1,
            "cannot find process 4194999\nhelp: run `birthmark list`",
        ),
        (&["ps", &own], 1, "cannot find records of birthmark\nhelp: "),
        (
            &["ps", "no-such-program"],
            1,
            "cannot find a process with birthmark that is named `no-such-program`\nhelp: ",
        ),
        (&["ps", "--core", manifest], 1, "the file is no core file"),
        (&["ps", "--core", "/no/such"], 1, "cannot read /no/such: "),
        (&["ps"], 2, "no process is given\nhelp: "),
        (&["ps", "1", "colour=red"], 2, "help: "),
        (&["ps", "1", "order"], 2, "help: write text=order for "),
        (&["diff", "1", "--seconds", "-1"], 2, ""),
        (&["diff", manifest, manifest], 1, "help: save dumps with"),
        (&["dump", "1", "--format", "xml"], 2, "xml"),
    ] {
        let (found, message) = refused(arguments);
        assert_eq!(found, code, "{arguments:?}: {message}");
        assert!(message.contains(error), "{arguments:?}: {message}");
        assert!(message.starts_with("error: "), "{message}");
    }
}

#[test]
fn thread_of_the_kernel_is_named() {
    let id = "2";
    let name = std::fs::read_to_string("/proc/2/comm").unwrap_or_default();
    if name != "kthreadd\n" {
        eprintln!("SKIPPED: process 2 is none of the kernel");
        return;
    }
    let (code, error) = refused(&["ps", id]);
    assert_eq!(code, 1);
    // Or the reader may not see its maps at all.
    let is_known = error.contains("help: it has no memory, because it is a thread of the kernel");
    assert!(is_known || error.contains("Permission denied"), "{error}");
}

/// Texts of another process, which may contain anything, do not control the terminal.
#[test]
fn escape_sequences_of_a_program_are_shown_as_text() {
    let content = std::fs::read(executable()).expect("it is there");
    let hostile = [
        (
            "cli/examples/specimen.rs",
            "cli/ex\x1b]0;\x07\x1b[5m\nnnnnn.rs",
        ),
        ("harbour", "\x1b[31m\nx"),
        ("courier", "\x1b[31m\tx"),
        ("old town", "\u{202e}\u{9b}\n\x07x"),
        ("a parent that", "\x1b[5m\r\nnt that"),
    ];
    let mut changed = content;
    for (text, other) in hostile {
        assert_eq!(text.len(), other.len());
        replace_all(&mut changed, text.as_bytes(), other.as_bytes());
    }
    let path = support::folder("hostile").join("spec\x1b[5m\nx");
    std::fs::write(&path, changed).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, mode).unwrap();
    let specimen = Specimen::start(&path, &[]);
    let id = specimen.id();
    let is_harmful = |it: char| (it.is_control() && it != '\n') || it == '\u{202e}';
    for arguments in [
        &["list"][..],
        &["ps", &id],
        &["tree", &id],
        &["groups", &id],
        &["stuck", &id],
        &["resources", &id],
        &["threads", &id],
        &["sites", &id],
        &["diff", &id, "--seconds", "0"],
        &["dump", &id, "--format", "folded"],
        &["dump", &id, "--format", "json"],
    ] {
        let text = shown(arguments);
        assert!(!text.contains(is_harmful), "{arguments:?}: {text:?}");
    }
    assert!(shown(&["ps", &id]).contains("district=\"\\u{1b}[31m\\nx\""));
}

fn replace_all(content: &mut [u8], text: &[u8], other: &[u8]) {
    let mut at = 0;
    while let Some(found) = content[at..].windows(text.len()).position(|it| it == text) {
        at += found;
        content[at..][..text.len()].copy_from_slice(other);
        at += text.len();
    }
}

#[test]
fn things_that_are_alike_are_counted_once() {
    let specimen = Specimen::start(&executable(), &[]);
    let text = shown(&["resources", &specimen.id()]);
    assert!(
        text.starts_with("5 × a oneshot channel, each: 1 task waits for it\n"),
        "{text}"
    );
    assert!(!text.contains("oneshot channel at "), "{text}");
}

#[test]
fn filter_that_selects_nothing_has_a_code_of_its_own() {
    let specimen = Specimen::start(&executable(), &[]);
    let output = birthmark(&["groups", &specimen.id(), "role=nothing"]);
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(" UTC: 0 of 13 tasks;"), "{text}");
    assert!(output.stderr.is_empty());
}

#[test]
fn output_has_colours_if_requested() {
    let specimen = Specimen::start(&executable(), &[]);
    let id = specimen.id();
    assert!(!shown(&["tree", &id]).contains('\u{1b}'));
    assert!(shown(&["tree", &id, "--color", "always"]).contains('\u{1b}'));
}

#[test]
fn reader_that_has_seen_enough_is_no_error() {
    let specimen = Specimen::start(&executable(), &["3000"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_birthmark"))
        .args(["ps", &specimen.id()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(command.stdout.take());
    let output = command.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
}

#[test]
fn list_has_the_process() {
    let specimen = Specimen::start(&executable(), &[]);
    let list = shown(&["list"]);
    let line = list
        .lines()
        .find(|line| line.trim_start().starts_with(&specimen.id()));
    let words: Vec<&str> = line.expect("it is listed").split_whitespace().collect();
    assert_eq!(words[1..], ["specimen", "13", env!("CARGO_PKG_VERSION")]);
}

#[test]
fn process_of_a_container_is_found() {
    let specimen = Specimen::start(&executable(), &[]);
    let id = specimen.id();
    let none = birthmark(&["ps", "--container", "no-such-container", &id]);
    assert_eq!(none.status.code(), Some(1));
    let error = String::from_utf8_lossy(&none.stderr);
    let expected = format!("named `{id}` in a container `no-such-container`\nhelp: ");
    assert!(error.contains(&expected), "{error}");
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let last_part = |line: &str| line.rsplit('/').next().unwrap_or_default().to_owned();
    let Some(own) = groups.lines().map(last_part).find(|part| !part.is_empty()) else {
        eprintln!("SKIPPED in part: this process is in no control group with a name");
        return;
    };
    let found = shown(&["ps", "--container", &own, &id, "role=courier"]);
    assert!(found.contains("courier"), "{found}");
    let by_name = birthmark(&["ps", "--container", &own, "specimen", "role=courier"]);
    let error = String::from_utf8_lossy(&by_name.stderr);
    // Other tests have specimens, too.
    assert!(
        by_name.status.success() || error.contains("cannot choose one of"),
        "{error}"
    );
}

#[test]
fn texts_for_other_programs_are_printed() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            shown(&["completions", shell]).contains("birthmark"),
            "{shell}"
        );
    }
    let page = shown(&["man"]);
    assert!(
        page.contains(".TH birthmark 1") && page.contains("Exit codes"),
        "{page}"
    );
    let (_, name) = page.split_once(".SH NAME\n").expect("a section");
    assert!(
        name.starts_with("birthmark \\- Shows what every task of a running program does\n"),
        "{name}"
    );
    assert!(shown(&["gdb-script"]).contains("class Birthmark(gdb.Command)"));
    for command in [
        "ps",
        "tree",
        "groups",
        "threads",
        "dump",
        "sites",
        "diff",
        "list",
        "top",
        "gdb-script",
        "lldb-script",
        "completions",
        "man",
    ] {
        assert!(
            page.contains(&format!(".SH \"birthmark {command}\"\n")),
            "{command}"
        );
        assert!(shown(&[command, "--help"]).contains("Usage: "), "{command}");
        assert!(
            shown(&["--help"]).contains(&format!("\n  {command} ")),
            "{command}"
        );
    }
}
