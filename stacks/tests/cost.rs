//! Times and memory that stacks take, printed.

mod support;

use std::time::Instant;

use support::{Program, build};

#[test]
#[ignore = "prints times, which depend on the machine"]
fn cost_is_printed() {
    let executable = match std::env::var_os("BIRTHMARK_STACKS_PROGRAM") {
        Some(path) => path.into(),
        None => build(&[]),
    };
    let program = Program::start(&executable, &[]);
    let before = resident();
    let start = Instant::now();
    let mut info = program.debug_info();
    let all = |info: &mut _| {
        let stacks = program
            .tasks
            .iter()
            .map(|task| program.stack(info, &task.by_function()));
        stacks
            .flat_map(|stack| stack.frames)
            .map(|frame| frame.count())
            .sum::<usize>()
    };
    let frames = all(&mut info);
    let cold = start.elapsed();
    let after = resident();
    let start = Instant::now();
    let warm_frames = all(&mut info);
    let warm = start.elapsed();
    assert_eq!(frames, warm_frames);
    println!("{} tasks, {frames} frames", program.tasks.len());
    println!("first time {cold:?}, {} KiB", after.saturating_sub(before));
    println!("second time {warm:?}");
    println!("{info:?}");
}

/// Returns the size of this process's own memory in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the status can be read");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .expect("a size");
    line.trim()
        .trim_end_matches(" kB")
        .trim()
        .parse()
        .expect("a number")
}
