//! Native stacks of OS threads, from outside: of a process, a stopped one, one that is traced, and of core files.

#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]

mod support;

use std::process::{Command, Stdio};
use std::ptr;

use birthmark_test_support as _;
use support::{Specimen, core_of, crashed, executable, folder, shown, timeless};

/// Functions of the thread that is parked.
const PARKED: [&str; 2] = [
    " std::thread::functions::park at ",
    "    specimen::shop::blocks::{{closure}} at ",
];

/// Returns the lines with frames, without what precedes the names of functions.
fn frames(text: &str) -> Vec<&str> {
    let frames = text.lines().filter(|line| line.starts_with("    "));
    frames.map(str::trim).collect()
}

/// Waits until no thread of a process is traced.
fn wait_until_free(process: &str) {
    let is_traced = || {
        let tasks = std::fs::read_dir(format!("/proc/{process}/task")).expect("it is alive");
        tasks.flatten().any(|task| {
            let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
            !status.contains("\nTracerPid:\t0\n")
        })
    };
    while is_traced() {
        std::thread::yield_now();
    }
}

#[test]
fn threads_of_processes_and_core_files_have_the_same_stacks() {
    let folder = folder("native");
    let mut specimen = Specimen::start(&executable(), &[]);
    let id = specimen.id();
    // The specimen has written a line, and goes on to read the next one.
    let live = loop {
        let live = shown(&["threads", &id, "--native-stacks"]);
        if live.contains("  read of 0  ") {
            break live;
        }
    };
    for function in PARKED {
        assert!(live.contains(function), "{live}");
    }
    assert!(live.contains("    specimen::main at "), "{live}");
    assert!(!live.contains("could not be followed"), "{live}");
    let core = core_of(&id, &folder);
    let dead = shown(&["threads", "--core", &core, "--native-stacks"]);
    // A thread of birthmark itself may end between the two.
    let both = frames(&live).into_iter().zip(frames(&dead));
    let equal = both.take_while(|(live, dead)| live == dead).count();
    assert!(
        frames(&dead)[..equal]
            .iter()
            .any(|it| it.starts_with("specimen::shop::blocks")),
        "{dead}\n{live}"
    );
    assert!(dead.contains("  futex  "), "{dead}");
    let states = shown(&["threads", "--core", &core]);
    assert_eq!(frames(&states), [""; 0], "{states}");
    // Each stack is at its task, and is not repeated.
    let tasks = shown(&["ps", "--core", &core, "--native-stacks"]);
    assert_eq!(tasks.matches(PARKED[0]).count(), 1, "{tasks}");
    assert!(tasks.contains("    stack: at task "), "{tasks}");
    let json = shown(&["dump", &id, "--format", "json", "--native-stacks"]);
    assert!(
        json.contains("\"native_stack\":{\"complete\":true,"),
        "{json}"
    );
    // The process goes on.
    assert!(specimen.dump("text").contains(" courier "));
    wait_until_free(&id);
}

#[test]
fn task_that_is_polled_shows_the_stack_of_its_thread() {
    let mut specimen = Specimen::start(&executable(), &[]);
    specimen.dump("spin");
    let id = specimen.id();
    for _ in 0..3 {
        let text = shown(&["ps", &id, "role=spins", "--native-stacks"]);
        let block = text.split("\n\n").nth(1).expect("a task");
        assert!(
            block.contains("task ") && block.contains(" running "),
            "{text}"
        );
        assert!(block.contains("      specimen::crunch at "), "{text}");
        // Frames of the executor around the task are left out.
        assert!(!block.contains("tokio::runtime"), "{text}");
    }
    wait_until_free(&id);
}

#[test]
fn stopped_process_has_stacks_and_stays_stopped() {
    let specimen = Specimen::start(&executable(), &[]);
    let id = specimen.id();
    specimen.signal(libc::SIGSTOP);
    let state = || {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("it is alive");
        status.contains("\nState:\tT (stopped)\n")
    };
    while !state() {
        std::thread::yield_now();
    }
    let stopped = shown(&["threads", &id, "--native-stacks"]);
    for function in PARKED.into_iter().chain(["    specimen::main at "]) {
        assert!(stopped.contains(function), "{stopped}");
    }
    wait_until_free(&id);
    while !state() {
        std::thread::yield_now();
    }
    specimen.signal(libc::SIGCONT);
}

#[test]
fn thread_that_a_debugger_traces_is_left_alone() {
    let specimen = Specimen::start(&executable(), &[]);
    let thread = specimen.child.id() as libc::pid_t;
    let none = ptr::null_mut::<libc::c_void>();
    // SAFETY: the request takes numbers.
    let failed = unsafe { libc::ptrace(libc::PTRACE_SEIZE, thread, none, none) };
    assert_eq!(failed, 0);
    let text = shown(&["threads", &specimen.id(), "--native-stacks"]);
    assert!(
        text.contains("    no stack: a debugger traces the thread\n"),
        "{text}"
    );
    // The other thread is not traced.
    assert!(text.contains(PARKED[0]), "{text}");
}

#[test]
fn killed_reader_leaves_no_thread_traced() {
    let mut specimen = Specimen::start(&executable(), &["20"]);
    specimen.dump("spin");
    for run in 0..12 {
        let mut reader = Command::new(env!("CARGO_BIN_EXE_birthmark"))
            .args(["threads", &specimen.id(), "--native-stacks"])
            .stdout(Stdio::null())
            .spawn()
            .expect("the command starts");
        for _ in 0..run * 200 {
            std::thread::yield_now();
        }
        reader.kill().expect("it is a child");
        reader.wait().expect("it is a child");
        wait_until_free(&specimen.id());
    }
    let again = shown(&["threads", &specimen.id(), "--native-stacks"]);
    assert!(again.contains("    specimen::crunch at "), "{again}");
}

#[test]
fn crashed_program_shows_where() {
    let core = crashed("native-crash", "crash");
    let threads = shown(&["threads", "--core", &core, "--native-stacks"]);
    assert!(threads.contains("  received SIGSEGV  "), "{threads}");
    assert!(threads.contains("    specimen::crash at "), "{threads}");
    let text = shown(&["ps", "--core", &core, "--native-stacks", "role=main"]);
    assert!(text.contains("      specimen::crash at "), "{text}");
    let tree = shown(&["tree", "--core", &core]);
    assert!(
        tree.contains(" UTC: 13 tasks: 2 running, 11 waiting"),
        "{tree}"
    );
    assert!(timeless(&tree).contains("courier"), "{tree}");
}
