//! A program with rules, for `tests/rules_program.rs`. Its rules are those of the environment, unless a scenario adds some.

use std::sync::atomic::{AtomicBool, Ordering};
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
