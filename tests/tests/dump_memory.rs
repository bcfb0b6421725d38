//! Memory bound of a dump, in every form and for tasks of every kind.
//!
//! The bound is 64 bytes for each task, alive or kept for its descendants. The texts of names and a megabyte come on
//! top. The count includes the snapshot, the indices that only the builder needs, and the rendering.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::{self, Write as _};
use std::future::pending;
use std::io;

use birthmark::render::Format;
use birthmark::{Dump, ThreadDetail};
use birthmark_integration_tests::{Held, Random, spawn, start};

const MAX_BYTES: usize = 64;
/// Bytes that do not depend on the number of tasks: shared texts, and the piece of output. A profile has most of them.
const FIXED: usize = (1 << 20) + (1 << 17);

#[global_allocator]
static COUNTING: Counting = Counting;

/// The allocator of the system, with a count of the bytes that each thread has taken and not given back, and of
/// the most that it ever was.
struct Counting;

thread_local!(static IN_USE: Cell<(isize, isize)> = const { Cell::new((0, 0)) });

fn count(more: usize, less: usize) {
    let (in_use, peak) = IN_USE.get();
    let in_use = in_use + more as isize - less as isize;
    IN_USE.set((in_use, peak.max(in_use)));
}

// SAFETY: all is left to the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: what holds of our caller holds of us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(place, layout, size) }
    }
}

/// The most bytes that were in use while `work` ran, beyond those before.
fn peak(work: impl FnOnce()) -> usize {
    let (before, _) = IN_USE.get();
    IN_USE.set((before, before));
    work();
    (IN_USE.get().1 - before) as usize
}

#[birthmark::instrument]
mod tasks {
    use super::*;

    /// In one frame.
    async fn waits() {
        pending().await
    }

    pub fn unrelated(_: usize) -> Vec<Held> {
        vec![Box::pin(spawn(pending::<()>()))]
    }

    pub fn in_frames(_: usize) -> Vec<Held> {
        vec![start(Box::pin(spawn(waits())))]
    }

    pub fn named(number: usize) -> Vec<Held> {
        let task = spawn(birthmark::named!("{number:06}" => waits()));
        vec![start(Box::pin(task))]
    }

    /// One that ends with its children alive.
    fn parent(children: usize) -> Vec<Held> {
        let parent = spawn(move || (0..children).flat_map(unrelated).collect());
        parent()
    }

    pub fn families(_: usize) -> Vec<Held> {
        parent(10)
    }

    pub fn orphans(_: usize) -> Vec<Held> {
        parent(1)
    }

    /// A task with a name of its own, and what it spawns.
    pub fn named_parents(number: usize) -> Vec<Held> {
        let slot = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let to = slot.clone();
        let task = start(Box::pin(spawn(
            birthmark::named!("{number:06}" => async move {
                to.lock().unwrap().extend(in_frames(0));
                waits().await
            }),
        )));
        let children = std::mem::take(&mut *slot.lock().unwrap());
        children.into_iter().chain([task]).collect()
    }

    /// Each a child of the one before, by way of `set_name` if each has a name.
    pub fn chain(length: usize, slots: &Slots, named: bool) -> Vec<Held> {
        let (to, from) = std::sync::mpsc::channel();
        let mut chain = vec![link(0, named, to)];
        while chain.len() < length {
            slots.before(chain.len());
            chain.push(from.recv().unwrap());
            let last = chain.pop().map(start);
            chain.extend(last);
        }
        chain
    }

    fn link(number: usize, named: bool, to: std::sync::mpsc::Sender<Held>) -> Held {
        let task: Held = Box::pin(spawn(async move {
            if named {
                birthmark::set_name(format_args!("{number:06}"));
            }
            to.send(link(number + 1, named, to.clone())).unwrap();
            waits().await
        }));
        if number == 0 { start(task) } else { task }
    }
}

/// A kind of tasks.
struct Kind {
    name: &'static str,
    /// Bytes of names a task.
    names: usize,
    /// Ended ancestors for each ten tasks.
    ended: usize,
    /// Makes so many, with a look at the slots now and then.
    make: fn(usize, &Slots) -> Vec<Held>,
}

const KINDS: [Kind; 8] = [
    kind("unrelated", 0, 0, |count, slots| {
        of(count, slots, 1, tasks::unrelated)
    }),
    kind("in frames", 0, 0, |count, slots| {
        of(count, slots, 1, tasks::in_frames)
    }),
    kind("named", 6, 0, |count, slots| {
        of(count, slots, 1, tasks::named)
    }),
    kind("families without a parent", 0, 1, |count, slots| {
        of(count, slots, 10, tasks::families)
    }),
    kind("orphans", 0, 10, |count, slots| {
        of(count, slots, 1, tasks::orphans)
    }),
    kind("named parents", 3, 0, |count, slots| {
        of(count, slots, 2, tasks::named_parents)
    }),
    kind("chain", 0, 0, |count, slots| {
        tasks::chain(count, slots, false)
    }),
    kind("chain of named", 6, 0, |count, slots| {
        tasks::chain(count, slots, true)
    }),
];

const fn kind(
    name: &'static str,
    names: usize,
    ended: usize,
    make: fn(usize, &Slots) -> Vec<Held>,
) -> Kind {
    Kind {
        name,
        names,
        ended,
        make,
    }
}

fn of(count: usize, slots: &Slots, each: usize, make: fn(usize) -> Vec<Held>) -> Vec<Held> {
    let mut all = Vec::with_capacity(count);
    for number in 0..count / each {
        slots.before(number);
        all.extend(make(number));
    }
    assert_eq!(all.len(), count);
    all
}

/// In which order the slots are that the next tasks get. A walk comes to the ancestors of a task before it if they
/// have lower ones.
struct Slots {
    name: &'static str,
    /// Ends tasks, the slots of which the next ones get, that of the last one first.
    end: fn(Vec<Held>),
}

const SLOTS: [Slots; 3] = [
    Slots {
        name: "upwards",
        end: |mut tasks| while tasks.pop().is_some() {},
    },
    Slots {
        name: "downwards",
        end: |tasks| tasks.into_iter().for_each(drop),
    },
    Slots {
        name: "in no order",
        end: |mut tasks| {
            let mut random = Random(7);
            while !tasks.is_empty() {
                drop(tasks.swap_remove(random.below(tasks.len())));
            }
        },
    },
];

impl Slots {
    /// To be called before each task is made.
    fn before(&self, number: usize) {
        const ONCE_IN: usize = 1000;
        if number.is_multiple_of(ONCE_IN) {
            (self.end)((0..3 * ONCE_IN).flat_map(tasks::unrelated).collect());
        }
    }
}

/// Takes all and keeps nothing. (That of std does not even have it made.)
struct Sink;

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Write for Sink {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}

/// A form, and the call that renders a dump in it.
type Form = (&'static str, Box<dyn Fn(Dump)>);

fn forms() -> Vec<Form> {
    let formats = Format::ALL.iter().map(|&format| {
        let write = move |dump: Dump| dump.write(format, &mut Sink).unwrap();
        (format.as_str(), Box::new(write) as Box<dyn Fn(Dump)>)
    });
    let mut forms: Vec<_> = formats.collect();
    forms.push((
        "tree, expanded",
        Box::new(|dump| {
            write!(Sink, "{}", dump.tree().expanded(true)).unwrap();
        }),
    ));
    forms.push((
        "text with threads",
        Box::new(|dump| {
            write!(Sink, "{}", dump.with_threads(ThreadDetail::States)).unwrap();
        }),
    ));
    forms.push((
        "tree of some",
        Box::new(|dump| {
            let some = "state=suspended".parse().unwrap();
            write!(Sink, "{}", dump.filter(&some).tree()).unwrap();
        }),
    ));
    forms
}

/// Returns the peak of each form, with the snapshot.
fn measure() -> Vec<(&'static str, usize)> {
    let forms = forms().into_iter();
    let mut all: Vec<_> = forms
        .map(|(form, write)| (form, peak(|| write(birthmark::dump()))))
        .collect();
    let diff = peak(|| {
        let before = birthmark::dump();
        write!(Sink, "{}", birthmark::dump().diff(&before)).unwrap();
    });
    all.push(("each dump of a difference", diff / 2));
    all
}

fn check(tasks: usize, slots: &[Slots]) {
    let mut too_much = String::new();
    for slots in slots {
        for kind in &KINDS {
            let held = (kind.make)(tasks, slots);
            let records = tasks + tasks / 10 * kind.ended;
            // Debug information is read once, however many tasks there are.
            birthmark::dump().write(Format::Text, &mut Sink).unwrap();
            for (form, bytes) in measure() {
                let bytes = bytes - kind.names * tasks;
                let each = bytes as f64 / records as f64;
                let line = format!(
                    "{each:4.1} bytes: {form}, {}, slots {}",
                    kind.name, slots.name
                );
                println!("{line}");
                if bytes > MAX_BYTES * records + FIXED {
                    writeln!(too_much, "{line}").unwrap();
                }
            }
            drop(held);
        }
    }
    assert!(too_much.is_empty(), "{too_much}");
}

#[test]
fn each_form_takes_at_most_64_bytes_a_task_of_any_kind() {
    check(20_000, &SLOTS[2..]);
}

/// `cargo test --release -p birthmark-integration-tests --test dump_memory -- --ignored --nocapture`
#[test]
#[ignore = "takes a minute in release mode, many in debug mode"]
fn same_of_more_tasks_in_slots_of_any_order() {
    check(200_000, &SLOTS);
}
