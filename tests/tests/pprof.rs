//! Dumps as profiles, opened by the real `go tool pprof`.

use std::future::pending;
use std::path::PathBuf;
use std::process::Command;

use birthmark::render::Format;
use birthmark::{Dump, Filter};
use birthmark_integration_tests::{Held, own_id, spawn, start};

fn profile(dump: &Dump, name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut file = std::fs::File::create(&path).unwrap();
    dump.write(Format::Pprof, &mut file).unwrap();
    path
}

/// Returns the output of `go tool pprof`, without its heading.
#[track_caller]
fn pprof(profile: &PathBuf, options: &[&str]) -> String {
    let mut go = Command::new("go");
    go.args(["tool", "pprof"]).args(options).arg(profile);
    let output = go.output().expect("go is installed: see .ci/run");
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    // "Main binary filename not available." is said of any profile without mappings.
    assert!(!errors.contains("error"), "{errors}");
    text
}

/// The words of the lines, so that the width of columns does not matter.
fn rows(text: &str) -> Vec<String> {
    let row = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().map(row).collect()
}

#[birthmark::instrument]
mod profiles {
    use super::*;

    async fn profiled_wait() {
        pending().await
    }

    async fn profiled_other() {
        pending().await
    }

    fn family() -> Vec<Held> {
        let handler = spawn(|| {
            birthmark::set_name("tenant \"7\"\n\u{1b}[31m");
            let mut held: Vec<Held> = Vec::new();
            held.extend((0..3).map(|_| start(Box::pin(spawn(profiled_wait())))));
            held.push(Box::pin(spawn(profiled_other())));
            held.push(Box::pin(spawn(
                birthmark::named!("own" => profiled_other()),
            )));
            held
        });
        handler()
    }

    #[test]
    fn go_reads_them() {
        let held = family();
        let filter = Filter::new().role("profiled_*").under(own_id());
        let dump = birthmark::dump().filter(&filter);
        assert_eq!(dump.len(), 5);
        let path = profile(&dump, "go_reads_them.pb.gz");

        let top = rows(&pprof(&path, &["-top"]));
        let start = top
            .iter()
            .position(|row| row.starts_with("flat flat%"))
            .unwrap();
        // Innermost is what is awaited; of a task that has not started, the task.
        assert_eq!(top[start + 1], "3 60.00% 60.00% 3 60.00% pending");
        assert_eq!(
            top[start + 2],
            "2 40.00% 100% 2 40.00% pprof::profiles::profiled_other"
        );
        assert!(
            top.contains(&"0 0% 100% 3 60.00% profiled_wait".to_owned()),
            "{top:#?}"
        );
        // The lineage is below it.
        assert!(
            top.iter()
                .any(|row| row.ends_with("5 100% pprof::profiles::family::{closure}")),
            "{top:#?}"
        );
        assert!(
            top.iter().any(|row| row.starts_with("Type: tasks")),
            "{top:#?}"
        );

        let tags = pprof(&path, &["-tags"]);
        for tag in [
            "state: Total",
            "3.0 (60.00%): suspended",
            "2.0 (40.00%): created",
            "kind: Total",
            "5.0 (  100%): future",
            "name: Total",
            "1.0 (20.00%): own",
        ] {
            assert!(tags.contains(tag), "{tag}\n{tags}");
        }
        assert!(tags.contains(r#"tenant \"7\"\n\u{1b}[31m"#), "{tags}");
        assert!(!tags.contains('\u{1b}'));

        let focused = rows(&pprof(&path, &["-top", "-tagfocus=state=created"]));
        assert!(
            !focused.iter().any(|row| row.contains("profiled_wait")),
            "{focused:#?}"
        );

        let raw = pprof(&path, &["-raw"]);
        assert!(raw.contains("tests/tests/pprof.rs:"), "{raw}");
        assert!(
            raw.contains(&format!("tasks selected by {filter}")),
            "{raw}"
        );
        drop(held);
    }

    async fn profiled_tenant() {
        pending().await
    }

    #[test]
    fn labels_are_labels() {
        let labelled = |key: &str, value: &str| {
            birthmark::with_label(key, value, || Box::pin(spawn(profiled_tenant())) as Held)
        };
        let held = [
            labelled("tenant", "acme"),
            labelled("tenant", "acme"),
            labelled("tenant", "be\u{1b}ta"),
            labelled("state", "my own"),
            labelled("label.state", "another"),
        ];
        let dump = birthmark::dump().filter(&Filter::new().role("profiled_tenant"));
        let path = profile(&dump, "labels_are_labels.pb.gz");
        let tags = pprof(&path, &["-tags"]);
        for tag in [
            "tenant: Total",
            "2.0 (66.67%): acme",
            r"1.0 (33.33%): be\u{1b}ta",
            " state: Total",
            "5.0 (  100%): created",
            "label.state: Total",
            "): my own",
            "label.label.state: Total",
        ] {
            assert!(tags.contains(tag), "{tag}\n{tags}");
        }
        let focused = pprof(&path, &["-top", "-tagfocus=tenant=acme"]);
        assert!(focused.contains("of 5 total"), "{focused}");
        assert!(
            rows(&focused)
                .iter()
                .any(|row| row.starts_with("2 40.00%") && row.ends_with("profiled_tenant")),
            "{focused}"
        );
        drop(held);
    }

    async fn profiled_outer() {
        profiled_inner().await;
    }

    async fn profiled_inner() {
        pending::<()>().await;
    }

    #[test]
    fn logical_stacks_are_above_the_lineage() {
        let awaits = line!() - 5;
        let spawned = spawn(|| start(Box::pin(spawn(profiled_outer()))));
        let held = spawned();
        let dump = birthmark::dump().filter(&Filter::new().role("profiled_outer"));
        let path = profile(&dump, "logical_stacks.pb.gz");
        let traces = rows(&pprof(&path, &["-traces", "-lines"]));
        let start = traces
            .iter()
            .position(|row| row.starts_with("1 pending"))
            .unwrap();
        let expected = [
            format!("profiled_inner tests/tests/pprof.rs:{awaits}"),
            format!("profiled_outer tests/tests/pprof.rs:{}", awaits - 4),
            format!(
                "pprof::profiles::profiled_outer tests/tests/pprof.rs:{}",
                awaits + 6
            ),
            format!("pprof::profiles::start tests/tests/pprof.rs:{}", awaits + 6),
        ];
        assert_eq!(traces[start + 1..][..4], expected, "{traces:#?}");
        drop(held);
    }

    #[test]
    fn each_task_of_a_dump_is_counted_once() {
        let held = family();
        let dump = birthmark::dump();
        let path = profile(&dump, "counted_once.pb.gz");
        let top = pprof(&path, &["-top", "-nodecount=0"]);
        let total = format!("100% of {} total", dump.len());
        assert!(top.contains(&total), "{total}: {top}");
        drop(held);
    }

    #[test]
    fn empty_dump_is_a_profile() {
        let dump = birthmark::dump().filter(&Filter::new().name("nobody"));
        let path = profile(&dump, "nothing.pb.gz");
        let raw = pprof(&path, &["-raw"]);
        assert!(raw.contains("tasks/count"), "{raw}");
    }
}
