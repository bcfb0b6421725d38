//! A program whose time of day jumps, for `tests/rules_program.rs`.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use birthmark::Action;
use tokio::runtime::Builder;

/// After how many seconds the program gives up. Nothing but a failure takes as long.
const PATIENCE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: i64 = 24 * 3600;

/// By how many seconds somebody has set the time of day.
static SET_BY: AtomicI64 = AtomicI64::new(0);

/// The clock of the program: std calls it in place of that of the C library.
///
/// # Safety
///
/// As `clock_gettime` of the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> i32 {
    // SAFETY: the caller passes a place for the time.
    let result = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) };
    if result == 0 && clock == libc::CLOCK_REALTIME {
        // SAFETY: the call has filled the place.
        unsafe { (*time).tv_sec += SET_BY.load(Ordering::Relaxed) };
    }
    result as i32
}

static IS_OVER: AtomicBool = AtomicBool::new(false);

#[birthmark::instrument]
mod spawns {
    use super::*;

    pub async fn wait_long() {
        birthmark::timebox(HOUR, tokio::time::sleep(PATIENCE)).await;
    }

    pub async fn waits() {
        for _ in 0..50 {
            tokio::spawn(wait_long());
        }
    }

    pub async fn block() {
        while !IS_OVER.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub async fn blocks() {
        tokio::spawn(block());
    }
}

fn wait(mut is: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is() && start.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until each rule has been compared some more times.
fn wait_for_evaluations() {
    let evaluations = || birthmark::rules().into_iter().map(|rule| rule.evaluations);
    let before: Vec<u64> = evaluations().collect();
    wait(|| {
        let mut both = before.iter().zip(evaluations());
        both.all(|(before, after)| after >= before + 3)
    });
}

fn set_clock(by: i64) {
    let now = || {
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        time.map_or(0, |time| time.as_secs().cast_signed())
    };
    let before = now();
    SET_BY.fetch_add(by, Ordering::Relaxed);
    let jumped = (now() - before - by).abs() < DAY / 2;
    println!("the clock jumps: {jumped}");
}

fn main() {
    birthmark::builder()
        .rule("older=1h", Action::log())
        .rule("state=suspended&for=1h", Action::log())
        .rule("name=&older=1h", Action::log())
        .rule("timebox", Action::log())
        .rule("role=*block&state=running&for=300ms", Action::log())
        .install();
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(birthmark::with_timeout(HOUR, spawns::waits()));
    wait_for_evaluations();
    set_clock(DAY);
    wait_for_evaluations();
    set_clock(-2 * DAY);
    wait_for_evaluations();
    runtime.block_on(spawns::blocks());
    wait(|| birthmark::rules()[4].fired > 0);
    set_clock(DAY);
    wait_for_evaluations();
    IS_OVER.store(true, Ordering::Relaxed);
    for rule in birthmark::rules() {
        println!("{} {}", rule.rule, rule.fired);
    }
    runtime.shutdown_background();
}
