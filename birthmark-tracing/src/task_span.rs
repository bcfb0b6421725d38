//! A span for a task, from its spawn to its end.

use std::time::{Duration, Instant};

use birthmark::extension::{Identity, remaining_ms};
use birthmark::{Outcome, Spawn, TaskRef};
use tracing::field::{Empty, Value};
use tracing::{Level, Span, field};
use tracing_core::callsite::Callsite;

use crate::callsite::TaskCallsite;

/// The span of a task, and the time that the task has spent in polls or calls.
#[derive(Debug)]
pub(crate) struct TaskSpan {
    pub(crate) span: Span,
    spawned: Instant,
    entered: Option<Instant>,
    busy: Duration,
}

/// The place of a new span among others.
pub(crate) enum Place {
    /// Below the current span.
    Child,
    /// A root that follows from a span.
    Follows(Span),
}

impl TaskSpan {
    /// Makes the span of a task. Returns `None` if the subscriber does not take it.
    pub(crate) fn new(spawn: &Spawn<'_>, level: Level, place: &Place) -> Option<Self> {
        let callsite = TaskCallsite::of(spawn.site(), level);
        if !callsite.is_enabled() {
            return None;
        }
        Some(TaskSpan {
            span: make(callsite, spawn, place),
            spawned: Instant::now(),
            entered: None,
            busy: Duration::ZERO,
        })
    }

    pub(crate) fn enter(&mut self) {
        self.entered = Some(Instant::now());
    }

    pub(crate) fn exit(&mut self) {
        if let Some(entered) = self.entered.take() {
            self.busy += entered.elapsed();
        }
    }

    /// Records how the task has ended.
    pub(crate) fn end(&self, task: &TaskRef<'_>, outcome: Outcome) {
        let idle = self.spawned.elapsed().saturating_sub(self.busy);
        self.span.record("task.outcome", field::display(outcome));
        self.span.record("task.polls", task.polls());
        self.span.record("task.busy_ns", nanoseconds(self.busy));
        self.span.record("task.idle_ns", nanoseconds(idle));
    }
}

fn make(callsite: &'static TaskCallsite, spawn: &Spawn<'_>, place: &Place) -> Span {
    let metadata = callsite.metadata();
    let fields = metadata.fields();
    let id = spawn.id().as_u64();
    let name = Identity::of(spawn).name();
    // The child inherits the deadline of its spawner, which is the current task.
    let remaining = remaining_ms().filter(|_| !spawn.is_root());
    let values: [Option<&dyn Value>; 7] = [
        Some(&id),
        name.as_ref().map(|name| name as &dyn Value),
        remaining.as_ref().map(|left| left as &dyn Value),
        Some(&Empty),
        Some(&Empty),
        Some(&Empty),
        Some(&Empty),
    ];
    let mut names = fields.iter();
    let values = values.map(|value| (names.next().expect("a value for each field"), value));
    let values = values.each_ref().map(|(field, value)| (field, *value));
    let values = fields.value_set(&values);
    match place {
        Place::Child => Span::new(metadata, &values),
        Place::Follows(from) => {
            let span = Span::new_root(metadata, &values);
            span.follows_from(from.id());
            span
        }
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
