//! The server answers when the program's executor does not, and is no part of what it shows.

use birthmark_test_support as _;

mod support;

use std::sync::mpsc::{Receiver, channel};

use support::{get, serve};

#[birthmark::instrument]
mod program {
    use super::*;

    /// Blocks the executor's only thread, until it is told not to.
    pub async fn block(blocked: std::sync::mpsc::Sender<()>, end: Receiver<()>) {
        blocked.send(()).unwrap();
        let _ = end.recv();
    }

    pub async fn starve() {}

    pub fn run(blocked: std::sync::mpsc::Sender<()>, end: Receiver<()>) {
        let executor = std::thread::Builder::new().spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            runtime.block_on(async {
                let blocking = tokio::spawn(block(blocked, end));
                tokio::spawn(starve()).await.unwrap();
                blocking.await.unwrap();
            });
        });
        executor.unwrap().join().unwrap();
    }
}

#[test]
fn hung_executor_is_shown() {
    let server = serve();
    let (blocked, is_blocked) = channel();
    let (end, ended) = channel();
    let program = std::thread::spawn(|| program::run(blocked, ended));
    is_blocked.recv().unwrap();
    let text = get(&server, "text").text().unwrap();
    let of = |role: &str| {
        let part = text
            .split("\n\n")
            .find(|part| part.contains(&format!(" {role}  ")));
        part.unwrap_or_else(|| panic!("no {role} in\n{text}"))
            .to_owned()
    };
    assert!(of("block").contains("  running "), "{text}");
    assert!(of("starve").contains("  created "), "{text}");
    // Of six threads: the test's main one, this one, the two of the program, and three of reqwest's that
    // have come and gone. None is birthmark's own.
    let names = loop {
        let names = thread_names();
        // A thread takes its name when it has begun to run.
        if own(&names) >= 2 {
            break names;
        }
        std::thread::yield_now();
    };
    let dump = birthmark::dump();
    let counted = dump.coverage().os_threads().unwrap();
    assert!(
        counted + own(&names) <= names.len(),
        "{counted} of {names:?}"
    );
    drop(end);
    program.join().unwrap();
}

fn thread_names() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm"));
    tasks
        .map(|task| name(task.unwrap()).unwrap_or_default())
        .collect()
}

/// How many threads are birthmark's: the clock's and the server's.
fn own(names: &[String]) -> usize {
    let own = names.iter().filter(|name| name.starts_with("birthmark"));
    own.count()
}
