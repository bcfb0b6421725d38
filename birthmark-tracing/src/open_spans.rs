//! The spans that tasks are in, as dumps find them.
//!
//! A dump must not wait for a program that hangs, so it cannot use the tables of a subscriber, which have locks. Two
//! tables of slots are written beside them: one has the name and the fields of each open span, the other one has the
//! spans that each task has entered.
//!
//! A task has entered its spans again in each poll, and has left them all when it is suspended. Its slot therefore keeps
//! a span after the task has left it, until another one is entered at the same depth. The task is in the deepest of
//! these that is still open: a span that has closed is in the first table no more.
//!
//! Only the thread that runs a task writes into the slot of the task. A reader compares the id of the task before and
//! after reading. The slot of a span has a version, which is odd while the slot is written.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use birthmark::extension::Identity;
use birthmark::{Spawn, TaskId};

use crate::slots::Slots;
use crate::span_text::{SpanKey, SpanText, TextSlot};

/// Spans that a task has entered, one inside of the other, beyond which dumps do not see further ones.
const DEPTH: usize = 8;

static TASKS: Slots<TaskSlot> = Slots::new();
static SPANS: Slots<TextSlot> = Slots::new();

/// The number of layers that were made.
static LAYERS: AtomicU64 = AtomicU64::new(0);

#[derive(Debug, Default)]
struct TaskSlot {
    /// The id of the task, or 0.
    task: AtomicU64,
    len: AtomicU32,
    layers: [AtomicU64; DEPTH],
    ids: [AtomicU64; DEPTH],
}

thread_local! {
    /// The slot of the task that runs on this thread, and the number of spans that it is in.
    static CURRENT: Cell<Option<(&'static TaskSlot, u32)>> = const { Cell::new(None) };
    /// The slot for tasks of this thread that have none of their own, such as the main thread.
    static OF_THREAD: RefCell<Option<TaskEntry>> = const { RefCell::new(None) };
}

/// Has dumps show spans from now on. Returns the number of a layer.
pub(crate) fn add_layer() -> u64 {
    birthmark::extension::set_span_source(show_all);
    LAYERS.fetch_add(1, Ordering::Relaxed)
}

/// Returns an entry for a task that is about to be spawned, if there is a layer that will use it.
pub(crate) fn entry_of(spawn: &Spawn<'_>) -> Option<TaskEntry> {
    match LAYERS.load(Ordering::Relaxed) {
        0 => None,
        _ => TaskEntry::new(spawn.id()),
    }
}

/// The slot of a task, which is freed with this.
#[derive(Debug)]
pub(crate) struct TaskEntry {
    number: u32,
    slot: &'static TaskSlot,
    outer: Option<(&'static TaskSlot, u32)>,
}

impl TaskEntry {
    fn new(task: TaskId) -> Option<Self> {
        let (number, slot) = TASKS.take()?;
        slot.begin(task.as_u64());
        Some(TaskEntry {
            number,
            slot,
            outer: None,
        })
    }

    /// Makes this the slot of the task that runs on this thread.
    pub(crate) fn enter(&mut self) {
        self.outer = CURRENT.replace(Some((self.slot, 0)));
    }

    pub(crate) fn exit(&mut self) {
        CURRENT.set(self.outer.take());
    }
}

impl Drop for TaskEntry {
    fn drop(&mut self) {
        // A thread may exit within a span.
        if CURRENT
            .get()
            .is_some_and(|(slot, _)| std::ptr::eq(slot, self.slot))
        {
            CURRENT.set(None);
        }
        self.slot.begin(0);
        TASKS.put(self.number);
    }
}

/// Notes that the current task enters a span.
pub(crate) fn enter(span: SpanKey) {
    match CURRENT.get() {
        Some((slot, depth)) => {
            slot.set(depth, span);
            CURRENT.set(Some((slot, depth + 1)));
        }
        None => enter_on_thread(span),
    }
}

/// Notes that the current task leaves a span.
pub(crate) fn exit() {
    let Some((slot, depth)) = CURRENT.get() else {
        return;
    };
    let depth = depth.saturating_sub(1);
    let is_of_thread = || slot.is_of_thread();
    if depth == 0 && is_of_thread() {
        slot.begin(0);
        return CURRENT.set(None);
    }
    CURRENT.set(Some((slot, depth)));
}

/// Enters the first span on a thread whose task has no slot of its own.
fn enter_on_thread(span: SpanKey) {
    let Some(task) = Identity::current() else {
        return;
    };
    // The thread may be exiting, or the reading of the identity may have entered a span.
    let _ = OF_THREAD.try_with(|entry| {
        let mut entry = entry.try_borrow_mut().ok()?;
        if entry.is_none() {
            *entry = TaskEntry::new(task.id());
        }
        let slot = entry.as_ref()?.slot;
        slot.begin(task.id().as_u64());
        slot.set(0, span);
        CURRENT.set(Some((slot, 1)));
        Some(())
    });
}

impl TaskSlot {
    /// Gives the slot to a task, which is in no span yet.
    fn begin(&self, task: u64) {
        self.task.store(0, Ordering::Relaxed);
        fence(Ordering::Release);
        self.len.store(0, Ordering::Relaxed);
        self.task.store(task, Ordering::Release);
    }

    fn set(&self, depth: u32, (layer, id): SpanKey) {
        let index = depth as usize;
        if let (Some(layers), Some(ids)) = (self.layers.get(index), self.ids.get(index)) {
            layers.store(layer, Ordering::Relaxed);
            ids.store(id, Ordering::Relaxed);
            self.len.store(depth + 1, Ordering::Release);
        }
    }

    fn is_of_thread(&self) -> bool {
        let is_it = |entry: &RefCell<Option<TaskEntry>>| {
            let entry = entry.try_borrow().ok()?;
            Some(std::ptr::eq(entry.as_ref()?.slot, self))
        };
        OF_THREAD.try_with(is_it).ok().flatten() == Some(true)
    }

    /// Reads the task and the spans that it has entered, the innermost first.
    fn read(&self) -> Option<(TaskId, impl Iterator<Item = SpanKey>)> {
        let task = self.task.load(Ordering::Acquire);
        let len = self.len.load(Ordering::Acquire) as usize;
        let layers = self.layers.each_ref().map(|it| it.load(Ordering::Relaxed));
        let ids = self.ids.each_ref().map(|it| it.load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        if task == 0 || self.task.load(Ordering::Relaxed) != task {
            return None;
        }
        let spans = layers.into_iter().zip(ids).take(len);
        Some((TaskId::from(task), spans.rev()))
    }
}

/// The slot of an open span, which is freed with this.
#[derive(Debug)]
pub(crate) struct OpenSpan {
    number: u32,
    slot: &'static TextSlot,
}

impl OpenSpan {
    /// Notes a new span. Returns `None` if there are too many.
    pub(crate) fn new(key: SpanKey, text: &SpanText) -> Option<Self> {
        let (number, slot) = SPANS.take()?;
        slot.write(key, text);
        Some(OpenSpan { number, slot })
    }

    /// Changes the text of the span.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut SpanText)) {
        if let Some((key, mut text)) = self.slot.read() {
            change(&mut text);
            self.slot.write(key, &text);
        }
    }
}

impl Drop for OpenSpan {
    fn drop(&mut self) {
        self.slot.clear();
        SPANS.put(self.number);
    }
}

type Show<'a> = &'a mut dyn FnMut(TaskId, &'static str, &[(&str, &str)]);

/// Shows the span of each task.
fn show_all(show: Show<'_>) {
    let open: HashMap<SpanKey, SpanText> = SPANS.all().filter_map(TextSlot::read).collect();
    for (task, mut spans) in TASKS.all().filter_map(TaskSlot::read) {
        if let Some(span) = spans.find_map(|span| open.get(&span)) {
            let fields: Vec<_> = span.fields().collect();
            show(task, span.name(), &fields);
        }
    }
}
