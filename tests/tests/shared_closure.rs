//! A closure that several threads call at once: one task, which each of them names, labels and spawns from.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::Command;
use std::sync::{Barrier, Mutex};
use std::thread;

use birthmark::{Task, set_label, set_name, with_label, with_name, with_name_async};
use birthmark_integration_tests::{block_on, find, own_id, spawn, stats_in, yield_once};

/// How often each thread calls it, and how many there are.
const CALLS: usize = 6_000;
const THREADS: usize = 4;

/// Checks a task that was spawned in the closure.
#[track_caller]
fn check(child: &Task, parent: birthmark::TaskId) {
    assert_eq!(child.parent(), Some(parent), "{child}");
    assert!(child.lineage().is_complete(), "{child}");
    let name = child.name().expect("one of the names").as_str();
    assert!(name.starts_with("shared"), "{child}");
    for label in child.labels() {
        assert!(
            label.key() == "shared" && label.value().starts_with("value"),
            "{child}"
        );
    }
}

#[birthmark::instrument]
mod shared {
    use super::*;

    pub fn closure() -> impl Fn(usize) + Sync {
        spawn(move |number: usize| {
            let child = || spawn(|| birthmark::current().unwrap())();
            set_name(format_args!(
                "shared {number}, too long for one slot of the registry"
            ));
            check(&child(), own_id());
            set_label("shared", format_args!("value {number}"));
            check(&child(), own_id());
            with_name("shared for a while", || check(&child(), own_id()));
        })
    }

    /// Takes the slots that are given back, so that who still uses one notices.
    pub fn noise(number: usize) {
        spawn(|| {
            set_name(format_args!(
                "noise {number}, which is as long as those of the others are"
            ));
            set_label("noise", number);
            spawn(|| assert!(birthmark::current().unwrap().name().is_some()))();
        })();
    }
}

#[test]
fn closure_that_several_threads_call_keeps_its_names() {
    let closure = birthmark::with_name("shared from the start", shared::closure);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            let closure = &closure;
            scope.spawn(move || (0..CALLS).for_each(closure));
            scope.spawn(|| (0..CALLS).for_each(shared::noise));
        }
    });
    drop(closure);
    let live = |function| stats_in(concat!(module_path!(), "::shared"), function);
    for stats in live("closure").iter().chain(&live("noise")) {
        assert_eq!(stats.live, 0, "{stats:?}");
    }
}

/// A way to give a task a text for a while.
#[derive(Clone, Copy, Debug)]
enum Way {
    Name,
    Label,
    AsyncName,
}

const WAYS: [Way; 3] = [Way::Name, Way::Label, Way::AsyncName];

impl Way {
    fn during<R>(self, text: &str, f: impl FnOnce() -> R) -> R {
        match self {
            Way::Name => with_name(text, f),
            Way::Label => with_label("given", text, f),
            Way::AsyncName => block_on(with_name_async(text, async { f() })),
        }
    }

    fn set(self, text: &str) {
        match self {
            Way::Label => set_label("given", text),
            Way::Name | Way::AsyncName => set_name(text),
        }
    }

    fn of(self, task: &Task) -> String {
        let label = || task.labels().iter().find(|label| label.key() == "given");
        match self {
            Way::Label => label().map(|label| label.value().to_owned()),
            Way::Name | Way::AsyncName => task.name().map(|name| name.as_str().to_owned()),
        }
        .unwrap_or_default()
    }

    fn own(self) -> String {
        self.of(&birthmark::current().unwrap())
    }
}

/// The texts that the calls of a closure have seen, by a key for each moment.
#[derive(Default)]
struct Seen(Mutex<BTreeMap<&'static str, [String; 2]>>);

impl Seen {
    fn take(self) -> BTreeMap<&'static str, [String; 2]> {
        self.0.into_inner().unwrap()
    }
}

fn both(text: &str) -> [String; 2] {
    [text.to_owned(), text.to_owned()]
}

#[birthmark::instrument]
mod calls {
    use super::*;

    impl Seen {
        /// Keeps the text of the present call, and that of a task that it spawns.
        pub fn note(&self, moment: &'static str, way: Way) {
            let child = spawn(|| way.own())();
            let seen = [way.own(), child];
            self.0.lock().unwrap().insert(moment, seen);
        }
    }

    /// A closure whose first two calls overlap. The text of the first ends while that of the second holds.
    pub fn overlapping<'a>(way: Way, seen: &'a Seen) -> impl Fn(usize) + Sync + 'a {
        let barrier = Barrier::new(2);
        spawn(move |call: usize| {
            let meet = || barrier.wait();
            match call {
                1 => {
                    way.during("first", || {
                        meet();
                        seen.note("first inside", way);
                        meet();
                    });
                    meet();
                    seen.note("first after", way);
                    meet();
                }
                2 => {
                    meet();
                    seen.note("second before", way);
                    way.during("second", || {
                        meet();
                        meet();
                        seen.note("second inside", way);
                        meet();
                    });
                    seen.note("second after", way);
                }
                _ => seen.note("third", way),
            }
        })
    }

    /// A closure that does `f` in each of its calls.
    pub fn each_call<R>(f: impl Fn() -> R) -> impl Fn() -> R {
        spawn(move || f())
    }

    /// A closure that calls itself once, under a text, and another one there.
    pub fn calling(way: Way, seen: &Seen) -> impl Fn(Option<&dyn Fn()>) {
        spawn(move |inner: Option<&dyn Fn()>| match inner {
            Some(inner) => way.during("outer", || {
                inner();
                seen.note("outer inside", way);
            }),
            None => seen.note("inner", way),
        })
    }

    /// The texts of a child that waits for its spawner in a scope of rayon, and of a child of that.
    pub fn in_rayon_scope(way: Way, seen: &Seen) {
        rayon::scope(|scope| {
            scope.spawn(|_| seen.note("waiting", way));
        });
    }

    /// The frames in which the task is while it awaits in each of two polls, under a text or not.
    pub fn stacks(texts: [Option<&str>; 2]) -> Vec<String> {
        let call = spawn(move || {
            let stacks = Mutex::new(Vec::new());
            let mut future = std::pin::pin!(async { two_polls(&stacks).await });
            for text in texts {
                let mut poll = || {
                    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
                    future.as_mut().poll(&mut cx).is_ready()
                };
                match text {
                    Some(text) => with_name(text, poll),
                    None => poll(),
                };
            }
            std::mem::take(&mut *stacks.lock().unwrap())
        });
        call()
    }

    async fn two_polls(stacks: &Mutex<Vec<String>>) {
        let note = || {
            let stack = birthmark::current().unwrap().stack().to_string();
            stacks.lock().unwrap().push(stack);
        };
        note_twice(note).await;
    }

    async fn note_twice(note: impl Fn()) {
        async { note() }.await;
        yield_once().await;
        async { note() }.await;
    }
}

#[test]
fn text_for_a_while_in_overlapping_calls_belongs_to_each_call() {
    for way in WAYS {
        let seen = Seen::default();
        let closure = calls::overlapping(way, &seen);
        thread::scope(|scope| {
            scope.spawn(|| closure(1));
            scope.spawn(|| closure(2));
        });
        closure(3);
        drop(closure);
        let expected = [
            ("first inside", both("first")),
            ("first after", both("")),
            ("second before", both("")),
            ("second inside", both("second")),
            ("second after", both("")),
            ("third", both("")),
        ];
        assert_eq!(seen.take(), BTreeMap::from(expected), "{way:?}");
    }
}

#[test]
fn text_set_in_a_text_for_a_while_of_a_call_ends_with_it() {
    for way in WAYS {
        let seen = Seen::default();
        let closure = calls::each_call(|| {
            way.during("outer", || {
                way.set("set");
                seen.note("set", way);
                way.during("inner", || {
                    way.set("set again");
                    way.set("set at last");
                    seen.note("set at last", way);
                });
                seen.note("outer", way);
            });
            seen.note("after", way);
        });
        closure();
        drop(closure);
        let expected = [
            ("set", both("set")),
            ("set at last", both("set at last")),
            ("outer", both("set")),
            ("after", both("")),
        ];
        assert_eq!(seen.take(), BTreeMap::from(expected), "{way:?}");
    }
}

#[test]
fn text_for_a_while_of_a_call_ends_when_it_panics() {
    for way in WAYS {
        let seen = Seen::default();
        let closure = calls::each_call(|| {
            let fail = || -> () { way.during("failed", || resume_unwind(Box::new("on purpose"))) };
            assert!(catch_unwind(AssertUnwindSafe(fail)).is_err());
            seen.note("after", way);
        });
        closure();
        drop(closure);
        assert_eq!(seen.take()["after"], both(""), "{way:?}");
    }
}

#[test]
fn text_for_a_while_of_a_call_is_not_that_of_a_call_inside() {
    for way in WAYS {
        let seen = Seen::default();
        let closure = calls::calling(way, &seen);
        closure(Some(&|| closure(None)));
        drop(closure);
        let expected = [("inner", both("")), ("outer inside", both("outer"))];
        assert_eq!(seen.take(), BTreeMap::from(expected), "{way:?}");
    }
}

#[test]
fn text_for_a_while_of_a_call_is_inherited_through_a_rayon_scope() {
    for way in WAYS {
        let seen = Seen::default();
        let call = || way.during("lent", || calls::in_rayon_scope(way, &seen));
        calls::each_call(call)();
        assert_eq!(seen.take()["waiting"], both("lent"), "{way:?}");
    }
}

#[test]
fn text_for_a_while_of_a_call_is_in_dumps() {
    for way in WAYS {
        let in_dump = || way.of(&find(own_id()).unwrap());
        let other = calls::each_call(|| way.during("other", in_dump));
        let closure = calls::each_call(|| {
            let [before, own, inner, own_again] = [
                in_dump(),
                way.during("own", in_dump),
                way.during("own", || way.during("inner", in_dump)),
                way.during("own", || {
                    assert_eq!(other(), "other");
                    let id = own_id();
                    let seen_inside =
                        calls::each_call(|| way.during("another", || way.of(&find(id).unwrap())));
                    seen_inside()
                }),
            ];
            [before, own, inner, own_again, in_dump()]
        });
        assert_eq!(closure(), ["", "own", "inner", "own", ""], "{way:?}");
    }
}

#[test]
fn frames_in_a_name_for_a_while_of_a_call_are_recorded() {
    let plain = calls::stacks([None, None]);
    assert!(plain[0].contains("note_twice"), "{plain:?}");
    let (some, other) = (Some("name"), Some("other name"));
    for texts in [[some, other], [some, None], [None, some]] {
        assert_eq!(calls::stacks(texts), plain, "{texts:?}");
    }
}

/// A debugger stops here.
#[inline(never)]
fn reached() -> bool {
    std::hint::black_box(true)
}

#[test]
fn text_for_a_while_of_a_call_holds_where_a_debugger_stops() {
    let closure =
        calls::each_call(|| with_label("given", "to a call", || with_name("of a call", reached)));
    assert!(closure());
}

#[test]
fn text_for_a_while_of_a_call_is_read_by_gdb() {
    let program = std::env::current_exe().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../debug/birthmark.py");
    let scenario = "text_for_a_while_of_a_call_holds_where_a_debugger_stops";
    let mut gdb = Command::new("gdb");
    gdb.args([
        "-q",
        "-nx",
        "-batch",
        "-ex",
        "break shared_closure::reached",
    ]);
    gdb.args(["-ex", "run", "-ex", &format!("source {script}")]);
    gdb.args(["-ex", "birthmark", "-ex", "kill", "--args"]);
    gdb.arg(program).args([scenario, "--exact"]);
    let output = gdb.output().expect("gdb is installed");
    let text = String::from_utf8_lossy(&output.stdout);
    let part = "'of a call' each_call::{closure} [running, ";
    assert!(text.contains(part), "{text}");
    assert!(text.contains("    labels given='to a call'\n"), "{text}");
}
