//! A program that tests look at from outside: it waits with the same tasks until its input ends.
//!
//! Each line of its input is a format, in which it writes a dump of its own with await stacks, followed by a line with a
//! dot. The lines `abort` and `crash` end it by a signal, `fork` starts a child, `exec` runs another program, and with `spin` a task is polled without an
//! end. `work` writes the CPU time of spawns and polls. The arguments are a number of further tasks, and of megabytes to fill.

use std::future::pending;
use std::io::{BufRead as _, Write as _};
use std::os::unix::process::CommandExt as _;

use tokio::sync::oneshot;

/// Code that is not instrumented, as in a dependency.
mod map {
    pub async fn find() {
        std::future::pending().await
    }
}

#[birthmark::instrument]
mod shop {
    use super::*;

    pub async fn checkout(order: u32, paid: oneshot::Receiver<()>) {
        birthmark::set_name(format_args!("order {order}"));
        birthmark::set_label("district", ["harbour", "old town"][order as usize % 2]);
        tokio::spawn(courier());
        let _ = paid.await;
    }

    async fn courier() {
        tokio::join!(route(), pending::<()>());
    }

    async fn route() {
        super::map::find().await
    }

    pub async fn ended(ready: oneshot::Sender<()>) {
        birthmark::set_name("a parent that has ended");
        tokio::spawn(async move {
            let _ = ready.send(());
            pending::<()>().await
        });
    }

    pub fn blocks(ready: std::sync::mpsc::Sender<()>) {
        std::thread::spawn(move || {
            ready.send(()).unwrap();
            loop {
                std::thread::park();
            }
        });
    }

    /// Is polled without an end.
    pub async fn spins() {
        println!(".");
        crunch();
    }

    pub async fn one_of_many() {
        pending().await
    }
}

#[inline(never)]
fn crunch() {
    while !std::hint::black_box(false) {
        std::hint::spin_loop();
    }
}

/// Ends the process by a signal.
#[inline(never)]
fn crash() {
    let nowhere = std::ptr::without_provenance_mut::<u8>(8);
    // SAFETY: no memory is at this address, so the system ends the process, which is what is wanted.
    unsafe { nowhere.write_volatile(0) };
}

#[birthmark::instrument]
async fn spawn_all(many: u32) -> Vec<oneshot::Sender<()>> {
    let mut senders = Vec::new();
    for order in 0..5 {
        let (sender, paid) = oneshot::channel();
        tokio::spawn(shop::checkout(order, paid));
        senders.push(sender);
    }
    let (ready, is_ready) = oneshot::channel();
    tokio::spawn(shop::ended(ready)).await.unwrap();
    is_ready.await.unwrap();
    for _ in 0..many {
        tokio::spawn(shop::one_of_many());
    }
    let (ready, is_ready) = std::sync::mpsc::channel();
    shop::blocks(ready);
    is_ready.recv().unwrap();
    senders
}

/// Spawns and polls tasks. Returns the CPU time of this thread, in nanoseconds.
#[birthmark::instrument]
async fn work() -> u64 {
    let start = cpu_time();
    for _ in 0..200_000 {
        tokio::spawn(tokio::task::yield_now()).await.unwrap();
    }
    cpu_time() - start
}

fn cpu_time() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the time is written.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Starts a child that waits without an end, writes its id and a line with a dot.
fn fork() {
    // SAFETY: the child calls `pause` alone.
    let child = unsafe { libc::fork() };
    if child == 0 {
        loop {
            // SAFETY: it takes nothing.
            unsafe { libc::pause() };
        }
    }
    println!("{child}\n.");
}

#[birthmark::instrument]
fn main() {
    let many = std::env::args().nth(1).and_then(|many| many.parse().ok());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let _senders = runtime.block_on(async {
        let senders = spawn_all(many.unwrap_or(0)).await;
        // All tasks are polled until they wait.
        for _ in 0..100 + many.unwrap_or(0) / 20 {
            tokio::task::yield_now().await;
        }
        senders
    });
    let megabytes = std::env::args().nth(2).and_then(|size| size.parse().ok());
    let _ballast = vec![1_u8; megabytes.unwrap_or(0) << 20];
    println!("ready");
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        match &*line {
            "abort" => std::process::abort(),
            "crash" => crash(),
            "fork" => {
                fork();
                continue;
            }
            "exec" => {
                let error = std::process::Command::new("sleep").arg("1000").exec();
                panic!("{error}");
            }
            "work" => {
                let nanos = runtime.block_on(work());
                println!("{nanos}\n.");
                continue;
            }
            "spin" => runtime.block_on(async { tokio::spawn(shop::spins()).await.unwrap() }),
            _ => {}
        }
        let mut out = std::io::stdout().lock();
        let dump = birthmark::dump().with_awaits(birthmark::AwaitDetail::DebugInfo);
        dump.write(line.parse().expect("a format"), &mut out)
            .unwrap();
        out.write_all(b".\n").unwrap();
        out.flush().unwrap();
    }
}
