//! Groups: what tasks are grouped by, their order, and their last minutes.

use serde_json::Value;

use crate::ALONE;
use crate::chromium::{Device, Page};
use crate::program::Program;

/// The first cells of all rows: the count and the title of each group.
const GROUPS: &str = "return [...document.querySelectorAll('.row:not([hidden])')] \
    .map((row) => row.children[0].textContent + row.children[1].textContent).join('|')";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn tasks_are_grouped_by_what_a_reader_chooses() {
    let _alone = ALONE.lock().await;
    let _program = Program::labelled();
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.press("3").await;
    page.until_row("3 ×leaked").await;
    for (by, groups) in [
        ("label:tenant", "2 ×none|1 ×acme|1 ×beta & sons"),
        ("crate", "3 ×browser|1 ×none"),
        ("name", "4 ×none"),
    ] {
        page.choose("by", by).await;
        page.wait(GROUPS, groups).await;
        page.screenshot(&format!("groups-{}", by.replace(':', "-")))
            .await;
    }
    page.client.back().await.unwrap();
    page.wait(GROUPS, "3 ×browser|1 ×none").await;
    page.client.refresh().await.unwrap();
    page.wait(GROUPS, "3 ×browser|1 ×none").await;

    // A head sorts, and a group leads to its tasks.
    page.click("[data-sort=count]").await;
    page.wait(GROUPS, "1 ×none|3 ×browser").await;
    page.choose("by", "label:tenant").await;
    page.wait(GROUPS, "1 ×acme|1 ×beta & sons|2 ×none").await;
    page.click("#row-1").await;
    page.until("summary", "1 of 4 tasks").await;
    page.until_row("tenant=beta & sons").await;
    page.close().await;
}

/// Siblings of the tree, and sites that have grown, have heads that sort.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn tree_and_differences_are_sorted_by_a_head() {
    let _alone = ALONE.lock().await;
    let mut program = Program::new(2, 2);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.until_row("handle").await;
    let ids = "return [...document.querySelectorAll('.row:not([hidden]) [data-column=id]')] \
        .map((cell) => Number(cell.textContent)).filter(Boolean)";
    let sorted = |ids: &Value| {
        let ids = ids.as_array().unwrap().iter().map(|id| id.as_u64());
        ids.collect::<Vec<_>>()
    };
    let usual = sorted(&page.run(ids).await);
    page.click("[data-sort=id]").await;
    page.until_attribute("[data-sort=id]", "data-sort", "id")
        .await;
    page.wait(
        "return document.querySelector('[aria-sort]').getAttribute('aria-sort')",
        "descending",
    )
    .await;
    let reversed = sorted(&page.run(ids).await);
    assert_ne!(usual, reversed);
    assert!(reversed[0] > usual[0] || reversed.last() < usual.last());
    page.press("m").await;
    program.leak(3);
    page.press("4").await;
    page.until_row("+3").await;
    page.click("[data-sort=group]").await;
    page.until_row("+3").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn groups_show_how_many_tasks_there_were_and_how_fast_they_come() {
    let _alone = ALONE.lock().await;
    let mut program = Program::new(1, 1);
    program.leak(3);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.press("3").await;
    page.until_row("3 ×leaked").await;
    program.leak(20);
    page.until_row("23 now, 3 to 23 in the last ").await;
    let spawns = "const row = [...document.querySelectorAll('.row')].find((row) => row.textContent.includes('leaked')); \
        return row.querySelector('[data-column=spawns]').textContent";
    // Two seconds or more are between two dumps.
    let rate = page.run(spawns).await;
    let rate: f64 = rate.as_str().unwrap().parse().unwrap();
    assert!(rate > 0.0 && rate <= 10.0, "{rate}");
    assert!(page.count(".row:not([hidden]) svg polyline").await >= 3);
    page.screenshot("groups-trend").await;
    page.close().await;
}

/// A reader who wants the tree of many tasks keeps it.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn many_tasks_are_grouped_at_first() {
    let _alone = ALONE.lock().await;
    let _program = Program::new(2, 60);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.until_row("120 ×handle").await;
    let selected = "return document.querySelector('[role=tab][aria-selected=true]').dataset.view";
    assert_eq!(page.run(selected).await, "groups");
    page.press("1").await;
    page.until_row("60 ×handle").await;
    page.client.refresh().await.unwrap();
    page.until_row("60 ×handle").await;
    assert_eq!(page.run(selected).await, "tree");
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn panel_has_siblings_and_positions_to_copy() {
    let _alone = ALONE.lock().await;
    let _program = Program::new(1, 12);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.press("2").await;
    page.search("role:handle", "12 of ").await;
    page.press("j").await;
    page.press_key("Enter").await;
    page.until("details", "Siblings (11)").await;
    page.until("details", "and 3 more").await;
    page.click("#details .at .copy").await;
    let copied = "return document.querySelector('#details [data-copied]')?.textContent ?? getSelection().toString()";
    page.wait(copied, "program.rs:").await;
    page.screenshot("siblings").await;
    let links = "return [...document.querySelectorAll('#details ol:last-of-type .link')].length";
    assert_eq!(page.run(links).await, Value::from(9));
    page.close().await;
}

impl Page {
    /// Chooses a value of a list.
    async fn choose(&self, id: &str, value: &str) {
        let script = format!(
            "const list = document.getElementById({id:?}); list.value = {value:?}; \
             list.dispatchEvent(new Event('change'))"
        );
        self.run(&script).await;
    }
}
