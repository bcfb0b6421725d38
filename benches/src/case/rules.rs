//! The cost of rules: CPU time of birthmark's own threads, with many live tasks and twenty rules.

use std::fs;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::memory::spawn_all;
use super::unit;
use crate::variant::Variant;
use crate::work::Waits;

/// For how long the threads are measured.
const TIME: Duration = Duration::from_secs(20);

/// The rules. Each is about tasks, and none holds, as in a healthy program.
const RULES: [&str; 20] = [
    "state=running&for=500ms",
    "state=running&kind=blocking&for=1h",
    "state=running&role=nobody&for=200ms",
    "state=runnable&for=100ms",
    "state=runnable&role=nobody&for=50ms",
    "state=waiting&role=nobody&for=10s",
    "state=waiting&for=2h",
    "state=suspended&older=1d",
    "state=created&for=1m",
    "no-waker&for=10m",
    "role=handle&older=30s",
    "role=accept*&older=1h",
    "site=src/other.rs&older=1s",
    "kind=blocking&older=1h",
    "older=1d",
    "polls=1000000",
    "count(site)>10000000",
    "count(role)>10000000&state=waiting",
    "growth(site)>100/min&for=10m",
    "growth(role)>1000/min&for=1h",
];

/// Returns the share of a core, in percent, that the clock's thread takes: without rules and with them. The third value is
/// that of the thread of rules. The last value is the median time in milliseconds after which a blocked worker is reported,
/// beyond the time of the rule.
pub(super) fn measure(tasks: usize) -> [f64; 4] {
    Variant::On.prepare();
    let runtime = unit::current_thread();
    spawn_all::<Waits<40>>(Variant::On, &runtime, tasks);
    // The main thread would be alone, and have no clock.
    birthmark::install();
    let [before, _] = shares();
    let (report, reports) = mpsc::channel();
    for rule in RULES {
        let report = report.clone();
        let note =
            move |_: &birthmark::RuleReport| report.send(Instant::now()).expect("it is kept");
        birthmark::add_rule(rule, birthmark::Action::call(note)).expect("the rule is understood");
    }
    let [clock, rules] = shares();
    let fired = birthmark::rules()
        .iter()
        .map(|rule| rule.fired)
        .sum::<u64>();
    assert_eq!(fired, 0, "no rule holds");
    std::mem::forget(runtime);
    [before, clock, rules, delay(&reports)]
}

/// Blocks a worker several times. Returns the median time after which that is reported, in milliseconds beyond the time of
/// the first rule.
fn delay(reports: &mpsc::Receiver<Instant>) -> f64 {
    let runtime = unit::multi_thread();
    let mut delays: Vec<f64> = (0..5)
        .map(|_| {
            let start = Instant::now();
            runtime.block_on(block());
            let reported = next_report(reports);
            let _end = next_report(reports);
            let delay = reported.saturating_duration_since(start + BLOCKED);
            delay.as_secs_f64() * 1e3
        })
        .collect();
    delays.sort_by(f64::total_cmp);
    delays[2]
}

/// Waits for a report.
///
/// # Panics
///
/// If there is none, with the rules and their counts.
fn next_report(reports: &mpsc::Receiver<Instant>) -> Instant {
    let report = reports.recv_timeout(Duration::from_secs(60));
    report.unwrap_or_else(|_| panic!("no report: {:#?}", birthmark::rules()))
}

/// The time of the first rule.
const BLOCKED: Duration = Duration::from_millis(500);

#[birthmark::instrument]
async fn block() {
    let task = tokio::spawn(async { std::thread::sleep(Duration::from_secs(5)) });
    task.await.expect("it does not panic");
}

fn shares() -> [f64; 2] {
    let start = Instant::now();
    let before = NAMES.map(cpu_time);
    std::thread::sleep(TIME);
    let time = start.elapsed();
    let after = NAMES.map(cpu_time);
    let share = |thread: usize| {
        let used = after[thread].saturating_sub(before[thread]);
        100.0 * used.as_secs_f64() / time.as_secs_f64()
    };
    [share(0), share(1)]
}

const NAMES: [&str; 2] = ["birthmark", "birthmark-rules"];

/// Returns the CPU time of the thread with this name. One that does not exist has none.
fn cpu_time(name: &str) -> Duration {
    let threads = fs::read_dir("/proc/self/task").expect("Linux lists threads");
    let mut all = Duration::ZERO;
    for thread in threads.flatten() {
        let read = |file| fs::read_to_string(thread.path().join(file)).unwrap_or_default();
        if read("comm").trim_end() == name {
            let times = read("schedstat");
            let nanos = times.split(' ').next().and_then(|nanos| nanos.parse().ok());
            all += Duration::from_nanos(nanos.unwrap_or(0));
        }
    }
    all
}
