//! Many clients, slow clients, and a program that goes on meanwhile.

use birthmark_test_support as _;

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use birthmark_http::Server;
use serde_json::Value;
use support::{Held, client, get, lasting, serve, spawn};

/// The many tasks of one test are not to be in the dumps of another.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[birthmark::instrument]
fn churn(stop: &AtomicBool) {
    while !stop.load(SeqCst) {
        birthmark::set_name("a name that is too long for one slot, \u{1b}[31m</script>");
        let one = |_| Box::pin(spawn(async {})) as Held;
        drop((0..100).map(one).collect::<Vec<_>>());
    }
}

#[test]
fn dumps_are_whole_while_tasks_come_and_go() {
    let _alone = alone();
    let server = serve();
    let held = lasting(500);
    let stop = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| churn(&stop));
        let clients: Vec<_> = (0..100)
            .map(|client| {
                let (server, answered) = (&server, &answered);
                scope.spawn(move || {
                    if client % 2 == 0 {
                        let json = get(server, "json?role=lasting::*").text().unwrap();
                        let dump: Value = serde_json::from_str(&json).unwrap();
                        let tasks = dump["tasks"].as_array().unwrap();
                        assert!(tasks.len() >= 500, "{}", tasks.len());
                    } else {
                        let text = get(server, "tree").text().unwrap();
                        assert!(text.lines().last().unwrap().starts_with("coverage: "));
                    }
                    answered.fetch_add(1, SeqCst);
                })
            })
            .collect();
        for client in clients {
            client.join().unwrap();
        }
        stop.store(true, SeqCst);
    });
    assert_eq!(answered.load(SeqCst), 100);
    drop(held);
}

/// Returns the resident memory of this process, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages = status.split(' ').nth(1).unwrap();
    pages.parse::<usize>().unwrap() * 4096
}

#[test]
fn silent_reader_blocks_nobody_and_costs_little() {
    const TASKS: usize = 200_000;
    let _alone = alone();
    let server = serve();
    let held = lasting(TASKS);
    let whole = get(&server, "json").bytes().unwrap().len();
    assert!(
        whole > 20_000_000,
        "{whole} bytes do not fit into any buffer on the way"
    );
    let before = resident();
    let mut slow: Vec<TcpStream> = (0..3).map(|_| ask_and_read_nothing(&server)).collect();
    let each = resident().saturating_sub(before) / slow.len();
    assert!(each < 128 * TASKS, "{each} bytes for one of {whole}");
    // Another is answered meanwhile, and the program spawns.
    for task in lasting(1000) {
        drop(task);
    }
    let other = get(&server, "groups").text().unwrap();
    assert!(other.contains("tasks"), "{other}");
    // Who reads after all gets the rest.
    let mut rest = Vec::new();
    slow[0].read_to_end(&mut rest).unwrap();
    assert!(rest.len() > whole / 2 && rest.ends_with(b"\r\n0\r\n\r\n"));
    // Who goes away lets go of what was kept for it.
    drop(slow);
    while names_of_threads().contains("birthmark-send") {
        thread::yield_now();
    }
    drop(held);
}

#[test]
fn fifth_dump_waits_for_a_permit() {
    let _alone = alone();
    let server = serve();
    let held = lasting(200_000);
    let slow: Vec<TcpStream> = (0..4).map(|_| ask_and_read_nothing(&server)).collect();
    let mut fifth = ask(&server);
    // What needs no dump is answered meanwhile.
    assert_eq!(get(&server, "metrics").status(), 200);
    assert_eq!(names_of_threads().matches("birthmark-send").count(), 4);
    drop(slow);
    read_head(&mut fifth);
    drop(held);
}

/// A client that reads the head of the answer, and nothing more for now.
fn ask_and_read_nothing(server: &Server) -> TcpStream {
    let mut stream = ask(server);
    read_head(&mut stream);
    stream
}

fn ask(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.local_addr()).unwrap();
    let request =
        "GET /debug/birthmark/json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
}

#[test]
fn two_dumps_in_code_and_two_over_http_at_once() {
    let _alone = alone();
    let server = serve();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| assert!(birthmark::dump().to_string().contains("coverage: ")));
            scope.spawn(|| assert!(get(&server, "text").text().unwrap().contains("coverage: ")));
        }
    });
}

/// Takes as long as the limit, 30 s.
#[test]
#[ignore = "takes half a minute"]
fn stalled_client_is_disconnected() {
    let _alone = alone();
    let server = serve();
    let held = lasting(200_000);
    let mut slow = ask_and_read_nothing(&server);
    let start = Instant::now();
    while names_of_threads().contains("birthmark-send") {
        assert!(start.elapsed() < Duration::from_secs(90));
        thread::sleep(Duration::from_millis(100));
    }
    let mut rest = Vec::new();
    let read = slow.read_to_end(&mut rest);
    assert!(
        read.is_err() || !rest.ends_with(b"0\r\n\r\n"),
        "it was not the whole"
    );
    drop(held);
}

/// Two read a byte a second; two just enough that their connections never stall. All the same, another gets
/// its dump, before its client gives up after half a minute.
#[test]
#[ignore = "takes ten seconds and more"]
fn slow_reader_does_not_keep_others_waiting() {
    let _alone = alone();
    let server = serve();
    let held = lasting(200_000);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for bytes in [1, 1, 16 * 1024, 16 * 1024] {
            let mut slow = ask_and_read_nothing(&server);
            let done = &done;
            scope.spawn(move || {
                let mut piece = vec![0; bytes];
                while !done.load(SeqCst) && slow.read(&mut piece).is_ok_and(|read| read > 0) {
                    thread::sleep(Duration::from_secs(1));
                }
            });
        }
        let start = Instant::now();
        let other = client().get(server.url() + "groups").send();
        done.store(true, SeqCst);
        println!("another was answered after {:?}", start.elapsed());
        let other = other.unwrap().text().unwrap();
        assert!(other.contains("\ncoverage: "), "{other}");
    });
    drop(held);
}

fn names_of_threads() -> String {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let name = |task: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(task.unwrap().path().join("comm")).unwrap_or_default()
    };
    tasks.map(name).collect()
}
