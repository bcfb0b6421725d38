//! The cost of a look from outside, for the reader and for the target.
//!
//! ```sh
//! cargo build -p birthmark-cli --release --examples
//! cargo test -p birthmark-cli --release --test cost -- --ignored --nocapture --test-threads 1
//! ```

#![cfg(target_os = "linux")]

mod support;

use std::io::Read as _;
use std::mem;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use birthmark_test_support as _;
use support::terminal::Page;
use support::{Specimen, core_of, executable, folder};

/// Runs the command. Returns its wall time, its CPU time and its greatest resident memory in megabytes.
#[expect(clippy::zombie_processes, reason = "`wait4` waits for the process")]
fn measure(arguments: &[&str]) -> (Duration, Duration, i64) {
    let start = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_birthmark"));
    let mut child = command
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut text = String::new();
    let mut output = child.stdout.take().expect("a pipe");
    output.read_to_string(&mut text).expect("text");
    let (mut status, id) = (0, child.id() as libc::pid_t);
    // SAFETY: zeros are valid numbers.
    let mut usage: libc::rusage = unsafe { mem::zeroed() };
    // SAFETY: both are written, and the child was not waited for.
    let waited = unsafe { libc::wait4(id, &raw mut status, 0, &raw mut usage) };
    let wall = start.elapsed();
    assert_eq!((waited, status), (id, 0), "{text}");
    let time = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
    };
    (
        wall,
        time(usage.ru_utime) + time(usage.ru_stime),
        usage.ru_maxrss >> 10,
    )
}

/// Prints the least of some runs. Other programs only add to it.
fn report(what: &str, arguments: &[&str], bar: Duration, megabytes: i64) {
    let runs: Vec<_> = (0..5).map(|_| measure(arguments)).collect();
    let wall = runs.iter().map(|run| run.0).min().unwrap_or_default();
    let cpu = runs.iter().map(|run| run.1).min().unwrap_or_default();
    let memory = runs.iter().map(|run| run.2).max().unwrap_or_default();
    println!(
        "{what}: {wall:.0?} (CPU {cpu:.0?}, budget {bar:?}), {memory} MB (budget {megabytes})"
    );
    assert!(
        cpu <= bar && memory <= megabytes,
        "{what} exceeds its budget"
    );
}

#[test]
#[ignore = "measures a release build"]
fn million_tasks_are_counted() {
    let specimen = Specimen::start(&executable(), &["1000000"]);
    let budget = Duration::from_millis(500);
    report(
        "groups of 1,000,000 tasks",
        &["groups", &specimen.id()],
        budget,
        300,
    );
}

#[test]
#[ignore = "measures a release build"]
fn start_is_quick() {
    let specimen = Specimen::start(&executable(), &[]);
    let budget = Duration::from_millis(50);
    report(
        "groups of 13 tasks",
        &["groups", &specimen.id()],
        budget,
        300,
    );
    let first_page = || {
        let start = Instant::now();
        let mut page = Page::open(&specimen);
        page.wait_for("courier");
        let time = start.elapsed();
        page.quit();
        time
    };
    let time = (0..5).map(|_| first_page()).min().unwrap_or_default();
    println!("first page of top: {time:.0?} (budget {budget:?})");
}

#[test]
#[ignore = "measures a release build, and writes a core file of 2 GB"]
fn large_core_file_is_read() {
    let folder = folder("cost");
    let specimen = Specimen::start(&executable(), &["10000", "2048"]);
    let core = core_of(&specimen.id(), &folder);
    let size = std::fs::metadata(&core).map_or(0, |it| it.len() >> 20);
    let budget = Duration::from_secs(2);
    report(
        &format!("groups of a core file of {size} MB"),
        &["groups", "--core", &core],
        budget,
        300,
    );
    std::fs::remove_dir_all(folder).expect("the folder is ours");
}

/// The CPU time of spawns and polls, with and without a page that refreshes ten times a second. The two alternate.
#[test]
#[ignore = "measures a release build"]
fn target_loses_nothing() {
    let mut specimen = Specimen::start(&executable(), &["10000"]);
    let mut page = Page::open(&specimen);
    page.wait_for("one_of_many");
    let mut nanos = || -> f64 {
        let text = specimen.dump("work");
        text.trim().parse().expect("a number")
    };
    let mut ratios = Vec::new();
    for _ in 0..60 {
        let with = nanos();
        // Pauses the page, and then lets it go on.
        page.press("p");
        page.drain();
        let without = nanos();
        page.press("p");
        page.drain();
        ratios.push(with / without);
    }
    page.quit();
    ratios.sort_by(f64::total_cmp);
    let [low, median, high] = [15, 30, 45].map(|place| ratios[place]);
    println!(
        "target, with top ten times a second: {median:.3} of the time without ({low:.3} to {high:.3}, budget 1.02)"
    );
    assert!(median <= 1.02, "{ratios:?}");
}
