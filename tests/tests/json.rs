//! Dumps as JSON: that the schema describes them, and that they say what the dump says.

use std::future::pending;

use birthmark::{Dump, Filter, NameOrigin, State, Task};
use birthmark_integration_tests::{Held, block_on, own_id, schema, spawn, start};
use serde_json::Value;

/// Reads a dump as another program would.
#[track_caller]
fn read(dump: &Dump) -> Value {
    let mut text = Vec::new();
    dump.write(birthmark::render::Format::Json, &mut text)
        .unwrap();
    read_text(&text)
}

#[track_caller]
fn read_text(text: &[u8]) -> Value {
    let value: Value = serde_json::from_slice(text).unwrap();
    schema::assert_valid(&value);
    value
}

/// Asserts that the object of a task says what the task itself does.
#[track_caller]
fn check(task: &Task, object: &Value, dump: &Value) {
    assert_eq!(object["id"], task.id().as_u64());
    assert_eq!(object["role"], task.role());
    assert_eq!(object["kind"], task.kind().as_str());
    let polls = (!task.kind().is_thread()).then_some(task.polls());
    assert_eq!(object["polls"], serde_json::json!(polls), "{object}");
    assert_eq!(
        object["name"].as_str(),
        task.name().map(|name| name.as_str())
    );
    let labels = task.labels().iter();
    let labels: serde_json::Map<_, _> = labels
        .map(|label| (label.key().to_owned(), label.value().into()))
        .collect();
    let labels = Some(Value::Object(labels)).filter(|labels| *labels != serde_json::json!({}));
    assert_eq!(object.get("labels"), labels.as_ref());
    assert_eq!(
        object["parent"].as_u64(),
        task.parent().map(|id| id.as_u64())
    );
    assert_eq!(object.get("root").is_some(), task.is_root());
    let millis = |key: &str| object[key].as_u64().map(u128::from);
    assert_eq!(millis("age_ms"), task.age().map(|age| age.as_millis()));
    assert_eq!(
        millis("state_ms"),
        task.time_in_state().map(|since| since.as_millis())
    );
    let state = match task.state() {
        State::Running { thread } => {
            assert_eq!(object["thread"].as_u64(), thread);
            "running".to_owned()
        }
        other => other.to_string(),
    };
    assert_eq!(object["state"], state);
    let origin = task.name().map(|name| match name.origin() {
        NameOrigin::Inherited { from } => {
            assert_eq!(object["name_from"], from.as_u64());
            "inherited"
        }
        NameOrigin::Explicit => "explicit",
        _ => "hook",
    });
    assert_eq!(object.get("name_origin").and_then(Value::as_str), origin);
    let site = object["site"].as_u64().map(|index| {
        let site = &dump["sites"][index as usize];
        let text = |key: &str| site[key].as_str().unwrap().to_owned();
        format!("{}:{}:{}", text("file"), site["line"], site["column"])
    });
    assert_eq!(site, task.site().map(|site| site.to_string()));
    check_lineage(task, object, &dump["ancestors"]);
    check_stack(task, object, dump);
}

#[track_caller]
fn check_stack(task: &Task, object: &Value, dump: &Value) {
    let stack = task.stack();
    assert_eq!(object["stack"].is_null(), stack.is_empty());
    assert_eq!(object.get("may_be_stale").is_some(), stack.may_be_stale());
    let Some(index) = object["stack"].as_u64() else {
        return;
    };
    let object = &dump["stacks"][index as usize];
    assert_eq!(
        object["omitted_frames"].as_u64().unwrap_or(0),
        u64::from(stack.omitted_frames())
    );
    let frames = object["frames"].as_array().unwrap();
    assert_eq!(frames.len(), stack.frames().len());
    for (frame, object) in stack.frames().iter().zip(frames) {
        assert_eq!(object["depth"], frame.depth());
        assert_eq!(object.get("idle").is_some(), frame.is_idle());
        let site = &dump["frame_sites"][object["site"].as_u64().unwrap() as usize];
        assert_eq!(site["file"], frame.site().file());
        assert_eq!(site["line"], frame.site().line());
        assert_eq!(site["column"], frame.site().column());
        assert_eq!(site["function"], frame.site().function());
        assert_eq!(site["awaited"], frame.site().awaited());
    }
}

#[track_caller]
fn check_lineage(task: &Task, object: &Value, ancestors: &Value) {
    let mut next = &object["ancestor"];
    for expected in task.lineage() {
        let ancestor = &ancestors[next.as_u64().unwrap() as usize];
        assert_eq!(ancestor["id"], expected.id().as_u64());
        assert_eq!(ancestor["role"], expected.role());
        let name = expected.name().map(|name| name.as_str());
        assert_eq!(ancestor["name"].as_str(), name);
        next = &ancestor["ancestor"];
    }
    assert!(next.is_null(), "the line ends with a root");
}

#[birthmark::instrument]
mod dumps {
    use super::*;

    fn family() -> Held {
        let request = spawn(move || {
            birthmark::set_name("req-\"7\"\n\u{1b}[31m</script>\u{202e}");
            let child = spawn(|| {
                Box::pin(spawn(birthmark::named!("own" => async { pending().await }))) as Held
            });
            child()
        });
        request()
    }

    async fn waits(forever: bool) {
        if forever {
            pending::<()>().await;
        }
    }

    /// Stands in more frames than there is room for.
    fn deep(levels: u32) -> Held {
        Box::pin(async move {
            match levels {
                0 => waits(true).await,
                _ => deep(levels - 1).await,
            }
        })
    }

    /// Waits with another future beside it that nobody awaits.
    async fn beside_a_held_one() {
        let mut idle = std::pin::pin!(waits(true));
        tokio::select! {
            biased;
            () = &mut idle => {}
            () = waits(false) => {}
        }
        waits(true).await;
    }

    #[test]
    fn stacks_are_told_each_once() {
        let mut idle: Vec<Held> = Vec::new();
        for _ in 0..3 {
            idle.push(start(Box::pin(spawn(waits(true)))));
            idle.push(start(Box::pin(spawn(beside_a_held_one()))));
            idle.push(start(Box::pin(spawn(deep(20)))));
        }
        let dump = birthmark::dump().filter(&Filter::new().under(own_id()));
        assert_eq!(dump.len(), idle.len() + 1, "with the test itself");
        let value = read(&dump);
        let objects = value["tasks"].as_array().unwrap();
        for (task, object) in dump.tasks().zip(objects) {
            check(&task, object, &value);
        }
        let stacks = value["stacks"].as_array().unwrap();
        assert_eq!(stacks.len(), 3, "{stacks:#?}");
        assert_eq!(
            stacks
                .iter()
                .filter(|stack| stack.get("omitted_frames").is_some())
                .count(),
            1
        );
        let frames = stacks
            .iter()
            .flat_map(|stack| stack["frames"].as_array().unwrap());
        assert!(
            frames.clone().any(|frame| frame.get("idle").is_some()),
            "{stacks:#?}"
        );
        let mut sites: Vec<_> = frames.map(|frame| frame["site"].as_u64()).collect();
        sites.sort_unstable();
        sites.dedup();
        assert_eq!(
            Some(sites.len()),
            value["frame_sites"].as_array().map(Vec::len)
        );
        drop(idle);
    }

    async fn reads_a_dump_of_itself() -> (Dump, Value) {
        let dump = birthmark::dump().filter(&Filter::new().role("looks_at_itself"));
        let value = read(&dump);
        (dump, value)
    }

    async fn looks_at_itself() {
        let (dump, value) = reads_a_dump_of_itself().await;
        let task = dump.tasks().next().unwrap();
        check(&task, &value["tasks"][0], &value);
        assert_eq!(value["tasks"][0]["may_be_stale"], true, "{value:#?}");
    }

    #[test]
    fn stack_that_may_have_moved_on_says_so() {
        block_on(spawn(looks_at_itself()));
    }

    #[test]
    fn groups_agree_with_their_tasks() {
        let idle: Vec<Held> = vec![
            family(),
            Box::pin(spawn(birthmark::root!(async { pending().await }))),
            birthmark::with_name("x".repeat(300), || {
                Box::pin(spawn(async { pending().await })) as Held
            }),
        ];
        let dump = birthmark::dump();
        let value = read(&dump);
        assert_eq!(value["total"], dump.len());
        assert_eq!(value["pid"], std::process::id());
        assert_eq!(value["filter"], Value::Null);
        let objects = value["tasks"].as_array().unwrap();
        assert_eq!(objects.len(), dump.len());
        for (task, object) in dump.tasks().zip(objects) {
            check(&task, object, &value);
        }
        assert!(
            objects
                .iter()
                .any(|task| task.get("name_truncated").is_some())
        );
        drop(idle);
    }

    #[test]
    fn labels_are_an_object() {
        let idle: Vec<Held> = birthmark::with_label("</script>", "\"a\"\u{1b}\u{202e}", || {
            let inherits = Box::pin(spawn(async { pending().await })) as Held;
            let waits = spawn(async {
                birthmark::set_label("__proto__", "own");
                birthmark::set_label("long", "x".repeat(200));
                pending().await
            });
            vec![inherits, start(Box::pin(waits))]
        });
        let dump = birthmark::dump().filter(&Filter::new().label("</script>"));
        let value = read(&dump);
        let objects = value["tasks"].as_array().unwrap();
        assert_eq!(objects.len(), idle.len());
        for (task, object) in dump.tasks().zip(objects) {
            check(&task, object, &value);
        }
        assert_eq!(objects[0].get("labels_truncated"), None);
        assert_eq!(objects[1]["labels_truncated"], true);
        let text = dump.json().to_string();
        let labels = r#""labels":{"\u003c/script>":"\"a\"\u001b\u202e","__proto__":"own","long":"#;
        assert!(text.contains(labels), "{text}");
    }

    #[test]
    fn json_with_a_limit_shows_some_tasks_and_counts_all() {
        let idle: Vec<Held> = (0..20).map(|_| family()).collect();
        let dump = birthmark::dump();
        let value = read_text(dump.json().limit(5).to_string().as_bytes());
        assert_eq!(value["selected"], dump.len());
        let objects = value["tasks"].as_array().unwrap();
        assert_eq!(objects.len(), 5);
        for (task, object) in dump.tasks().zip(objects) {
            check(&task, object, &value);
        }
        let groups = value["groups"].as_array().unwrap();
        let (rendered, list) = (dump.groups(), groups.iter());
        assert_eq!(list.len(), rendered.list().len());
        for (group, object) in rendered.list().iter().zip(list) {
            assert_eq!(object["count"], group.count());
            assert_eq!(object["role"], group.role());
            assert_eq!(object["min_id"], group.min_id().as_u64());
            let stack = object["stack"]
                .as_u64()
                .map(|stack| &value["stacks"][stack as usize]);
            let frames = stack.map_or(0, |stack| stack["frames"].as_array().unwrap().len());
            assert_eq!(frames, group.stack().frames().len());
            let site = object["site"]
                .as_u64()
                .map(|site| &value["sites"][site as usize]);
            assert_eq!(
                site.map(|site| site["line"].clone()),
                group.site().map(|site| site.line().into())
            );
        }
        // The ancestors of the others are not needed.
        let ancestors = |value: &Value| value["ancestors"].as_array().unwrap().len();
        assert!(ancestors(&value) < ancestors(&read(&dump)));
        for enough in [dump.len(), usize::MAX] {
            let value = read_text(dump.json().limit(enough).to_string().as_bytes());
            assert!(value.get("selected").is_none() && value.get("groups").is_none());
            assert_eq!(value["tasks"].as_array().unwrap().len(), dump.len());
        }
        drop(idle);
    }

    #[test]
    fn hostile_names_harm_neither_terminal_nor_page() {
        let idle = family();
        let text = birthmark::dump().json().to_string();
        assert!(
            !text.contains(['\u{1b}', '\u{202e}']) && !text.contains("</"),
            "{text}"
        );
        let names = r#""name":"req-\"7\"\n\u001b[31m\u003c/script>\u202e""#;
        assert!(text.contains(names), "{text}");
        drop(idle);
    }

    #[test]
    fn filtered_dump_has_no_more_than_it_needs() {
        let idle = family();
        let filter: Filter = "name=own".parse().unwrap();
        let dump = birthmark::dump().filter(&filter);
        let value = read(&dump);
        assert_eq!(value["filter"], "name=own");
        let (tasks, ancestors) = (&value["tasks"], value["ancestors"].as_array().unwrap());
        let named = |task: &&Value| task["name"] == "own";
        assert_eq!(
            tasks.as_array().unwrap().iter().filter(named).count(),
            dump.len()
        );
        for (task, object) in dump.tasks().zip(tasks.as_array().unwrap()) {
            check(&task, object, &value);
        }
        assert!(ancestors.len() <= 3 * dump.len(), "{ancestors:#?}");
        let nothing = birthmark::dump().filter(&Filter::new().name("nobody"));
        let value = read(&nothing);
        for table in ["tasks", "ancestors", "sites", "frame_sites", "stacks"] {
            assert_eq!(value[table].as_array().map(Vec::len), Some(0));
        }
        drop(idle);
    }
}

#[birthmark::instrument]
mod ended {
    use super::*;

    async fn waits_twice() {
        tokio::task::yield_now().await;
        pending::<()>().await;
    }

    pub async fn loses_a_branch() {
        tokio::select! {
            biased;
            () = waits_twice() => unreachable!(),
            () = async { for _ in 0..3 { tokio::task::yield_now().await; } } => {}
        }
    }

    async fn panics() {
        panic!("a message in \"quotes\"");
    }

    pub async fn all() {
        tokio::spawn(loses_a_branch()).await.unwrap();
        assert!(tokio::spawn(panics()).await.is_err());
        let aborted = tokio::spawn(pending::<()>());
        aborted.abort();
        assert!(aborted.await.is_err());
    }
}

#[test]
fn tasks_that_are_gone_and_awaits_that_were_dropped_are_described() {
    birthmark::install();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(ended::all());
    let dump = birthmark::dump();
    // The page reads a dump line by line.
    let text = dump.json().to_string();
    let is_one_line = |line: &str| {
        let member = line.strip_suffix(',').unwrap_or(line);
        serde_json::from_str::<Value>(&format!("{{{member}}}")).is_ok()
    };
    for member in ["\"gone\":", "\"dropped_awaits\":"] {
        let line = text.lines().find(|line| line.starts_with(member)).unwrap();
        assert!(is_one_line(line), "{line}");
    }
    let value = read(&dump);
    let gone = value["gone"]["tasks"].as_array().unwrap();
    let panicked = gone.iter().find(|task| task["role"] == "panics").unwrap();
    assert_eq!(panicked["outcome"], "panicked");
    assert_eq!(panicked["message"], "a message in \"quotes\"");
    assert_eq!(panicked["panic"]["file"], file!());
    let aborted = gone
        .iter()
        .find(|task| task["outcome"] == "cancelled")
        .unwrap();
    assert!(aborted["dropped_by"]["task"].is_u64(), "{aborted}");
    let dropped = value["dropped_awaits"].as_array().unwrap();
    let twice = dropped
        .iter()
        .find(|it| it["site"]["function"] == "waits_twice")
        .unwrap();
    assert_eq!((&twice["dropped"], &twice["past"]), (&1.into(), &1.into()));
}
