//! The spawn hook: it attaches a context in each child.

use birthmark::extension::{Carry, CarryRules, Identity, remaining_ms};
use birthmark::{Attachment, Loan, Outcome, Spawn, SpawnHook, TaskRef};
use opentelemetry::trace::{Link, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, global};

/// The hook that [`install`](crate::install) adds.
#[derive(Debug)]
pub(crate) struct ContextHook {
    pub(crate) rules: CarryRules,
}

impl SpawnHook for ContextHook {
    fn on_spawn(&self, spawn: &mut Spawn<'_>) {
        let context = match self.rules.decide(spawn) {
            Carry::Child => Context::current(),
            Carry::FollowsFrom => following(spawn),
            Carry::Off => return,
        };
        spawn.enter_with(move || context.clone().attach());
    }

    fn on_loan(&self, loan: &mut Loan<'_>) {
        let context = Context::current();
        loan.enter_with(move || context.clone().attach());
    }

    fn wants_lifecycle(&self) -> bool {
        false
    }
}

/// Returns a context without the baggage of the spawner. If the spawner is in a span, the context has a root span with
/// a link to it, which ends with the task.
fn following(spawn: &mut Spawn<'_>) -> Context {
    let spawner = Context::map_current(|context| context.span().span_context().clone());
    if !spawner.is_valid() {
        return Context::new();
    }
    let tracer = global::tracer("birthmark");
    let builder = tracer
        .span_builder(spawn.role())
        .with_links(vec![Link::with_context(spawner)])
        .with_attributes(attributes(
            &Identity::of(spawn),
            remaining_ms().filter(|_| !spawn.is_root()),
        ));
    let span = tracer.build_with_context(builder, &Context::new());
    let context = Context::new().with_span(span);
    spawn.attach(EndsSpan(context.clone()));
    context
}

/// Ends the span of a context with the task.
struct EndsSpan(Context);

impl Attachment for EndsSpan {
    fn enter(&mut self) {}

    fn exit(&mut self) {}

    fn end(&mut self, _task: &TaskRef<'_>, outcome: Outcome) {
        let span = self.0.span();
        span.set_attribute(KeyValue::new("task.outcome", outcome.to_string()));
        span.end();
    }
}

/// Returns the fields of a task as attributes.
pub(crate) fn attributes(task: &Identity, remaining_ms: Option<i64>) -> Vec<KeyValue> {
    let id = i64::try_from(task.id().as_u64()).unwrap_or(i64::MAX);
    let mut attributes = vec![
        KeyValue::new("task.id", id),
        KeyValue::new("task.role", task.role()),
    ];
    if let Some(name) = task.name() {
        attributes.push(KeyValue::new("task.name", name));
    }
    if let Some(remaining) = remaining_ms {
        attributes.push(KeyValue::new("task.remaining_ms", remaining));
    }
    attributes
}
