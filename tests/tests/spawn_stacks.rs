//! Stacks of spawns at chosen sites: which function of the program made a library spawn.
#![cfg(has_native_stacks)]

use birthmark_test_support as _;
use serde_json::Value;

/// Stands for a crate that the program calls.
#[birthmark::instrument]
mod library {
    use std::future::pending;

    #[inline(never)]
    pub fn connect() {
        tokio::spawn(keep_connection());
    }

    async fn keep_connection() {
        pending().await
    }
}

/// Its spawns are not chosen.
#[birthmark::instrument]
mod program {
    use std::future::{pending, ready};

    pub async fn ask_prices(count: u32) {
        for _ in 0..count {
            fetch().await;
        }
    }

    pub async fn ask_stock() {
        fetch().await;
        tokio::spawn(wait());
    }

    async fn fetch() {
        send(ready(())).await;
    }

    async fn send(first: impl Future<Output = ()>) {
        first.await;
        super::library::connect();
    }

    async fn wait() {
        pending().await
    }
}

/// The blocks of a text that show a role.
fn blocks<'a>(text: &'a str, role: &str) -> Vec<&'a str> {
    let blocks = text.split("\n\n");
    blocks
        .filter(|block| block.lines().next().is_some_and(|head| head.contains(role)))
        .collect()
}

#[tokio::test]
#[birthmark::instrument]
async fn stack_of_a_spawn_leads_to_the_function_of_the_program() {
    birthmark::builder()
        .env(false)
        .spawn_stacks("spawn-stacks::library*")
        .install();
    tokio::spawn(program::ask_prices(3))
        .await
        .expect("no panic");
    tokio::spawn(program::ask_stock()).await.expect("no panic");

    let dump = birthmark::dump();
    let text = dump.text().expanded(true).to_string();
    let connections = blocks(&text, "keep_connection");
    assert_eq!(connections.len(), 4, "{text}");
    for block in &connections {
        let lines: Vec<&str> = block.lines().map(str::trim_start).collect();
        let place = |what: &str| lines.iter().position(|line| line.contains(what));
        let (spawned, through) = (place("spawned "), place("through "));
        assert!(spawned < through && through < place("by  "), "{block}");
        assert!(place("library::connect") >= through, "{block}");
        assert!(place("program::send").is_some(), "{block}");
        let during = "during   send in fetch tests/tests/spawn_stacks.rs:";
        assert!(block.contains(during), "{block}");
        assert!(!block.contains("birthmark_core"), "{block}");
    }
    let of = |function: &str| {
        let has_function = |block: &&&str| block.contains(function);
        connections.iter().filter(has_function).count()
    };
    assert_eq!((of("ask_prices"), of("ask_stock")), (3, 1), "{text}");
    let other = blocks(&text, " wait ");
    assert_eq!(other.len(), 1, "{text}");
    assert!(!other[0].contains("through"), "{text}");

    // Each stack occurs once, at the site to which its tasks refer.
    let json: Value = serde_json::from_str(&dump.json().to_string()).expect("it is JSON");
    birthmark_integration_tests::schema::assert_valid(&json);
    let sites = json["sites"].as_array().expect("sites");
    let stacks = sites
        .iter()
        .filter(|site| site["function"] == "connect")
        .map(|site| &site["spawn_stack"]);
    let stacks: Vec<&Value> = stacks.collect();
    assert_eq!(stacks.len(), 2, "{json:#}");
    for stack in stacks {
        let frames = stack["frames"].as_array().expect("frames");
        let calls = |name: &str| {
            let function = |frame: &Value| frame["function"].as_str().map(str::to_owned);
            let mut functions = frames.iter().filter_map(function);
            functions.any(|function| function.contains(name))
        };
        assert!(calls("connect") && calls("fetch"), "{stack:#}");
    }

    // All tasks are counted at the one call.
    let count = birthmark::sites().into_iter();
    let mut count = count.filter(|stats| stats.site.function() == "connect");
    assert_eq!(count.next().map(|stats| stats.live), Some(4));
    assert!(count.next().is_none());
    let task = dump.tasks().find(|task| task.role() == "keep_connection");
    let stack = task.and_then(|task| task.spawn_stack()).expect("a stack");
    assert!(!stack.native().expect("it was taken").frames().is_empty());
}
