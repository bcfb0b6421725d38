//! sentry: a hub for each task, and the task in each event.

use std::sync::Arc;

use birthmark::extension::{Identity, current_task};
use birthmark::{HookHandle, Spawn};
use sentry_core::protocol::Event;
use sentry_core::{Hub, HubSwitchGuard};

/// Gives each child a hub of its own, with the scope that its spawner had. Tags and breadcrumbs that the child adds do
/// not reach its spawner or its siblings.
#[must_use = "the hook is removed when its handle is dropped"]
pub fn add_hubs() -> HookHandle {
    birthmark::add_hook(|spawn: &mut Spawn<'_>| {
        let hub = Arc::new(Hub::new_from_top(Hub::current()));
        spawn.enter_with(move || HubSwitchGuard::new(hub.clone()));
    })
}

/// Adds the task that captures an event: its id, name, role, labels and lineage. For `ClientOptions::before_send`.
#[must_use]
pub fn with_task(mut event: Event<'static>) -> Option<Event<'static>> {
    if let Some(task) = Identity::current() {
        let tags = &mut event.tags;
        tags.insert("task.id".to_owned(), task.id().to_string());
        tags.insert("task.role".to_owned(), task.role().into_owned());
        tags.extend(task.name().map(|name| ("task.name".to_owned(), name)));
        for label in &task.labels() {
            let key = format!("task.label.{}", label.key());
            tags.insert(key, label.value().to_owned());
        }
    }
    let lineage = current_task().map(|task| task.lineage().to_string());
    let lineage = lineage.map(|lineage| ("task.lineage".to_owned(), lineage.into()));
    event.extra.extend(lineage);
    Some(event)
}
