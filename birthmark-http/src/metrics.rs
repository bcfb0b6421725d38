//! Counts by module, role and kind, as [Prometheus](https://prometheus.io/docs/instrumenting/exposition_formats/)
//! reads them. Names never become labels, and so many roles at most; see `totals.rs`.

#[cfg(feature = "metrics")]
mod facade;
mod totals;

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use birthmark::{Delays, RuleStats};
#[cfg(feature = "metrics")]
pub use facade::publish_metrics;
use totals::{Series, Totals, totals};

const VERSION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A metric of a series. Its values are of tasks.
struct Metric {
    name: &'static str,
    help: &'static str,
    is_counter: bool,
    values: fn(&Totals, &mut Give<'_>),
}

/// Takes a value, with its outcome where that is a label.
type Give<'a> = dyn FnMut(Option<&'static str>, f64) + 'a;

const METRICS: &[Metric] = &[
    Metric {
        name: "birthmark_tasks",
        help: "Tasks that are alive.",
        is_counter: false,
        values: |totals, give| give(None, totals.live as f64),
    },
    Metric {
        name: "birthmark_oldest_task_age_seconds",
        help: "How long ago the oldest task that is alive was spawned.",
        is_counter: false,
        values: |totals, give| {
            if let Some(oldest) = totals.max_age {
                give(None, oldest.as_secs_f64());
            }
        },
    },
    Metric {
        name: "birthmark_tasks_spawned_total",
        help: "Tasks that were spawned.",
        is_counter: true,
        values: |totals, give| give(None, totals.spawned as f64),
    },
    Metric {
        name: "birthmark_tasks_ended_total",
        help: "Tasks that have ended, by how.",
        is_counter: true,
        values: |totals, give| {
            give(Some("completed"), totals.completed as f64);
            give(Some("panicked"), totals.panicked as f64);
            give(Some("cancelled"), totals.cancelled as f64);
        },
    },
    Metric {
        name: "birthmark_tasks_refused_total",
        help: "Tasks that a hook has refused.",
        is_counter: true,
        values: |totals, give| give(None, totals.refused as f64),
    },
];

/// The histogram of the times between wakes and polls, if they are measured.
const DELAY: (&str, &str) = (
    "birthmark_scheduling_delay_seconds",
    "Time from the first wake of a task since its last poll to the next poll.",
);

/// The longest of these times.
const LONGEST_DELAY: (&str, &str) = (
    "birthmark_longest_scheduling_delay_seconds",
    "Longest time from the first wake of a task since its last poll to the next poll.",
);

/// A metric of the rules.
struct RuleMetric {
    name: &'static str,
    help: &'static str,
    is_counter: bool,
    value: fn(&RuleStats) -> u64,
}

const RULE_METRICS: &[RuleMetric] = &[
    RuleMetric {
        name: "birthmark_rule_fired_total",
        help: "How often a rule began to hold and was reported.",
        is_counter: true,
        value: |rule| rule.fired,
    },
    RuleMetric {
        name: "birthmark_rule_suppressed_total",
        help: "Tasks, groups and calls of a rule that have no report of their own.",
        is_counter: true,
        value: |rule| rule.suppressed,
    },
    RuleMetric {
        name: "birthmark_rule_active",
        help: "Tasks, groups and findings for which a rule holds.",
        is_counter: false,
        value: |rule| rule.active,
    },
];

/// Returns the rules, each condition once. A series has one value, and a condition may have several rules.
fn rules() -> Vec<RuleStats> {
    let mut all: Vec<RuleStats> = Vec::new();
    for rule in birthmark::rules() {
        match all.iter_mut().find(|known| known.rule == rule.rule) {
            Some(known) => {
                known.fired += rule.fired;
                known.suppressed += rule.suppressed;
                known.active += rule.active;
            }
            None => all.push(rule),
        }
    }
    all
}

/// The metric that shows if recording is enabled. While it is not, the other numbers do not change.
const ENABLED: (&str, &str) = (
    "birthmark_enabled",
    "Whether spawns are recorded: 1, or 0 while birthmark is off.",
);

pub(crate) async fn answer() -> Response {
    ([(CONTENT_TYPE, VERSION)], text()).into_response()
}

fn text() -> String {
    let totals = totals();
    let mut out = String::new();
    for metric in METRICS {
        push_head(&mut out, metric.name, metric.help, kind(metric.is_counter));
        for (series, totals) in &totals {
            (metric.values)(totals, &mut |outcome, value| {
                let labels = Labels {
                    series: *series,
                    more: outcome.map(|outcome| ("outcome", outcome)),
                };
                push(&mut out, format_args!("{}{labels} {value}\n", metric.name));
            });
        }
    }
    push_delays(&mut out, &totals);
    let rules = rules();
    for metric in RULE_METRICS.iter().filter(|_| !rules.is_empty()) {
        push_head(&mut out, metric.name, metric.help, kind(metric.is_counter));
        for rule in &rules {
            let (text, value) = (escaped(&rule.rule), (metric.value)(rule));
            push(
                &mut out,
                format_args!("{}{{rule=\"{text}\"}} {value}\n", metric.name),
            );
        }
    }
    push_head(&mut out, ENABLED.0, ENABLED.1, kind(false));
    let enabled = u8::from(birthmark::is_enabled());
    push(&mut out, format_args!("{} {enabled}\n", ENABLED.0));
    out
}

/// Appends the delays of each series that has some.
fn push_delays(out: &mut String, totals: &BTreeMap<Series, Totals>) {
    let with_delays = totals
        .iter()
        .filter_map(|(series, totals)| Some((*series, totals.delays.as_ref()?)));
    let all: Vec<(Series, &Delays)> = with_delays.collect();
    if all.is_empty() {
        return;
    }
    let (name, help) = DELAY;
    push_head(out, name, help, "histogram");
    for &(series, delays) in &all {
        let bounds = delays.cumulative();
        let bounds = bounds.map(|(bound, count)| (bound.as_secs_f64().to_string(), count));
        for (bound, count) in bounds.chain([("+Inf".to_owned(), delays.count())]) {
            let more = Some(("le", bound.as_str()));
            let labels = Labels { series, more };
            push(out, format_args!("{name}_bucket{labels} {count}\n"));
        }
        let (labels, sum) = (Labels { series, more: None }, delays.sum().as_secs_f64());
        push(out, format_args!("{name}_sum{labels} {sum}\n"));
        push(
            out,
            format_args!("{name}_count{labels} {}\n", delays.count()),
        );
    }
    let (name, help) = LONGEST_DELAY;
    push_head(out, name, help, kind(false));
    for &(series, delays) in &all {
        let (labels, longest) = (Labels { series, more: None }, delays.longest());
        push(
            out,
            format_args!("{name}{labels} {}\n", longest.as_secs_f64()),
        );
    }
}

fn kind(is_counter: bool) -> &'static str {
    match is_counter {
        true => "counter",
        false => "gauge",
    }
}

fn push_head(out: &mut String, name: &str, help: &str, kind: &str) {
    push(
        out,
        format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"),
    );
}

fn push(out: &mut String, what: fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = out.write_fmt(what);
}

/// Displays `{module="app::jobs",role="audit",kind="future"}`.
struct Labels<'a> {
    series: Series,
    /// One more label and its value, which needs no escapes.
    more: Option<(&'a str, &'a str)>,
}

impl fmt::Display for Labels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Series { place, kind } = self.series;
        let (module, role) = (escaped(place.module), escaped(place.role));
        write!(f, "{{module=\"{module}\",role=\"{role}\",kind=\"{kind}\"")?;
        if let Some((label, value)) = self.more {
            write!(f, ",{label}=\"{value}\"")?;
        }
        f.write_str("}")
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use birthmark::Kind;

    use super::totals::Place;
    use super::*;

    #[test]
    fn labels_hold_any_text() {
        let labels = Labels {
            series: Series {
                place: Place {
                    module: "a::\"b\"",
                    role: "a\"b\\c\nd",
                },
                kind: Kind::Future,
            },
            more: Some(("outcome", "completed")),
        };
        let expected = r#"{module="a::\"b\"",role="a\"b\\c\nd",kind="future",outcome="completed"}"#;
        assert_eq!(labels.to_string(), expected);
    }
}
