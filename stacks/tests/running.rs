//! Stacks of a task that runs while it is read.

mod support;

use std::collections::BTreeMap;

use birthmark_stacks::{Frame, Missing, Options};
use support::{Program, build};

/// Stacks that the task of `spin.rs` can have, by the lines that are marked there.
const POSSIBLE: [&[&str]; 3] = [
    &["root first", "first", "leaf"],
    &["root second", "second", "inner", "leaf"],
    &["root boxed", "first", "leaf"],
];

#[test]
fn stack_of_a_running_task_is_possible() {
    assert_possible(2_000);
}

#[test]
#[ignore = "takes 20,000 samples"]
fn stack_of_a_running_task_is_possible_each_time() {
    assert_possible(20_000);
}

fn assert_possible(samples: usize) {
    let program = Program::start(&build(&[]), &["spin"]);
    let (task, mut info) = (program.task("spin"), program.debug_info());
    let (root, guard) = (task.by_function(), program.guard(task));
    let marks = marks();
    let (mut running, mut found) = (0, BTreeMap::new());
    for _ in 0..samples {
        let stack = info.stack(&program.memory(), &root, &guard, &Options::new());
        match stack.missing {
            None => *found.entry(labels(&marks, &stack.frames)).or_insert(0) += 1,
            Some(Missing::Running) => running += 1,
            Some(missing) => panic!("{missing}"),
        }
    }
    println!("{running} samples of a running task, others: {found:?}");
    for labels in found.keys() {
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        assert!(
            POSSIBLE.contains(&&*labels) || labels == ["not started"],
            "{labels:?}"
        );
    }
}

/// Returns the marks of the frames in `spin.rs`.
fn labels(marks: &BTreeMap<u32, String>, frames: &[Frame]) -> Vec<String> {
    let mut labels = Vec::new();
    let mut frames = frames;
    while let [frame] = frames {
        if frame.state == birthmark_stacks::State::NotStarted {
            labels.push("not started".to_owned());
        } else if let Some(location) = frame
            .location
            .as_ref()
            .filter(|it| it.file.ends_with("spin.rs"))
        {
            let mark = marks.get(&location.line);
            labels.push(
                mark.unwrap_or_else(|| panic!("{location} has no mark"))
                    .clone(),
            );
        }
        frames = &frame.children;
    }
    labels
}

fn marks() -> BTreeMap<u32, String> {
    let source = include_str!("../program/src/spin.rs");
    let numbered = (1..).zip(source.lines());
    let marked = numbered.filter_map(|(number, line)| {
        let (_, mark) = line.split_once("// spin: ")?;
        Some((number, mark.to_owned()))
    });
    marked.collect()
}
