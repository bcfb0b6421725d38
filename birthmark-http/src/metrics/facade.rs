//! The numbers of `/metrics` for the recorder that the program has installed.

use metrics::{Label, SharedString};

use super::{ENABLED, LONGEST_DELAY, METRICS, RULE_METRICS, Series, rules, totals};

/// Passes the numbers of `/metrics` to the recorder of the [`metrics`] crate.
///
/// The numbers are those of the moment. A program calls this function before each scrape, or every few seconds.
///
/// # Examples
///
/// ```
/// std::thread::spawn(|| {
///     loop {
///         birthmark_http::publish_metrics();
///         std::thread::sleep(std::time::Duration::from_secs(5));
///     }
/// });
/// ```
pub fn publish_metrics() {
    let totals = totals();
    for metric in METRICS {
        describe(metric.name, metric.help, metric.is_counter);
        for (series, totals) in &totals {
            (metric.values)(totals, &mut |outcome, value| {
                let mut labels = labels(series);
                labels.extend(outcome.map(|outcome| Label::from_static_parts("outcome", outcome)));
                if metric.is_counter {
                    metrics::counter!(metric.name, labels).absolute(value as u64);
                } else {
                    metrics::gauge!(metric.name, labels).set(value);
                }
            });
        }
    }
    let delayed = totals.iter().filter(|(_, totals)| totals.delays.is_some());
    for (index, (series, totals)) in delayed.enumerate() {
        if index == 0 {
            describe(LONGEST_DELAY.0, LONGEST_DELAY.1, false);
        }
        let longest = totals.delays.as_ref().map(|delays| delays.longest());
        let longest = longest.unwrap_or_default().as_secs_f64();
        metrics::gauge!(LONGEST_DELAY.0, labels(series)).set(longest);
    }
    let rules = rules();
    for metric in RULE_METRICS.iter().filter(|_| !rules.is_empty()) {
        describe(metric.name, metric.help, metric.is_counter);
        for rule in &rules {
            let labels = vec![Label::new("rule", rule.rule.to_string())];
            let value = (metric.value)(rule);
            if metric.is_counter {
                metrics::counter!(metric.name, labels).absolute(value);
            } else {
                metrics::gauge!(metric.name, labels).set(value as f64);
            }
        }
    }
    describe(ENABLED.0, ENABLED.1, false);
    metrics::gauge!(ENABLED.0).set(f64::from(u8::from(birthmark::is_enabled())));
}

fn labels(series: &Series) -> Vec<Label> {
    vec![
        Label::from_static_parts("module", series.place.module),
        Label::from_static_parts("role", series.place.role),
        Label::from_static_parts("kind", series.kind.as_str()),
    ]
}

fn describe(name: &'static str, help: &'static str, is_counter: bool) {
    let help = SharedString::const_str(help);
    if is_counter {
        metrics::describe_counter!(name, help);
    } else {
        metrics::describe_gauge!(name, help);
    }
}
