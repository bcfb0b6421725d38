//! Timeboxes: a time for one future or one task, after which it is reported.
//!
//! A timebox is in a list of its process from the first poll to the end. The clock's thread takes those out whose time is over.
//! The lock of the list is held to add or to remove an entry, and never while other code runs. The child of a fork has a list
//! of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::action::Action;
use super::per_process::PerProcess;
use super::rule::{NewRule, RuleSet};
use birthmark_core::__reader::clock;
use birthmark_core::__reader::local;
use birthmark_core::__reader::record::read::Record;
use birthmark_core::{Attachment, Outcome, Spawn, TaskRef};

/// A timebox that lasts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) number: u64,
    pub(super) place: &'static Location<'static>,
    pub(super) limit: Duration,
    pub(super) began: Instant,
    /// The task in which it was polled first.
    pub(super) task: Option<Record>,
}

/// A change for the thread of rules.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// The time is over.
    Exceeded(Entry),
    /// A future whose time was over has ended.
    Ended { number: u64, at: Instant },
}

/// The timeboxes of a process.
#[derive(Default)]
pub(super) struct Boxes {
    list: Mutex<List>,
    next: AtomicU64,
}

#[derive(Default)]
struct List {
    by_end: BTreeMap<(Instant, u64), Entry>,
    /// Ends of futures whose time was over.
    ended: Vec<Change>,
}

static BOXES: PerProcess<Boxes> = PerProcess::new();

impl Boxes {
    /// Returns the changes since the last call. The clock's thread calls it.
    pub(super) fn changes() -> Vec<Change> {
        let Some(boxes) = BOXES.get() else {
            return Vec::new();
        };
        let mut list = boxes.list.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let mut changes = Vec::new();
        while let Some(first) = list.by_end.first_entry() {
            if first.key().0 > now {
                break;
            }
            changes.push(Change::Exceeded(first.remove()));
        }
        // An end follows what it is the end of.
        changes.append(&mut list.ended);
        changes
    }
}

/// A place in the list, until it is dropped.
struct Listed {
    end: Instant,
    number: u64,
    boxes: &'static Boxes,
}

impl Listed {
    fn new(
        limit: Duration,
        place: &'static Location<'static>,
        task: Option<Record>,
    ) -> Option<Self> {
        add_rule_once();
        let (began, boxes) = (Instant::now(), BOXES.get_or_init(Boxes::default));
        let end = began.checked_add(limit)?;
        let number = boxes.next.fetch_add(1, Ordering::Relaxed);
        let entry = Entry {
            number,
            place,
            limit,
            began,
            task,
        };
        let mut list = boxes.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.by_end.insert((end, number), entry);
        Some(Listed { end, number, boxes })
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        // In the child of a fork, the parent's list may be locked for ever.
        if !BOXES.get().is_some_and(|own| ptr::eq(own, self.boxes)) {
            return;
        }
        let mut list = self
            .boxes
            .list
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if list.by_end.remove(&(self.end, self.number)).is_none() {
            let (number, at) = (self.number, Instant::now());
            list.ended.push(Change::Ended { number, at });
        }
    }
}

/// Adds the rule that reports timeboxes, unless the program has one, and starts the clock.
fn add_rule_once() {
    static IS_ADDED: AtomicBool = AtomicBool::new(false);
    if IS_ADDED.swap(true, Ordering::Relaxed) {
        return;
    }
    let has_one = RuleSet::present().is_some_and(RuleSet::has_timeboxes);
    if !has_one {
        let rule = NewRule::new("timebox", Action::stacks());
        if !super::install(rule.into_iter().collect()) {
            super::report_no_room();
        }
    }
    clock::start();
}

/// Reports a future that takes longer than `limit`, from its first poll on. The future goes on.
///
/// The report is that of a rule with the condition `timebox`, by default with [`Action::stacks`]. A program that adds a rule
/// `timebox` chooses another action. A second report follows when the future has ended. Times are right to a tenth of a second.
///
/// The first poll and the end take a lock for a moment. Further polls cost nothing more.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let sum = birthmark::timebox(Duration::from_secs(1), async { 1 + 2 }).await;
/// assert_eq!(sum, 3);
/// # }
/// ```
#[track_caller]
pub fn timebox<F: Future>(limit: Duration, future: F) -> Timebox<F> {
    Timebox {
        place: Location::caller(),
        limit,
        listed: None,
        is_started: false,
        future,
    }
}

/// The future that [`timebox`] returns.
#[must_use = "futures do nothing unless they are polled"]
pub struct Timebox<F> {
    place: &'static Location<'static>,
    limit: Duration,
    listed: Option<Listed>,
    is_started: bool,
    future: F,
}

impl<F> fmt::Debug for Timebox<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Timebox { place, limit, .. } = self;
        write!(f, "Timebox({limit:?} at {place})")
    }
}

impl<F: Future> Future for Timebox<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is not moved out of the pinned value, and there is no `Drop` for `Timebox` that could move it. The
        // other fields are not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        if !this.is_started {
            this.is_started = true;
            let task = local::current().and_then(|task| Record::read(task.slot()));
            this.listed = Listed::new(this.limit, this.place, task);
        }
        // SAFETY: `future` is a field of a pinned value, and is treated as pinned everywhere.
        let result = unsafe { Pin::new_unchecked(&mut this.future) }.poll(context);
        if result.is_ready() {
            this.listed = None;
        }
        result
    }
}

/// Sets a time for tasks in a hook.
pub trait TimeboxSpawn {
    /// Reports the task if it takes longer than `limit`, from its first poll or call on, as [`timebox`] does.
    ///
    /// # Examples
    ///
    /// ```
    /// use birthmark::TimeboxSpawn;
    /// use std::time::Duration;
    ///
    /// let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| {
    ///     if spawn.role() == "handle" {
    ///         spawn.timebox(Duration::from_secs(5));
    ///     }
    /// });
    /// # drop(hook);
    /// ```
    fn timebox(&mut self, limit: Duration);
}

impl TimeboxSpawn for Spawn<'_> {
    #[track_caller]
    fn timebox(&mut self, limit: Duration) {
        self.attach(TaskBox {
            place: Location::caller(),
            limit,
            listed: None,
            is_started: false,
        });
    }
}

/// The timebox of a task.
struct TaskBox {
    place: &'static Location<'static>,
    limit: Duration,
    listed: Option<Listed>,
    is_started: bool,
}

impl Attachment for TaskBox {
    fn enter(&mut self) {
        if !self.is_started {
            self.is_started = true;
            let task = local::current().and_then(|task| Record::read(task.slot()));
            self.listed = Listed::new(self.limit, self.place, task);
        }
    }

    fn exit(&mut self) {}

    fn end(&mut self, _: &TaskRef<'_>, _: Outcome) {
        self.listed = None;
    }
}
