//! Metrics, read by Prometheus' own tool.

use birthmark_test_support as _;

mod support;

use std::io::Write;
use std::process::{Command, Stdio};

use support::{client, get, header, lasting, serve, spawn};

/// An executor of which the attribute sees but the call.
struct Pool;

impl Pool {
    fn spawn<T>(&self, task: T) -> T {
        task
    }
}

/// The source does not show what it is that is spawned here.
#[birthmark::instrument]
mod of_unknown_kind {
    use super::Pool;
    use super::support::Held;

    pub fn found() -> Held {
        let task = std::future::pending();
        Box::pin(Pool.spawn(task))
    }
}

#[test]
fn kind_is_that_of_the_tasks() {
    let server = serve();
    let held = of_unknown_kind::found();
    let sites = birthmark::sites();
    let mut here = sites
        .iter()
        .filter(|stats| stats.site.function() == "found");
    let site = here.next().unwrap().site;
    assert_eq!(site.kind(), birthmark::Kind::Unknown);
    let text = || get(&server, "metrics").text().unwrap();
    let alive = text();
    let shown = |text: &str, count: u32| {
        let lines = text.lines().filter(|line| line.contains(site.role()));
        let kinds = lines
            .clone()
            .filter(|line| line.contains("kind=\"future\""));
        assert_eq!(lines.count(), kinds.count(), "{text}");
        assert!(
            text.contains(&format!("kind=\"future\"}} {count}\n")),
            "{text}"
        );
    };
    shown(&alive, 1);
    drop(held);
    shown(&text(), 0);
}

#[birthmark::instrument]
fn ends_in_each_way() {
    use std::thread::Builder;
    Builder::new().spawn(|| ()).unwrap().join().unwrap();
    Builder::new()
        .spawn(|| panic!("on purpose"))
        .unwrap()
        .join()
        .unwrap_err();
    drop(spawn(async {}));
}

/// Functions of the same name in three modules.
mod same_name {
    macro_rules! module {
        ($name:ident) => {
            #[birthmark::instrument]
            pub mod $name {
                use crate::support::{Held, spawn};

                async fn run() {
                    std::future::pending().await
                }

                pub fn start() -> Held {
                    Box::pin(spawn(run()))
                }
            }
        };
    }
    module!(first);
    module!(second);
    module!(third);
}

#[test]
fn tasks_of_one_name_in_three_modules_are_three_series() {
    use same_name::{first, second, third};
    let server = serve();
    let _held = [
        first::start(),
        second::start(),
        second::start(),
        third::start(),
    ];
    let text = get(&server, "metrics").text().unwrap();
    assert_eq!(lint(&text), "", "{text}");
    for (module, count) in [("first", 1), ("second", 2), ("third", 1)] {
        let line = format!(
            "\nbirthmark_tasks{{module=\"metrics::same_name::{module}\",role=\"run\",kind=\"future\"}} {count}\n"
        );
        assert!(text.contains(&line), "{line} is not in\n{text}");
    }
}

/// Returns the complaints of Prometheus' linter about a text.
fn lint(text: &str) -> String {
    let mut tool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool runs; on Debian it is in the package prometheus");
    tool.stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = tool.wait_with_output().unwrap();
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn linter_of_prometheus_has_no_complaints() {
    let server = serve();
    let held = lasting(7);
    birthmark::set_name("a name that must not be a label");
    ends_in_each_way();
    let response = get(&server, "metrics");
    let media_type = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(header(&response, "content-type"), media_type);
    let text = response.text().unwrap();
    assert_eq!(lint(&text), "", "{text}");
    assert_ne!(lint("birthmark_tasks 1\n# nonsense"), "", "the tool looks");
    assert!(!text.contains("must not be a label"), "{text}");
    for line in [
        "birthmark_tasks{module=\"metrics::support\",role=\"lasting::{async}\",kind=\"future\"} 7",
        "birthmark_tasks_spawned_total{module=\"metrics::support\",role=\"lasting::{async}\",kind=\"future\"} 7",
        "birthmark_tasks_ended_total{module=\"metrics\",role=\"ends_in_each_way::{closure}\",kind=\"thread\",outcome=\"completed\"} 1",
        "birthmark_tasks_ended_total{module=\"metrics\",role=\"ends_in_each_way::{closure}\",kind=\"thread\",outcome=\"panicked\"} 1",
        "birthmark_tasks_ended_total{module=\"metrics\",role=\"ends_in_each_way::{async}\",kind=\"future\",outcome=\"cancelled\"} 1",
        "birthmark_enabled 1",
    ] {
        assert!(
            text.contains(&format!("\n{line}\n")),
            "{line} is not in\n{text}"
        );
    }
    let age = "\nbirthmark_oldest_task_age_seconds{module=\"metrics::support\",role=\"lasting::{async}\",kind=\"future\"} ";
    assert!(text.contains(age), "{text}");
    let usual = format!("http://{}/metrics", server.local_addr());
    assert_eq!(client().get(usual).send().unwrap().status(), 200);
    drop(held);
}

#[test]
fn each_rule_has_counters() {
    let server = serve();
    let rule = "role=\"nobody\"&older=1h";
    birthmark::add_rule(rule, birthmark::Action::log()).unwrap();
    let text = get(&server, "metrics").text().unwrap();
    for metric in ["fired_total", "suppressed_total", "active"] {
        let line = format!("birthmark_rule_{metric}{{rule=\"role=\\\"nobody\\\"&older=1h\"}} 0\n");
        assert!(text.contains(&line), "{text}");
    }
}
