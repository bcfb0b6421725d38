//! The spawn hook: it gives each child what its spawner's span is to it.

use birthmark::extension::{Carry, CarryRules};
use birthmark::{Attachment, Exceeded, Loan, Outcome, Refusal, Spawn, SpawnHook, TaskRef};
use tracing::dispatcher::{self, DefaultGuard, Dispatch};
use tracing::{Level, Span};

use crate::deadlines;
use crate::open_spans::{self, TaskEntry};
use crate::refusals;
use crate::scoped::scoped_dispatcher;
use crate::task_span::{Place, TaskSpan};

/// The hook that [`install`](crate::install) adds.
#[derive(Debug)]
pub(crate) struct CarryHook {
    pub(crate) rules: CarryRules,
    /// The level of a span for each task, if the program wants one.
    pub(crate) task_spans: Option<Level>,
    pub(crate) refusals: bool,
    pub(crate) deadlines: bool,
}

/// The level of the root span of a task that follows from its spawner's span.
const FOLLOWING: Level = Level::INFO;

impl SpawnHook for CarryHook {
    fn on_spawn(&self, spawn: &mut Spawn<'_>) {
        let carried = self.carried(spawn);
        if !carried.is_empty() {
            spawn.attach(carried);
        }
    }

    /// The closure belongs to the task, so it is in the span that the task is in, whatever the rules are.
    fn on_loan(&self, loan: &mut Loan<'_>) {
        let carried = Carried {
            dispatch: scoped_dispatcher(),
            guard: None,
            entry: None,
            span: TaskSpanOrOuter::Outer(Span::current()),
        };
        if !carried.is_empty() {
            loan.attach(carried);
        }
    }

    fn on_refusal(&self, _task: &TaskRef<'_>, refusal: &Refusal) {
        if self.refusals {
            refusals::emit(refusal);
        }
    }

    fn on_exceeded(&self, exceeded: &Exceeded) {
        if self.deadlines {
            deadlines::emit(exceeded);
        }
    }

    fn wants_lifecycle(&self) -> bool {
        false
    }
}

impl CarryHook {
    fn carried(&self, spawn: &Spawn<'_>) -> Carried {
        let current = Span::current();
        let span = match self.rules.decide(spawn) {
            Carry::Child => self.child(spawn, current),
            Carry::FollowsFrom => self.following(spawn, current),
            Carry::Off => TaskSpanOrOuter::Outer(Span::none()),
        };
        Carried {
            dispatch: scoped_dispatcher(),
            guard: None,
            entry: open_spans::entry_of(spawn),
            span,
        }
    }

    fn child(&self, spawn: &Spawn<'_>, current: Span) -> TaskSpanOrOuter {
        let own = |level| TaskSpan::new(spawn, level, &Place::Child);
        match self.task_spans.and_then(own) {
            Some(span) => TaskSpanOrOuter::Own(span),
            None => TaskSpanOrOuter::Outer(current),
        }
    }

    /// Without a span to follow from, only a program that wants a span for each task gets one.
    fn following(&self, spawn: &Spawn<'_>, current: Span) -> TaskSpanOrOuter {
        let level = match current.is_none() {
            true => self.task_spans,
            false => Some(self.task_spans.unwrap_or(FOLLOWING)),
        };
        let own = |level| TaskSpan::new(spawn, level, &Place::Follows(current));
        match level.and_then(own) {
            Some(span) => TaskSpanOrOuter::Own(span),
            None => TaskSpanOrOuter::Outer(Span::none()),
        }
    }
}

/// All that a child gets. Its fields are entered in their order, and left in the reverse one.
struct Carried {
    /// The spawner's dispatcher, if it is scoped to a thread.
    dispatch: Option<Dispatch>,
    guard: Option<DefaultGuard>,
    /// Where dumps find the span that the task is in.
    entry: Option<TaskEntry>,
    span: TaskSpanOrOuter,
}

/// The span that a child runs in.
enum TaskSpanOrOuter {
    Own(TaskSpan),
    Outer(Span),
}

impl TaskSpanOrOuter {
    fn span(&self) -> &Span {
        match self {
            TaskSpanOrOuter::Own(own) => &own.span,
            TaskSpanOrOuter::Outer(span) => span,
        }
    }
}

impl Carried {
    fn is_empty(&self) -> bool {
        self.dispatch.is_none() && self.entry.is_none() && self.span.span().is_none()
    }
}

impl Attachment for Carried {
    fn enter(&mut self) {
        self.guard = self.dispatch.as_ref().map(dispatcher::set_default);
        if let Some(entry) = &mut self.entry {
            entry.enter();
        }
        if let TaskSpanOrOuter::Own(own) = &mut self.span {
            own.enter();
        }
        let span = self.span.span();
        span.with_subscriber(|(id, dispatch)| dispatch.enter(id));
    }

    fn exit(&mut self) {
        let span = self.span.span();
        span.with_subscriber(|(id, dispatch)| dispatch.exit(id));
        if let TaskSpanOrOuter::Own(own) = &mut self.span {
            own.exit();
        }
        if let Some(entry) = &mut self.entry {
            entry.exit();
        }
        self.guard = None;
    }

    fn end(&mut self, task: &TaskRef<'_>, outcome: Outcome) {
        if let TaskSpanOrOuter::Own(own) = &self.span {
            own.end(task, outcome);
        }
    }
}
