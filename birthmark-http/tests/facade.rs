//! Metrics through the facade, in a real recorder.

use birthmark_test_support as _;

mod support;

use birthmark_http::publish_metrics;
use metrics::{SharedString, Unit};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use metrics_util::{CompositeKey, MetricKind};
use support::lasting;

type Recorded = Vec<(CompositeKey, Option<Unit>, Option<SharedString>, DebugValue)>;

/// The value of a metric of the tasks that last.
fn value<'r>(recorded: &'r Recorded, kind: MetricKind, name: &str) -> &'r DebugValue {
    let mut found = recorded.iter().filter(|(key, ..)| {
        let labels: Vec<_> = key.key().labels().map(|label| label.value()).collect();
        (key.kind(), key.key().name()) == (kind, name)
            && labels == ["facade::support", "lasting::{async}", "future"]
    });
    let (_, _, description, value) = found.next().unwrap_or_else(|| panic!("no {name}"));
    assert!(description.is_some(), "{name} is described");
    assert!(found.next().is_none(), "{name} is there once");
    value
}

#[test]
fn facade_gets_the_same_numbers() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().unwrap();
    let rule = "role=nobody&older=1h";
    birthmark::add_rule(rule, birthmark::Action::log()).unwrap();
    let mut held = lasting(3);
    for live in [3, 1] {
        held.truncate(live);
        publish_metrics();
        let recorded = snapshotter.snapshot().into_vec();
        let (gauge, counter) = ("birthmark_tasks", "birthmark_tasks_spawned_total");
        let gauge = value(&recorded, MetricKind::Gauge, gauge);
        assert_eq!(*gauge, DebugValue::Gauge((live as f64).into()));
        let counter = value(&recorded, MetricKind::Counter, counter);
        assert_eq!(*counter, DebugValue::Counter(3));
        for (kind, name, expected) in [
            (MetricKind::Counter, "fired_total", DebugValue::Counter(0)),
            (
                MetricKind::Counter,
                "suppressed_total",
                DebugValue::Counter(0),
            ),
            (MetricKind::Gauge, "active", DebugValue::Gauge(0.0.into())),
        ] {
            let name = format!("birthmark_rule_{name}");
            let found = recorded.iter().find(|(key, ..)| {
                let labels: Vec<_> = key
                    .key()
                    .labels()
                    .map(|it| (it.key(), it.value()))
                    .collect();
                (key.kind(), key.key().name()) == (kind, &*name) && labels == [("rule", rule)]
            });
            let (_, _, description, value) = found.unwrap_or_else(|| panic!("no {name}"));
            assert!(description.is_some(), "{name} is described");
            assert_eq!(*value, expected, "{name}");
        }
    }
}
