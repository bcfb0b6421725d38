//! fastrace: a span for each task, below the span of its spawner.

use birthmark::extension::Identity;
use birthmark::{HookHandle, Spawn};
use fastrace::Span;

/// Makes a span for each task whose spawner is in a span. The span ends with the task, and spans in the task are below
/// it.
#[must_use = "the hook is removed when its handle is dropped"]
pub fn add_spans() -> HookHandle {
    birthmark::add_hook(|spawn: &mut Spawn<'_>| {
        let task = Identity::of(spawn);
        let span = Span::enter_with_local_parent(spawn.role())
            .with_properties(|| [("task.id", task.id().to_string())]);
        spawn.enter_with(move || span.set_local_parent());
    })
}
