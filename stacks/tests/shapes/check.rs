//! Comparison of stacks with the source and with the expected text.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use birthmark_stacks::{DebugInfo, Frame, FrameKind};

use crate::support::Program;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/program/src/shapes.rs");
const EXPECTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shapes/expected.txt");

/// Asserts that an executable's tasks have the expected stacks.
pub fn assert_stacks(executable: &Path) {
    assert_stacks_with(executable, |_| {});
}

/// Asserts the same after a change of how debug information is found.
pub fn assert_stacks_with(executable: &Path, prepare: impl Fn(&mut DebugInfo)) {
    let program = Program::start(executable, &[]);
    let mut info = program.debug_info();
    prepare(&mut info);
    let mut text = String::new();
    for task in &program.tasks {
        let stack = program.stack(&mut info, &task.by_function());
        let shown = shown(&stack.to_string());
        let _ = writeln!(text, "== {}\n{shown}", task.label);
        assert_eq!(
            self::shown(&program.stack(&mut info, &task.by_vtable()).to_string()),
            shown
        );
        assert_lines(&task.label, &stack.frames);
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(EXPECTED, &text).expect("the text can be written");
    }
    let expected = fs::read_to_string(EXPECTED).expect("the text can be read");
    for (expected, found) in expected.split("== ").zip(text.split("== ")) {
        assert_eq!(expected, found);
    }
    assert_eq!(expected.len(), text.len());
}

/// Asserts that the frames in the program's own source are at the lines that are marked for a task.
fn assert_lines(label: &str, frames: &[Frame]) {
    let source = fs::read_to_string(SOURCE).expect("the source can be read");
    let marked: BTreeSet<u32> = lines_marked(&source, label).collect();
    let shared: BTreeSet<u32> = lines_marked(&source, "hand").collect();
    let mut reached = BTreeSet::new();
    for frame in all(frames).filter(|frame| frame.kind != FrameKind::Future) {
        let Some(location) = frame
            .location
            .as_ref()
            .filter(|it| it.file.ends_with("program/src/shapes.rs"))
        else {
            continue;
        };
        let lines = location.line..=location.last_line;
        let here: Vec<u32> = marked
            .iter()
            .copied()
            .filter(|line| lines.contains(line))
            .collect();
        let is_shared = shared.iter().any(|line| lines.contains(line));
        assert!(
            !here.is_empty() || is_shared,
            "{label}: {} is at {location}",
            frame.name
        );
        reached.extend(here);
    }
    assert_eq!(reached, marked, "{label}");
}

fn lines_marked<'a>(source: &'a str, label: &'a str) -> impl Iterator<Item = u32> + 'a {
    let numbered = (1..).zip(source.lines());
    let marked = numbered.filter(move |(_, line)| {
        line.split_once("// at: ")
            .is_some_and(|(_, mark)| mark == label)
    });
    marked.map(|(number, _)| number)
}

fn all(frames: &[Frame]) -> Box<dyn Iterator<Item = &Frame> + '_> {
    Box::new(
        frames
            .iter()
            .flat_map(|frame| std::iter::once(frame).chain(all(&frame.children))),
    )
}

/// Returns a stack without what differs between machines and between versions of libraries.
fn shown(stack: &str) -> String {
    let mut shown = String::new();
    for line in stack.lines() {
        let mut words = Vec::new();
        for word in line.split(' ') {
            words.push(match word.split_once("=0x") {
                Some((name, _)) => format!("{name}=…"),
                None if word.starts_with("task=") => "task=…".to_owned(),
                None => without_folder(word),
            });
        }
        let _ = writeln!(shown, "{}", words.join(" "));
    }
    shown
}

/// Shortens a path of a source file. Lines of libraries change with their versions.
fn without_folder(word: &str) -> String {
    match word.rsplit_once("/src/") {
        Some((_, below)) if word.contains("/stacks/program/") => below.to_owned(),
        Some((folder, below)) => {
            let package = folder.rsplit('/').next().unwrap_or(folder);
            let name = package.rsplit_once('-').map_or(package, |(name, _)| name);
            let (file, after) = below.split_once(':').unwrap_or((below, ""));
            let end = after.trim_start_matches(|it: char| it.is_ascii_digit());
            format!("{name}/src/{file}{end}")
        }
        None => word.to_owned(),
    }
}
