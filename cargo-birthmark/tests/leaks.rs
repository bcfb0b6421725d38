//! `BIRTHMARK=leaks=fail cargo birthmark test`: the tests of a suite that mentions birthmark nowhere.
#![cfg(unix)]

use birthmark_test_support as _;

mod support;

use support::{Project, Ran};

const MANIFEST: &str = r#"[package]
name = "suite"
version = "0.1.0"
edition = "2021"

[dependencies]
tokio = { version = "1", features = ["macros", "rt-multi-thread", "sync", "time"] }

[workspace]
"#;

const SUITE: &str = r##"pub async fn read_loop() {
    std::future::pending::<()>().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn leaves_a_task() {
        tokio::spawn(read_loop());
        tokio::task::yield_now().await;
    }

    #[tokio::test]
    async fn joins_its_task() -> Result<(), Box<dyn std::error::Error>> {
        let number: u32 = "7".parse()?;
        if number == 7 {
            return Ok(tokio::spawn(async {}).await?);
        }
        Err("seven")?
    }

    #[test]
    fn leaves_a_thread() {
        #![allow(clippy::all)]
        let (until, wait) = std::sync::mpsc::channel::<()>();
        std::thread::spawn(move || wait.recv());
        std::mem::forget(until);
    }

    #[test]
    fn joins_its_thread() {
        std::thread::spawn(|| 1 + 1).join().unwrap();
    }

    #[test]
    fn spawns_nothing() {
        assert_eq!(1 + 1, 2);
    }

    #[test]
    #[should_panic(expected = "its own")]
    fn panics_with_a_thread_left() {
        let (until, wait) = std::sync::mpsc::channel::<()>();
        std::thread::spawn(move || wait.recv());
        std::mem::forget(until);
        panic!("its own");
    }
}
"##;

fn run(project: &Project, words: &str) -> Ran {
    let mut command = project.tool("--workspace test --lib");
    project.run(command.env("BIRTHMARK", words))
}

#[test]
fn tests_that_tasks_outlive_fail_and_others_do_not() {
    let files = [("Cargo.toml", MANIFEST), ("src/lib.rs", SUITE)];
    let project = Project::new("leaks", &files);
    let ran = run(&project, "leaks=fail");
    let text = format!("{}{}", ran.stdout, ran.stderr);
    for (test, outcome) in [
        ("leaves_a_task", "FAILED"),
        ("joins_its_task", "ok"),
        ("leaves_a_thread", "FAILED"),
        ("joins_its_thread", "ok"),
        ("spawns_nothing", "ok"),
    ] {
        let line = format!("\ntest tests::{test} ... {outcome}\n");
        assert!(text.contains(&line), "{line}{text}");
    }
    let panics = "panics_with_a_thread_left - should panic ... ok";
    assert!(text.contains(panics), "{text}");
    let task = "1 task outlived the test: 1 × read_loop spawned at src/lib.rs:11:9, waiting at src/lib.rs:2:";
    assert!(text.contains(task), "{text}");
    let thread = " (thread) spawned at src/lib.rs:";
    assert!(text.contains(thread), "{text}");
    // The tree has the test as the root, by its name.
    assert!(text.contains("\"tests::leaves_a_task\" "), "{text}");

    // Without the word, the suite is as it was.
    let plain = run(&project, "on");
    assert_eq!(plain.code, 0, "{}{}", plain.stdout, plain.stderr);
}
