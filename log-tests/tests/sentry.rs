//! Each task has a hub with the scope of its spawner, and events have the task. getsentry/sentry-rust#507 is of this
//! kind: a spawned task has the hub of its thread, and not that of its spawner.

use std::sync::Arc;

use birthmark_log_tests::sentry::{add_hubs, with_task};
use birthmark_test_support as _;
use sentry_core::test::with_captured_events_options;
use sentry_core::{ClientOptions, Hub, Level, capture_message, configure_scope};

fn options() -> ClientOptions {
    ClientOptions {
        before_send: Some(Arc::new(with_task)),
        ..ClientOptions::default()
    }
}

#[birthmark::instrument]
#[test]
fn event_of_a_task_has_the_scope_of_its_spawner_and_the_task() {
    async fn child() {
        birthmark::set_name("req-7");
        birthmark::set_label("tenant", "acme");
        tokio::task::yield_now().await;
        configure_scope(|scope| scope.set_tag("of", "child"));
        capture_message("in the child", Level::Info);
    }
    let _hubs = add_hubs();
    let events = with_captured_events_options(
        || {
            configure_scope(|scope| scope.set_tag("request", "7"));
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .build();
            // The worker threads have hubs of their own.
            let task = runtime.as_ref().unwrap().spawn(child());
            runtime.unwrap().block_on(task).unwrap();
            std::thread::spawn(|| capture_message("in a thread", Level::Info))
                .join()
                .unwrap();
            capture_message("in the spawner", Level::Info);
        },
        options(),
    );
    let [child, thread, spawner] = &events[..] else {
        panic!("{events:?}");
    };
    let tag = |key: &str| child.tags.get(key).map(String::as_str);
    assert_eq!(tag("request"), Some("7"));
    assert_eq!(tag("of"), Some("child"));
    assert_eq!(tag("task.role"), Some("child"));
    assert_eq!(tag("task.name"), Some("req-7"));
    assert_eq!(tag("task.label.tenant"), Some("acme"));
    assert!(child.extra.contains_key("task.lineage"));
    assert_eq!(thread.tags.get("request").map(String::as_str), Some("7"));
    assert_eq!(thread.tags.get("of"), None, "the hub of a sibling");
    assert_eq!(spawner.tags.get("of"), None, "the hub of the spawner");
    drop(Hub::current());
}
