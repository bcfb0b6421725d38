//! Locals in dumps and panic reports. In a process of its own, because redaction is the process's.

use birthmark_test_support as _;

use std::fmt;
use std::future::pending;
use std::panic::resume_unwind;
use std::process::Command;
use std::thread;

use birthmark::render::Format;
use birthmark::{MAX_LABEL_LEN, MAX_LABELS};
use birthmark_integration_tests::{HOSTILE, Held, own_id, schema, spawn, start};
use serde_json::{Value, json};

birthmark::task_local! {
    #[inherit] #[show] static TENANT: String;
    #[show] static OWN: u32;
    #[inherit] static HIDDEN: String;
    #[inherit] #[show] static FAILS: FailsInDisplay;
    #[inherit(with = |value| Some(value + 1))] #[show] static DEPTH: u32;
}

struct FailsInDisplay;

impl fmt::Display for FailsInDisplay {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        resume_unwind(Box::new("on purpose"))
    }
}

fn own() -> String {
    birthmark::current().unwrap().task_locals().to_string()
}

/// Returns the object of the current task, or of one that it has spawned, in a dump.
fn json_of(id: birthmark::TaskId) -> Value {
    let mut text = Vec::new();
    birthmark::dump().write(Format::Json, &mut text).unwrap();
    let value: Value = serde_json::from_slice(&text).unwrap();
    schema::assert_valid(&value);
    let mut tasks = value["tasks"].as_array().unwrap().iter();
    tasks
        .find(|task| task["id"] == id.as_u64())
        .unwrap()
        .clone()
}

#[birthmark::instrument]
mod shown {
    use super::*;

    #[test]
    fn task_shows_its_values_and_the_names_of_hidden_ones() {
        TENANT.scope("acme & sons".into(), || {
            OWN.scope(7, || {
                HIDDEN.scope("secret".into(), || {
                    DEPTH.scope(0, || {
                        assert_eq!(own(), "DEPTH=0 HIDDEN OWN=7 TENANT=\"acme & sons\"");
                        let locals = json!([
                            { "name": "DEPTH", "value": "0" },
                            { "name": "HIDDEN" },
                            { "name": "OWN", "value": "7" },
                            { "name": "TENANT", "value": "acme & sons" },
                        ]);
                        assert_eq!(json_of(own_id())["task_locals"], locals);
                        spawn(|| {
                            assert_eq!(own(), "DEPTH=1 HIDDEN TENANT=\"acme & sons\"");
                            TENANT.set(String::new());
                            assert_eq!(own(), "DEPTH=1 HIDDEN TENANT=\"\"");
                        })();
                    });
                });
            });
            assert_eq!(own(), "TENANT=\"acme & sons\"");
        });
        assert_eq!(own(), "");
        assert!(json_of(own_id()).get("task_locals").is_none());
    }

    #[test]
    fn filter_selects_tasks_by_local() {
        let selected = |filter: &str| {
            let id = own_id();
            let filter: birthmark::Filter = filter.parse().unwrap();
            let dump = birthmark::dump().filter(&filter);
            dump.tasks().any(|task| task.id() == id)
        };
        HIDDEN.scope("secret".into(), || {
            assert!(!selected("local=TENANT") && selected("local=TENANT="));
            // The value is not shown, so no filter finds it.
            assert!(selected("local=HIDDEN") && !selected("local=HIDDEN=secret"));
            TENANT.scope("filtered".into(), || {
                assert!(selected("local=TENANT") && selected("local=TENANT=filt*"));
                assert!(!selected("local=TENANT=other") && !selected("local=OWN"));
                assert!(selected("local=OWN&local=TENANT"));
                spawn(move || assert!(selected("local=TENANT=filtered")))();
            });
        });
    }

    #[test]
    fn panic_in_a_display_is_contained() {
        FAILS.scope(FailsInDisplay, || {
            assert_eq!(own(), "FAILS=\"(its Display panicked)\"");
        });
    }

    #[test]
    fn value_is_bounded_and_escaped() {
        TENANT.scope("é".repeat(1_000), || {
            let task = birthmark::current().unwrap();
            let value = task.task_locals().get("TENANT").unwrap();
            assert_eq!(value.value().len(), MAX_LABEL_LEN / 2 * 2);
            assert!(value.is_truncated());
            assert_eq!(json_of(own_id())["task_locals_truncated"], true);
        });
        for (text, shown) in HOSTILE {
            TENANT.scope(text.into(), || {
                assert_eq!(own(), format!("TENANT={shown}"));
            });
        }
    }

    #[test]
    fn locals_beyond_the_most_that_are_shown_leave_a_mark_and_have_values() {
        macro_rules! nested {
            ($body:expr; $($name:ident)*) => {{
                birthmark::task_local! { $(#[inherit] static $name: &'static str;)* }
                $($name.set(stringify!($name));)*
                $body;
                $(assert_eq!($name.get(), stringify!($name));)*
            }};
        }
        spawn(|| {
            let shown = || {
                let task = birthmark::current().unwrap();
                assert_eq!(task.task_locals().len(), MAX_LABELS);
                assert!(task.task_locals().is_truncated(), "{}", task.task_locals());
                spawn(|| assert!(own().starts_with("A B C ")))();
            };
            nested!(shown(); A B C D E F G H I J);
        })();
    }

    #[test]
    fn suspended_task_shows_values() {
        let task: Held = TENANT.scope("of a future".into(), || {
            Box::pin(spawn(async {
                pending::<()>().await;
            }))
        });
        let _task = start(task);
        let tasks = birthmark::tasks();
        let shown =
            |task: &&birthmark::Task| task.task_locals().to_string() == "TENANT=\"of a future\"";
        let id = tasks.iter().find(shown).unwrap().id();
        let dump = birthmark::dump();
        let text = dump.to_string();
        let block = text
            .split("\ntask ")
            .find(|block| block.starts_with(&format!("{id} ")));
        let line = "    locals   TENANT=\"of a future\"\n";
        assert!(block.unwrap().contains(line), "{text}");
        let tree = dump.tree().to_string();
        let task = tree.lines().find(|line| line.contains(&format!(" {id} ")));
        assert!(
            task.unwrap().contains(" [TENANT=\"of a future\"]"),
            "{tree}"
        );
    }

    #[test]
    #[ignore = "runs in a process of its own"]
    fn panics() {
        birthmark::builder()
            .redact_labels(|key, value| match key {
                "TENANT" => "(redacted)".into(),
                _ => value.into(),
            })
            .install();
        TENANT.scope("jane.doe".into(), || {
            HIDDEN.scope("jane.doe".into(), || {
                DEPTH.scope(3, || {
                    let child = thread::spawn(|| panic!("the disk is full"));
                    child.join().unwrap_err();
                    let mut text = Vec::new();
                    birthmark::dump().write(Format::Json, &mut text).unwrap();
                    println!("{}", String::from_utf8(text).unwrap());
                });
            });
        });
    }
}

#[test]
fn panic_report_shows_redacted_values() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "shown::panics", "--ignored", "--nocapture"])
        .env_remove("BIRTHMARK")
        .output()
        .unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{text}");
    let line = "\n    locals   DEPTH=4 HIDDEN TENANT=(redacted)\n";
    assert!(text.contains(line), "{text}");
    assert!(
        text.contains(r#"{"name":"TENANT","value":"(redacted)"}"#),
        "{text}"
    );
    assert!(!text.contains("jane.doe"), "{text}");
}
