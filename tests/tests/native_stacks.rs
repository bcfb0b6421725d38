//! Native stacks of OS threads, of this process and, beside what gdb says, of another one.
#![cfg(has_native_stacks)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use birthmark::{Dump, NativeStack, OsThread, StackError, ThreadDetail};
use birthmark_integration_tests::stuck::{Stuck, one_worker};
use birthmark_integration_tests::{schema, wait_for};
use serde_json::Value;

/// A dump while no other test takes stacks.
fn dump() -> Dump {
    wait_for("it is this dump's turn", || {
        let dump = birthmark::dump().with_threads(ThreadDetail::Stacks);
        let threads = dump.threads().unwrap();
        let busy = |it: &OsThread| matches!(it.stack(), Some(Err(StackError::Busy)));
        (!threads.iter().any(busy)).then_some(dump)
    })
}

fn named(dump: &Dump, name: &str) -> Option<OsThread> {
    let mut threads = dump.threads().unwrap().iter();
    threads.find(|thread| thread.name() == name).cloned()
}

fn functions(stack: &NativeStack) -> Vec<&str> {
    let frames = stack.frames().iter();
    frames
        .map(|frame| frame.function().unwrap_or("?"))
        .collect()
}

/// The stack of a thread once it is in these functions, one inside of the other.
#[track_caller]
fn wait_for_stack(name: &str, inner_to_outer: &[&str]) -> NativeStack {
    wait_for(&format!("{name} is in {inner_to_outer:?}"), || {
        let thread = named(&dump(), name)?;
        let stack = thread.stack()?.ok()?;
        let mut functions = functions(stack).into_iter();
        let is_in = |wanted: &&str| functions.any(|it| it.contains(*wanted));
        let found = inner_to_outer.iter().all(is_in);
        found.then(|| stack.clone())
    })
}

#[test]
fn stack_shows_in_which_functions_a_thread_waits() {
    Stuck::hold(|_| {
        for (name, functions) in [
            ("in-lock", ["Mutex<T>::lock", "stuck::wait_for_a_lock"]),
            ("in-read", ["read", "stuck::read_from_a_pipe"]),
            ("in-sleep", ["nanosleep", "stuck::sleep_and_sleep"]),
            ("in-park", ["park", "stuck::park_and_park"]),
            ("in-epoll", ["epoll_wait", "mio::poll::Poll::poll"]),
            ("spins", ["stuck::spin", "__rust_begin_short_backtrace"]),
        ] {
            let stack = wait_for_stack(name, &functions);
            assert!(stack.is_complete(), "{name}: {stack}");
            let text = stack.to_string();
            assert!(!text.contains("__rust_begin_short_backtrace"), "{text}");
        }
        let stack = wait_for_stack("in-sleep", &["stuck::sleep_and_sleep"]);
        let mut frames = stack.frames().iter();
        let ours = frames.find(|it| it.function().unwrap().contains("stuck::sleep_and_sleep"));
        let ours = ours.unwrap();
        assert!(
            ours.file().unwrap().ends_with("tests/src/stuck.rs"),
            "{ours}"
        );
        let line = include_str!("../src/stuck.rs")
            .lines()
            .nth(ours.line().unwrap() as usize - 1);
        assert!(line.unwrap().contains("sleep("), "{line:?}");
    });
}

#[test]
fn thread_that_blocks_the_signal_has_that_reason() {
    Stuck::hold(|_| {
        let thread = wait_for("it blocks it", || {
            named(&dump(), "blocks-signals").filter(|it| matches!(it.stack(), Some(Err(_))))
        });
        assert_eq!(thread.stack().unwrap().unwrap_err(), StackError::Blocked);
        let text = dump().to_string();
        assert!(
            text.contains("    no stack: the thread blocks SIGURG, "),
            "{text}"
        );
    });
}

#[birthmark::instrument]
fn block_an_executor() -> (tokio::runtime::Runtime, std::sync::mpsc::Sender<()>) {
    let runtime = one_worker("blocked");
    let (release, released) = channel();
    runtime.spawn(birthmark::named!("upload-7" => store_upload(released)));
    (runtime, release)
}

async fn store_upload(chunks: std::sync::mpsc::Receiver<()>) {
    let _ = chunks.recv();
}

#[test]
fn task_stands_on_top_and_frames_of_ours_are_hidden() {
    let (runtime, release) = block_an_executor();
    let stack = wait_for_stack("blocked", &["mpsc", "store_upload", "tokio::runtime"]);
    let is_ours = |it: &&str| it.trim_start_matches('<').starts_with("birthmark::");
    assert_eq!(functions(&stack).into_iter().find(is_ours), None);
    let text = dump().to_string();
    // The task has the part of the stack that is its own.
    let (_, own) = text
        .split_once(" \"upload-7\" store_upload   ")
        .unwrap_or_else(|| panic!("{text}"));
    let (own, _) = own.split_once("\n\n").unwrap();
    let (_, own) = own.split_once("    on thread ").expect(own);
    let (own, _) = own.split_once("\n    spawned ").expect(own);
    let is_of_task = |line: &&str| line.starts_with("      native_stacks::store_upload::{");
    assert_eq!(
        own.lines().last().filter(is_of_task),
        own.lines().last(),
        "{own}"
    );
    assert!(
        own.contains("mpsc") && !own.contains("tokio::runtime"),
        "{own}"
    );
    // The section below does not repeat it, and the list of threads has all of it.
    assert!(text.contains("\n    stack: at task "), "{text}");
    let list = dump().thread_list().to_string();
    let (_, text) = list.split_once(" \"blocked\"  futex  ").unwrap();
    let mut lines = text.lines();
    let first = lines.next().unwrap();
    assert!(
        first.contains("  running task ") && first.ends_with(" \"upload-7\" store_upload"),
        "{text}"
    );
    let frames: Vec<_> = lines.take_while(|line| line.starts_with("    ")).collect();
    assert!(
        frames.iter().any(|it| it.contains("store_upload")),
        "{text}"
    );
    assert!(
        !frames.iter().any(|it| it.contains("tokio::runtime")),
        "{text}"
    );
    let last = frames.last().unwrap();
    assert!(
        last.starts_with("    … ") && last.ends_with(" frames of the executor"),
        "{text}"
    );
    drop((release, runtime));
}

#[test]
fn thread_that_takes_the_dump_shows_its_caller() {
    let thread = thread::Builder::new().name("takes-the-dump".into());
    let take = thread.spawn(|| named(&dump(), "takes-the-dump").unwrap());
    let thread = take.unwrap().join().unwrap();
    let stack = thread.stack().unwrap().unwrap();
    assert!(
        functions(stack)[0].starts_with("native_stacks::dump"),
        "{stack}"
    );
}

#[test]
fn there_may_be_many_threads() {
    let (release, released) = channel::<()>();
    let released = std::sync::Mutex::new(released);
    thread::scope(|scope| {
        for number in 0..200 {
            let thread = thread::Builder::new().name(format!("many-{number}"));
            let wait = || assert!(released.lock().unwrap().recv().is_err());
            thread.spawn_scoped(scope, wait).unwrap();
        }
        wait_for("all of them have answered", || {
            let dump = dump();
            let all = dump.threads().unwrap().iter();
            let many = all.filter(|thread| thread.name().starts_with("many-"));
            let stacks = many.filter(|it| it.stack().unwrap().is_ok_and(|it| it.is_complete()));
            (stacks.count() == 200).then_some(())
        });
        drop(release);
    });
}

#[test]
fn thread_that_was_sampled_continues_unchanged() {
    let sleeper = thread::spawn(|| {
        let start = Instant::now();
        thread::sleep(Duration::from_millis(500));
        start.elapsed()
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let timer = thread::spawn(move || {
        let start = Instant::now();
        runtime.block_on(async { tokio::time::sleep(Duration::from_millis(500)).await });
        start.elapsed()
    });
    while !(sleeper.is_finished() && timer.is_finished()) {
        dump();
    }
    assert!(sleeper.join().unwrap() >= Duration::from_millis(500));
    assert!(timer.join().unwrap() >= Duration::from_millis(500));
}

#[test]
fn dumps_of_several_threads_at_once_wait_for_each_other() {
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..3 {
                    assert!(!dump().threads().unwrap().is_empty());
                }
            });
        }
    });
}

/// The program `stuck`, which dumps when it is told to.
struct Other(Child);

impl Other {
    fn start() -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_stuck"));
        let program = program.stdin(Stdio::piped()).stdout(Stdio::piped());
        Other(program.spawn().unwrap())
    }

    fn dump(&mut self) -> Value {
        writeln!(self.0.stdin.as_mut().unwrap(), "dump").unwrap();
        let lines = BufReader::new(self.0.stdout.as_mut().unwrap()).lines();
        let lines = lines
            .map(Result::unwrap)
            .take_while(|line| line != "that is all");
        serde_json::from_str(&lines.collect::<Vec<_>>().join("\n")).unwrap()
    }

    /// By thread, the frames that gdb finds, without those of inlined functions.
    fn gdb(&self) -> BTreeMap<u64, Vec<Frame>> {
        const SCRIPT: &str = "
for thread in gdb.selected_inferior().threads():
    thread.switch()
    frame, back = gdb.newest_frame(), 0
    while frame is not None:
        if frame.type() != gdb.INLINE_FRAME:
            print('frame', thread.ptid[1], frame.pc() - back, frame.name() or '?')
            back = 1
        frame = frame.older()
";
        let mut gdb = Command::new("gdb");
        gdb.args(["-nx", "-batch", "-p", &self.0.id().to_string()]);
        gdb.args(["-ex", "set debuginfod enabled off"]);
        let output = gdb
            .args(["-ex", &format!("python exec({SCRIPT:?})")])
            .output()
            .unwrap();
        let mut frames = BTreeMap::<u64, Vec<Frame>>::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let Some(line) = line.strip_prefix("frame ") else {
                continue;
            };
            let [thread, address, function] =
                line.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
            frames
                .entry(thread.parse().unwrap())
                .or_default()
                .push(Frame {
                    address: address.parse().unwrap(),
                    function: bare(function),
                });
        }
        assert!(
            !frames.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        frames
    }
}

/// A frame that is no inlined function: the address is in the call, not behind it.
#[derive(Debug, PartialEq)]
struct Frame {
    address: u64,
    function: String,
}

/// Returns the last part of a function's name, without type arguments and the hash of its symbol. At the end of debug
/// information, gdb and birthmark read the names from different places.
fn bare(function: &str) -> String {
    let mut depth = 0;
    let mut plain = String::new();
    for character in function
        .replace("->", "")
        .replace("{{vtable.shim}}", "")
        .chars()
    {
        depth += i32::from(character == '<') - i32::from(character == '>' && depth > 0);
        if depth == 0 && character != '>' {
            plain.push(character);
        }
    }
    let is_hash = |part: &str| {
        part.len() == 17
            && part.starts_with('h')
            && part[1..].bytes().all(|b| b.is_ascii_hexdigit())
    };
    let mut parts = plain
        .rsplit("::")
        .filter(|part| !is_hash(part) && !part.is_empty());
    let last = parts.next().unwrap_or("?");
    let is_closure = last.contains("closure") || last.contains("fn#");
    if is_closure {
        "closure".into()
    } else {
        last.to_owned()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Without those of inlined functions, which have the same address as what they are a part of.
fn frames(thread: &Value) -> Vec<Frame> {
    let frames = thread["native_stack"]["frames"].as_array().unwrap().iter();
    let frames = frames.filter(|frame| frame.get("inlined").is_none());
    let address = |frame: &Value| {
        let hex = frame["address"].as_str()?.strip_prefix("0x")?;
        u64::from_str_radix(hex, 16).ok()
    };
    let function = |frame: &Value| bare(frame["function"].as_str().unwrap_or("?"));
    frames
        .map(|frame| Frame {
            address: address(frame).unwrap(),
            function: function(frame),
        })
        .collect()
}

/// Returns `true` if they are the same. A sampled thread is about to restart its system call, so it is before that
/// instruction instead of behind it.
fn are_the_same(ours: &[Frame], gdb: &[Frame]) -> bool {
    const INSTRUCTION: u64 = if cfg!(target_arch = "x86_64") { 2 } else { 4 };
    let (Some((ours, our_callers)), Some((gdb, callers))) = (ours.split_first(), gdb.split_first())
    else {
        return false;
    };
    let is_at = |address: u64| address == gdb.address && ours.function == gdb.function;
    our_callers == callers && (is_at(ours.address) || is_at(ours.address + INSTRUCTION))
}

#[test]
fn programs_read_the_same() {
    let dump = Other::start().dump();
    schema::assert_valid(&dump);
}

#[test]
fn gdb_finds_the_same_frames() {
    let mut other = Other::start();
    wait_for("all threads stand still", || {
        let dump = other.dump();
        let gdb = other.gdb();
        let threads = dump["threads"].as_array().unwrap().iter();
        let still =
            threads.filter(|it| it["state"] == "waiting" && it.get("native_stack").is_some());
        let same = still.map(|it| are_the_same(&frames(it), &gdb[&it["id"].as_u64().unwrap()]));
        let same: Vec<bool> = same.collect();
        (same.len() >= 5 && same.iter().all(|it| *it)).then_some(())
    });
}
