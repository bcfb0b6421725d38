//! A process that reads its own memory as another process would: its dump is the one that it takes from inside.

use std::future::pending;
use std::sync::mpsc;

use birthmark::render::Format;
use birthmark::{AwaitDetail, Dump};
use birthmark_integration_tests::{HOSTILE, Held, normalise, spawn, start, wait_until};
use birthmark_outside::Target;
use birthmark_test_support as _;

#[birthmark::instrument]
mod program {
    use super::*;

    pub async fn waits() {
        pending().await
    }

    async fn inner(deep: u32) {
        if deep == 0 {
            return pending().await;
        }
        Box::pin(inner(deep - 1)).await
    }

    pub async fn deep() {
        inner(20).await
    }

    pub async fn branches() {
        futures::join!(inner(0), inner(1), inner(2));
    }

    pub async fn parent(kept: mpsc::Sender<Held>) {
        birthmark::set_name("a name of the parent, which is longer than one slot has room for");
        birthmark::set_label("tenant", "acme & sons");
        birthmark::task_local! {
            #[inherit] #[show] static TENANT: &'static str;
            static TRANSACTION: u64;
        }
        TENANT.set("a tenant whose name takes more than one slot of the registry");
        TRANSACTION.set(7);
        kept.send(Box::pin(spawn(waits()))).unwrap();
        birthmark::set_name("another name");
        kept.send(Box::pin(spawn(waits()))).unwrap();
    }

    /// Spawns a task whose ancestors have all ended.
    pub fn descend(deep: u32) -> Held {
        birthmark::with_name(format_args!("generation {deep}"), || -> Held {
            let below = move || match deep {
                0 => Box::pin(spawn(waits())),
                _ => descend(deep - 1),
            };
            std::thread::spawn(below).join().unwrap()
        })
    }

    pub fn calls_block(
        blocks: mpsc::Sender<()>,
        until: mpsc::Receiver<()>,
    ) -> std::thread::JoinHandle<()> {
        std::thread::spawn(move || {
            birthmark::with_name("in a call", || {
                blocks.send(()).unwrap();
                let _ = until.recv();
            });
        })
    }

    pub fn unrecorded() -> Held {
        Box::pin(spawn(waits()))
    }

    async fn is_dropped() {
        pending().await
    }

    /// Leaves tasks behind that end before they are ready.
    pub fn leaves_gone_tasks() {
        birthmark::with_name("whose \u{1b}[2J \"end\"", || {
            let panics = std::thread::spawn(|| panic!("a message\nof \"two\" lines"));
            assert!(panics.join().is_err());
            drop(start(Box::pin(spawn(is_dropped()))));
            drop(spawn(is_dropped()));
        });
    }
}

/// The dumps in all forms, without times.
fn texts(dump: &Dump) -> Vec<String> {
    let formats = [
        Format::Text,
        Format::Tree,
        Format::Groups,
        Format::Folded,
        Format::Json,
    ];
    let text = |format| {
        let mut out = Vec::new();
        dump.write(format, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        without_times(&normalise(&out))
    };
    formats.into_iter().map(text).collect()
}

/// Leaves out the time of a dump, and the times in its JSON.
fn without_times(text: &str) -> String {
    // The head is `birthmark: shop (pid 4711) at 2026-11-28 02:17:00 UTC: 5 tasks`, in each form that has a head.
    let text = match text.split_once(" UTC: ") {
        Some((process, tasks)) => {
            let (process, _) = process.rsplit_once(" at ").expect("a head has a time");
            &format!("{process}: {tasks}")
        }
        None => text,
    };
    let fields = ["\"time_unix_ms\":", "\"time\":\"", "_ms\":"];
    // A task without a waker is said to have none after a tenth of a second.
    let mut text = text
        .replace(", no waker left", "")
        .replace(",\"no_waker\":true", "")
        // A group has one time, or the shortest and the longest one.
        .replace("# s to # s", "# s");
    for field in fields {
        let parts: Vec<&str> = text.split(field).collect();
        let is_time = |character: char| character.is_ascii_digit() || "-:.TZ#".contains(character);
        let rest = parts[1..]
            .iter()
            .map(|part| part.trim_start_matches(is_time));
        text = [parts[0]]
            .into_iter()
            .chain(rest)
            .collect::<Vec<_>>()
            .join(field);
    }
    text
}

#[test]
fn dump_from_outside_is_the_dump_from_inside() {
    let (sender, receiver) = mpsc::channel();
    let mut held: Vec<Held> = vec![program::unrecorded()];
    held.push(start(Box::pin(spawn(program::deep()))));
    held.push(start(Box::pin(spawn(program::branches()))));
    let mut parent: Held = Box::pin(spawn(program::parent(sender.clone())));
    let waker = std::task::Waker::noop();
    let mut context = std::task::Context::from_waker(waker);
    assert!(parent.as_mut().poll(&mut context).is_ready());
    drop(parent);
    held.push(program::descend(40));
    for (name, _) in HOSTILE {
        held.push(birthmark::with_name(name, program::unrecorded));
        held.push(birthmark::with_label(name, name, program::unrecorded));
    }
    held.push(birthmark::with_name("ä".repeat(300), program::unrecorded));
    held.extend((0..200).map(|_| start(program::unrecorded())));
    held.extend(receiver.try_iter());
    birthmark::install();
    program::leaves_gone_tasks();
    let (until, wait) = mpsc::channel();
    let (blocks, is_blocked) = mpsc::channel();
    let blocked = program::calls_block(blocks, wait);
    is_blocked.recv().unwrap();

    // A joined thread ends a moment later. These stay: main, the test, the blocked one, and one of birthmark.
    wait_until("the joined threads are gone", || {
        std::fs::read_dir("/proc/self/task").is_ok_and(|it| it.count() <= 4)
    });
    let target = Target::process(std::process::id()).expect("a process may read itself");
    assert_eq!(target.copies().len(), 1);
    assert_eq!(
        target.copies()[0].version,
        env!("CARGO_PKG_VERSION").replace("0.0.0", "0.1.0")
    );
    let outside = target.dump().unwrap();
    let inside = birthmark::dump();
    assert_eq!(outside.coverage().uncertain_records(), 0);
    assert_eq!(outside.len(), inside.len());
    assert_eq!(outside.gone().len(), 3);
    for (outside, inside) in texts(&outside).iter().zip(texts(&inside)) {
        let differs = outside
            .lines()
            .zip(inside.lines())
            .find(|(one, other)| one != other);
        assert_eq!(differs, None, "the first line that differs");
        assert_eq!(outside.len(), inside.len());
    }
    let outside = target.with_awaits(outside, AwaitDetail::DebugInfo);
    let inside = inside.with_awaits(AwaitDetail::DebugInfo);
    for (outside, inside) in texts(&outside).iter().zip(texts(&inside)) {
        let mut lines = outside.lines().zip(inside.lines());
        assert_eq!(lines.find(|(one, other)| one != other), None);
        assert_eq!(outside.len(), inside.len());
        assert!(outside.contains("Pending"), "{outside}");
    }
    let filter = "name=generation*&role=waits".parse().unwrap();
    let filtered = target.dump().unwrap().filter(&filter);
    assert_eq!(filtered.len(), birthmark::dump().filter(&filter).len());
    assert!(!filtered.is_empty());

    let counts = |stats: &birthmark::SiteStats| {
        (
            stats.site.to_string(),
            stats.kind,
            stats.live,
            stats.completed,
            stats.cancelled,
        )
    };
    let outside: Vec<_> = target.sites().unwrap().iter().map(counts).collect();
    let inside: Vec<_> = birthmark::sites().iter().map(counts).collect();
    assert_eq!(outside, inside);

    let seen = target
        .dump_with_threads(birthmark::ThreadDetail::States)
        .unwrap();
    let threads = seen.threads().expect("Linux lists threads");
    let thread = threads.iter().find(|it| {
        it.tasks()
            .iter()
            .any(|task| task.role() == "calls_block::{closure}")
    });
    let tasks = thread.expect("the blocked thread is listed").tasks();
    assert_eq!(tasks[0].name().unwrap().as_str(), "in a call");
    drop(until);
    blocked.join().unwrap();
    drop(held);
}
