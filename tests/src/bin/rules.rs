//! A program with rules, for `tests/rules_program.rs`. Its rules are those of the environment, unless a scenario adds some.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use birthmark::Action;
use tokio::runtime::Builder;

/// After how many seconds a scenario gives up. Nothing but a failure takes as long.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    birthmark::install();
    match std::env::args().nth(1).unwrap_or_default().as_str() {
        "blocked" => blocked(),
        "bad" => {
            birthmark::builder()
                .rule("state=runing", Action::log())
                .install();
            println!("{}", birthmark::rules().len());
        }
        "listed" => {
            for rule in birthmark::rules() {
                println!("{}:{}", rule.rule, rule.action);
            }
        }
        "fork" => fork(),
        "abort" => {
            spawns::sleeper();
            wait(|| false);
        }
        "panics" => panics(),
        "deadlock" => deadlock(),
        "full-pipe" => full_pipe(),
        "fork-in-call" => fork_in_call(),
        "full" => full(),
        "evaluations" => evaluations("role=*stand&state=running"),
        "evaluations-later" => evaluations("role=*stand&state=running&for=300ms"),
        "problems" => problems(),
        "stopped" => stopped(),
        _ => println!("what?"),
    }
}

static IS_OVER: AtomicBool = AtomicBool::new(false);

#[birthmark::instrument]
mod spawns {
    use super::*;

    /// A future that blocks its worker until it is told.
    pub async fn block() {
        while !IS_OVER.load(Ordering::Relaxed) {
            super::sleep_in_the_way();
        }
        // The task goes on, so the end of the rule is not its end.
        tokio::time::sleep(PATIENCE).await;
    }

    pub async fn blocks() {
        tokio::spawn(block());
    }

    /// A future that holds its thread until it is told, and the line at which it does.
    pub async fn stand(rule: &'static str) {
        println!("line {}", line!() + 1);
        super::stand_in_the_way(rule);
    }

    pub async fn stands(rule: &'static str) {
        tokio::spawn(stand(rule));
        thread::spawn(super::stand_elsewhere);
    }

    pub async fn wait_long() {
        tokio::time::sleep(PATIENCE).await;
    }

    pub async fn waits_and_stands() {
        for _ in 0..50 {
            tokio::spawn(birthmark::named!("patient" => wait_long()));
        }
        tokio::spawn(block());
    }

    pub fn sleeper() {
        thread::spawn(|| thread::sleep(PATIENCE));
    }

    pub async fn crossed() {
        use std::sync::Arc;
        use tokio::sync::{Barrier, Mutex};

        let (left, right) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(2)));
        let barrier = Arc::new(Barrier::new(2));
        tokio::spawn(take_both(left.clone(), right.clone(), barrier.clone()));
        tokio::spawn(take_both(right, left, barrier));
    }

    async fn take_both(
        first: std::sync::Arc<tokio::sync::Mutex<u32>>,
        second: std::sync::Arc<tokio::sync::Mutex<u32>>,
        barrier: std::sync::Arc<tokio::sync::Barrier>,
    ) {
        let held = first.lock().await;
        barrier.wait().await;
        let sum = *held + *second.lock().await;
        println!("{sum}");
    }
}

#[inline(never)]
fn sleep_in_the_way() {
    thread::sleep(Duration::from_millis(20));
}

static FOUND: AtomicU64 = AtomicU64::new(0);

/// Holds the thread of the current task until its rule has found it. Prints the thread, and how many evaluations of the rule
/// began between the beginning of its condition and the one that has found it.
#[inline(never)]
fn stand_in_the_way(rule: &'static str) {
    // SAFETY: takes no argument.
    println!("thread {}", unsafe { libc::gettid() });
    let lasts: Duration = match rule.ends_with("&for=300ms") {
        true => Duration::from_millis(300),
        false => Duration::ZERO,
    };
    let me = birthmark::current().map(|task| task.id());
    let time = || {
        let mut tasks = birthmark::tasks().into_iter();
        let task = tasks.find(|task| Some(task.id()) == me)?;
        task.time_in_state()
    };
    wait(|| time() >= Some(lasts));
    // The condition holds, so the next evaluation that begins finds it.
    let before = birthmark::rules()[0].evaluations;
    wait(|| FOUND.load(Ordering::Acquire) != 0);
    let found = FOUND.load(Ordering::Acquire);
    println!("evaluations {}", found.saturating_sub(before));
}

/// Stands beside, and is nobody's fault.
#[inline(never)]
fn stand_elsewhere() {
    wait(|| IS_OVER.load(Ordering::Relaxed));
}

fn evaluations(rule: &'static str) {
    let found = Action::call(|report| {
        if !report.has_ended() {
            // Time in which the process stood still does not count, but the task has counted it.
            let has_run = !report.line().contains("stood still");
            let evaluation = if has_run { report.evaluation() } else { 1 };
            FOUND.store(evaluation, Ordering::Release);
        }
    });
    birthmark::add_rule(rule, found.and(Action::stacks())).expect("a rule");
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).build().expect("a runtime");
    runtime.block_on(spawns::stands(rule));
    wait(has_fired);
    wait(is_over);
    IS_OVER.store(true, Ordering::Relaxed);
}

/// Rules that cannot hold, and one that can.
fn problems() {
    for rule in ["woken-by=7&older=1h", "role=a&older=1h"] {
        birthmark::add_rule(rule, Action::log()).expect("a rule");
    }
    for rule in birthmark::rules() {
        let problem = rule.problem.as_deref().unwrap_or("none");
        println!("{}: {}", rule.rule, problem.lines().next().expect("a line"));
    }
}

/// The process is stopped and goes on. Prints for each rule its reports shortly after, and then the time for which the process
/// has run, in milliseconds.
fn stopped() {
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let start = Instant::now();
    runtime.block_on(spawns::waits_and_stands());
    let are_compared = || birthmark::rules().iter().all(|rule| rule.evaluations > 0);
    wait(are_compared);
    let mut last = Instant::now();
    println!("ready");
    let mut stood_still = Duration::ZERO;
    wait(|| {
        stood_still = last.elapsed();
        last = Instant::now();
        stood_still >= Duration::from_secs(2)
    });
    let evaluations = || -> Vec<u64> {
        let rules = birthmark::rules().into_iter();
        rules.map(|rule| rule.evaluations).collect()
    };
    let before = evaluations();
    wait(|| {
        let mut both = before.iter().zip(evaluations());
        both.all(|(before, after)| after >= before + 2)
    });
    for rule in birthmark::rules() {
        println!("fired {}", rule.fired);
    }
    println!("ran {}", (start.elapsed() - stood_still).as_millis());
    wait(|| birthmark::rules().iter().all(|rule| rule.fired > 0));
    IS_OVER.store(true, Ordering::Relaxed);
    runtime.shutdown_background();
}

/// Waits until `is` holds.
fn wait(mut is: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is() && start.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(10));
    }
}

fn has_fired() -> bool {
    birthmark::rules().iter().any(|rule| rule.fired > 0)
}

fn is_over() -> bool {
    birthmark::rules().iter().all(|rule| rule.active == 0)
}

fn blocked() {
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(spawns::blocks());
    wait(has_fired);
    IS_OVER.store(true, Ordering::Relaxed);
    wait(is_over);
    for rule in birthmark::rules() {
        println!("{} {}", rule.fired, rule.active);
    }
    runtime.shutdown_background();
}

/// A deadlock that a rule reports, by the runtime of another thread.
fn deadlock() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("a runtime");
    runtime.block_on(spawns::crossed());
    wait(has_fired);
    runtime.shutdown_background();
    wait(is_over);
}

/// The function of a rule panics, and the other rule goes on.
fn panics() {
    let panic = Action::call(|_| panic!("the pager is broken"));
    birthmark::add_rule("kind=thread&older=100ms", panic).expect("a rule");
    birthmark::add_rule("kind=thread&older=200ms", Action::log()).expect("a rule");
    spawns::sleeper();
    wait(|| birthmark::rules().iter().all(|rule| rule.fired > 0));
}

/// Standard error is a pipe that is full and that nobody reads. A rule reports to it, and the other rule goes on.
fn full_pipe() {
    let mut ends = [0; 2];
    // SAFETY: `ends` has room for two descriptors. They stay open.
    let are_made = unsafe { libc::pipe(ends.as_mut_ptr()) } == 0;
    assert!(are_made, "no pipe");
    let set_flags = |flags: i32| {
        // SAFETY: changes the mode of an open descriptor.
        unsafe { libc::fcntl(ends[1], libc::F_SETFL, flags) }
    };
    set_flags(libc::O_NONBLOCK);
    for size in [4096, 1] {
        // SAFETY: the array outlives the call.
        while unsafe { libc::write(ends[1], [b' '; 4096].as_ptr().cast(), size) } > 0 {}
    }
    set_flags(0);
    // SAFETY: both are open descriptors.
    unsafe { libc::dup2(ends[1], libc::STDERR_FILENO) };
    birthmark::add_rule("kind=thread&older=100ms", Action::stacks()).expect("a rule");
    spawns::sleeper();
    wait(has_fired);
    let is_called = std::sync::Arc::new(AtomicBool::new(false));
    let note = is_called.clone();
    let call = Action::call(move |_| note.store(true, Ordering::Relaxed));
    birthmark::add_rule("kind=thread&older=200ms", call).expect("a rule");
    wait(|| is_called.load(Ordering::Relaxed));
    println!("called {}", is_called.load(Ordering::Relaxed));
}

/// The child of a fork has the rules of its parent, and looks for its own tasks.
fn fork() {
    spawns::sleeper();
    wait(has_fired);
    // SAFETY: the child runs code that std's own threads run, and ends without going back.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let before = birthmark::rules()[0].fired;
        spawns::sleeper();
        wait(|| birthmark::rules()[0].fired > before);
        let fired = birthmark::rules()[0].fired > before;
        // SAFETY: ends the process.
        unsafe { libc::_exit(i32::from(fired)) };
    }
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    println!("child fired {}", libc::WEXITSTATUS(status));
}

/// The parent forks while the function of a rule blocks. The child has no such thread, and its rule calls the function.
fn fork_in_call() {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let block = Action::call(|_| {
        CALLS.fetch_add(1, Ordering::Relaxed);
        thread::sleep(PATIENCE);
    });
    birthmark::add_rule("kind=thread&older=100ms", block).expect("a rule");
    spawns::sleeper();
    wait(|| CALLS.load(Ordering::Relaxed) == 1);
    // SAFETY: the child runs code that std's own threads run, and ends without going back.
    let child = unsafe { libc::fork() };
    if child == 0 {
        spawns::sleeper();
        wait(|| CALLS.load(Ordering::Relaxed) > 1);
        // SAFETY: ends the process.
        unsafe { libc::_exit(CALLS.load(Ordering::Relaxed) as i32) };
    }
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    println!("child calls {}", libc::WEXITSTATUS(status) - 1);
}

/// Each call of a function adds rules that hold, and do the same, until there is no room. The first rules go on.
fn full() {
    static ADDED: AtomicU64 = AtomicU64::new(0);
    static REFUSED: AtomicU64 = AtomicU64::new(0);
    fn breed(_: &birthmark::RuleReport) {
        for _ in 0..3 {
            let number = ADDED.fetch_add(1, Ordering::Relaxed);
            let rule = format!("kind=thread&older={}ms", number % 100 + 1);
            if let Err(error) = birthmark::add_rule(&rule, Action::call(breed)) {
                assert_eq!(error.position(), 1);
                REFUSED.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    birthmark::add_rule("kind=thread&older=50ms", Action::call(breed)).expect("a rule");
    spawns::sleeper();
    wait(|| REFUSED.load(Ordering::Relaxed) > 10);
    let before = birthmark::rules();
    wait(|| {
        let mut both = before.iter().zip(birthmark::rules());
        both.all(|(before, after)| after.evaluations > before.evaluations + 2 && after.fired > 0)
    });
    let mut rules = birthmark::rules().into_iter();
    println!("{} rules", rules.len());
    println!(
        "all hold: {}",
        rules.all(|rule| rule.fired == 1 && rule.problem.is_none())
    );
    let has_room = birthmark::add_rule("role=x&older=1h", Action::log()).is_ok();
    println!("room {has_room}");
    birthmark::builder().watch().install();
    println!("{} rules", birthmark::rules().len());
}
