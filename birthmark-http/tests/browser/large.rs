//! A program with more tasks than the page reads one by one. By its address, the page is told that this is
//! so from a thousand on.

use std::time::Instant;

use crate::chromium::{Device, Page};
use crate::program::Program;
use crate::{ALONE, PATIENCE};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn too_many_tasks_are_listed_oldest_first_and_all_counted() {
    let _alone = ALONE.lock().await;
    let mut program = Program::new(40, 99);
    let labelled = Program::labelled();
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&(server.url() + "?limit=1000"), Device::Desktop).await;
    page.until("summary", "4,005 tasks: ").await;
    page.until("notice", "These groups count all of them").await;
    page.press("1").await;
    let notice = "4,005 tasks are too many to read one by one. These are the oldest 1,000: ";
    page.until("notice", notice).await;
    page.until_row("connection").await;
    page.screenshot("large-tree").await;

    // Groups count them all, and a search counts anew.
    page.press("3").await;
    page.until_row("3,960 ×").await;
    page.screenshot("large-groups").await;
    page.search(
        "state:susp STACK:answer",
        "3,960 of 4,005 tasks: 3,960 suspended",
    )
    .await;

    // What is found is listed as a whole if it is less.
    for (search, found) in [
        ("name:\"conn 39\"", "100 of 4,005 tasks"),
        ("conn 39 role:handle", "99 of 4,005 tasks"),
        ("CONNECTION", "40 of 4,005 tasks"),
        ("site:program.rs role:serve", "1 of 4,005 tasks"),
        ("kind:future role:connection", "40 of 4,005 tasks"),
        ("label:TENANT=acme", "1 of 4,005 tasks"),
        ("beta sons", "1 of 4,005 tasks"),
        ("nobody-has-this-name", "0 of 4,005 tasks"),
    ] {
        page.press("2/").await;
        page.press_key("Escape").await;
        page.press("/").await;
        page.type_into("search", search).await;
        page.until("summary", found).await;
        page.until_hidden("notice").await;
        page.press_key("Enter").await;
    }
    // The page shows why the program refuses a dump.
    page.press("/").await;
    page.press_key("Escape").await;
    page.press("/").await;
    page.type_into("search", "under:me").await;
    let refusal = "\"me\" is no id of a task";
    page.until("problem", refusal).await;
    page.press_key("Escape").await;
    page.until_hidden("problem").await;

    // A group leads to its tasks, and growth is told by groups.
    page.press("3").await;
    page.until_row("40 ×").await;
    page.press("jj").await;
    page.press_key("Enter").await;
    page.until("summary", "40 of 4,005 tasks").await;
    page.press_key("Escape").await;
    page.until("notice", "4,005 tasks are too many").await;
    page.press("m4").await;
    program.leak(7);
    page.until_row("+7").await;
    page.until("notice", "which ones are new or gone is told of fewer")
        .await;
    page.screenshot("large-compare").await;
    drop((program, labelled));
    // Then it has no more than can be read.
    page.press("1").await;
    page.until("summary", "1 task: ").await;
    page.until_hidden("notice").await;
    page.close_but_for("under=me - Failed to load resource")
        .await;
}

/// With `BIRTHMARK_TASKS` so many; by default, two million, which take 2 GB.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "takes 2 GB and half a minute"]
async fn two_million_tasks() {
    let _alone = ALONE.lock().await;
    let tasks = std::env::var("BIRTHMARK_TASKS");
    let tasks = tasks.map_or(2_000_000, |tasks| tasks.parse().unwrap());
    let _program = Program::new(tasks / 1000, 999);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::TracedDesktop).await;
    let start = Instant::now();
    page.until("summary", " tasks: ").await;
    println!("{tasks} tasks: first seen after {:?}", start.elapsed());
    page.until("notice", " are too many to read").await;
    page.press("3").await;
    page.until_row(" ×").await;
    page.press("/").await;
    let start = Instant::now();
    page.type_into("search", "name:\"conn 7\"").await;
    page.until("summary", "111,000 of ").await;
    println!("a name was found after {:?}", start.elapsed());
    assert!(start.elapsed() < PATIENCE);
    page.screenshot("two-million").await;
    page.report_long_tasks("all").await;
    page.close().await;
}
