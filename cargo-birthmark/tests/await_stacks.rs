//! Await stacks of a service under `cargo birthmark`: each task that waits shows its stack down to the leaf. It compiles
//! axum, reqwest and sqlx: `./test --subjects`.
#![cfg(target_os = "linux")]

use birthmark_test_support as _;

mod support;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};

use serde_json::Value;
use support::Project;
use support::published::copy;

/// Types that tasks of the service wait for.
const LEAVES: [&str; 7] = [
    "core::future::pending::Pending",
    "hyper::client::conn::http1::upgrades::UpgradeableConnection",
    "hyper::client::conn::http1::Connection",
    "tokio::runtime::io::scheduled_io::Readiness",
    "tokio::sync::",
    "tokio::time::sleep::Sleep",
    "hyper::client::dispatch::",
];

/// Functions that some stack goes through, from the service into each library. The type of an `impl` may be left out, where
/// the ellipsis is.
const THROUGH: [&str; 6] = [
    "waiting::count",
    "axum::handler::F::call::{async}",
    "sqlx_core::pool::inner::Arc::acquire",
    "reqwest::get",
    "hyper_util::client::legacy::client::Client::send_request",
    "hyper::client::conn::http1::…try_send_request::{async}",
];

#[test]
#[ignore = "compiles sqlx, which takes minutes"]
fn each_waiting_task_of_a_service_shows_its_stack_down_to_the_leaf() {
    let project = Project::new("waiting", &[]);
    let subject = Path::new(env!("CARGO_MANIFEST_DIR")).join("subjects/waiting");
    copy(&subject, &project.path());
    project
        .birthmark("--runtime-features debug-stacks --deps build")
        .ok();
    let mut service = Service::start(&project);
    let dump = service.dump_of_waiting_tasks();
    let stacks = suspended(&dump);
    assert!(stacks.len() >= 10, "{dump:#}");
    for (task, frames) in &stacks {
        let leaves: Vec<&str> = leaves(frames).collect();
        println!("{task}: {leaves:?}");
        for leaf in leaves {
            let is_known = LEAVES.iter().any(|known| leaf.starts_with(known));
            assert!(is_known, "{task} waits for {leaf}:\n{frames:#?}");
        }
    }
    let names: Vec<&str> = stacks
        .iter()
        .flat_map(|(_, frames)| frames.iter().filter_map(|frame| frame["name"].as_str()))
        .collect();
    for function in THROUGH {
        let (start, end) = function.split_once('…').unwrap_or((function, ""));
        let is_it = |name: &&str| match end {
            "" => *name == start,
            _ => name.starts_with(start) && name.ends_with(end),
        };
        assert!(names.iter().any(is_it), "{function} is not in {names:#?}");
    }
}

/// The service, which dumps for each line of input.
struct Service {
    child: Child,
    input: ChildStdin,
    output: BufReader<std::process::ChildStderr>,
}

impl Service {
    fn start(project: &Project) -> Self {
        let dumps = project.path().join("dumps");
        let program = support::shared().join("birthmark/debug/waiting");
        let mut child = project
            .by(&program.display().to_string(), "")
            .env(
                "BIRTHMARK",
                format!(
                    "signal=USR1,format=json,stacks=debug-info,dir={}",
                    dumps.display()
                ),
            )
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the service starts");
        let input = child.stdin.take().expect("it has an input");
        let output = BufReader::new(child.stderr.take().expect("it has an output"));
        Service {
            child,
            input,
            output,
        }
    }

    /// Dumps until all tasks of the service wait.
    fn dump_of_waiting_tasks(&mut self) -> Value {
        loop {
            writeln!(self.input).expect("the service reads");
            let mut line = String::new();
            let read = self
                .output
                .read_line(&mut line)
                .expect("the service writes");
            assert!(read > 0, "the service has ended");
            let Some(path) = line.trim().strip_prefix("birthmark: dump written to ") else {
                continue;
            };
            let path = path.trim_matches('"');
            let text = std::fs::read_to_string(path).expect("the dump is there");
            let dump: Value = serde_json::from_str(&text).expect("the dump is JSON");
            let is_in = |role: &str| {
                text.contains(&format!("\"function\":\"{role}\"")) || text.contains(role)
            };
            if is_in("waiting::count") && is_in("waiting::from_cache") {
                return dump;
            }
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the suspended tasks with their frames.
#[track_caller]
fn suspended(dump: &Value) -> Vec<(String, Vec<Value>)> {
    let tasks = dump["tasks"].as_array().expect("tasks");
    let is_suspended = |state: &str| ["suspended", "runnable", "waiting"].contains(&state);
    // A thread that blocks on a future waits, too, and has frames of instrumented code alone.
    let suspended = tasks.iter().filter(|task| {
        task["kind"] == "future" && task["state"].as_str().is_some_and(is_suspended)
    });
    suspended
        .map(|task| {
            let awaits = &task["awaits"];
            assert!(awaits["missing"].is_null(), "{task:#}");
            let frames = awaits["frames"].as_array().expect("frames").clone();
            assert!(!frames.is_empty(), "{task:#}");
            for frame in &frames {
                assert!(frame["missing"].is_null(), "{frame:#} in {task:#}");
            }
            (task["role"].to_string(), frames)
        })
        .collect()
}

/// Returns the names of the frames without one inside of them.
fn leaves(frames: &[Value]) -> impl Iterator<Item = &str> {
    frames.iter().enumerate().filter_map(|(place, frame)| {
        let depth = |frame: &Value| frame["depth"].as_u64();
        let is_leaf = frames
            .get(place + 1)
            .is_none_or(|inner| depth(inner) <= depth(frame));
        is_leaf.then(|| frame["name"].as_str().expect("a name"))
    })
}
