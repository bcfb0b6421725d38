//! Rows of the tree, and what stands in them.

use serde_json::Value;

use crate::ALONE;
use crate::chromium::{Device, Page};
use crate::program::Program;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn more_than_four_alike_children_are_one_row_until_it_is_unfolded() {
    let _alone = ALONE.lock().await;
    let _program = Program::new(6, 5);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.until_row("6 ×connectionconn 0, conn 1, conn 2, …")
        .await;
    assert_eq!(page.count(".row:not([hidden])").await, 3);
    page.screenshot("alike").await;
    // The tree and the dump as text agree on what is alike.
    let text = birthmark::dump().tree().to_string();
    assert!(text.contains("6 × connection  suspended"), "{text}");
    page.press("jjj").await;
    page.press_key("ArrowRight").await;
    page.until_row("5 ×handle").await;
    assert_eq!(page.count(".row:not([hidden])").await, 3 + 6 + 6);
    page.screenshot("alike-unfolded").await;
    page.press_key("ArrowLeft").await;
    page.until_rows(3).await;

    // Which one is meant is unfolded to, through two rows that stand for several.
    page.press("2").await;
    page.search("name:\"conn 3\" role:handle", "5 of ").await;
    page.press("jjj").await;
    page.press_key("Enter").await;
    page.until("details", "Lineage").await;
    page.click("#details .links button:last-child").await;
    page.until_attribute(".row[aria-selected=true]", "aria-level", "6")
        .await;
    page.screenshot("alike-found").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn siblings_that_differ_below_are_not_alike() {
    let _alone = ALONE.lock().await;
    let _program = Program::with_one_that_differs(6);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.until_row("5 ×connection").await;
    page.until_row("conn 5").await;
    let text = birthmark::dump().tree().to_string();
    assert!(text.contains("5 × connection  suspended"), "{text}");
    page.close().await;
}

/// Of a site, whole parts are shown, and as many of the last as there is room for.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn site_is_not_cut_within_a_word() {
    let _alone = ALONE.lock().await;
    let _program = Program::new(2, 2);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.press("2").await;
    page.until_row("program.rs:").await;
    let cut = "
        const rows = [...document.querySelectorAll('.row:not([hidden]) > .site')].filter((cell) => cell.textContent);
        return rows.flatMap((cell) => {
            const room = cell.getBoundingClientRect();
            const parts = [...cell.children].map((e) => [e.textContent, e.getBoundingClientRect(), e]);
            const seen = parts.filter(([, box]) => box.top < room.bottom - 2);
            const isCut = ([, box, e]) => box.left < room.left - 1 || box.right > room.right + 1 || e.scrollWidth > e.clientWidth + 1;
            if (!cell.title.endsWith(seen.map(([text]) => text).join(''))) return [`not the end: ${cell.title}`];
            if (!seen.at(-1)?.[0].startsWith('program.rs:')) return [`not seen: ${cell.title}`];
            return seen.filter(isCut).map(([text]) => text);
        }).concat([...document.querySelectorAll('.row:not([hidden]) > .place > .faint')].filter((e) => {
            const [room, box] = [e.parentElement.getBoundingClientRect(), e.getBoundingClientRect()];
            return box.top < room.bottom - 2 && (box.right > room.right + 1 || e.scrollWidth > e.clientWidth + 1);
        }).map((e) => e.textContent))";
    let mut shown = Vec::new();
    for width in [1280, 1000, 900] {
        page.client.set_window_size(width, 800).await.unwrap();
        page.until_drawn().await;
        assert_eq!(page.run(cut).await, Value::Array(Vec::new()), "{width}");
        let parts = "return [...document.querySelectorAll('.row:not([hidden]) > .site')].find((cell) => cell.textContent) \
            .clientWidth";
        shown.push(page.run(parts).await.as_u64().unwrap());
    }
    assert!(
        shown.is_sorted_by(|a, b| a >= b) && shown[0] > shown[2],
        "{shown:?}"
    );
    page.screenshot("sites-narrow").await;
    page.close().await;
}

/// A thread has no count of polls, and the page does not show one.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn polls_that_are_not_counted_are_not_shown_as_none() {
    let _alone = ALONE.lock().await;
    let mut program = Program::new(2, 2);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.press("2").await;
    page.until_row("handle").await;
    let polls = "return [...document.querySelectorAll('.row:not([hidden])')] \
        .map((row) => [row.querySelector('[data-column=kind]').textContent, row.querySelector('[data-column=polls]')]) \
        .map(([kind, polls]) => `${kind} ${polls.textContent} ${polls.title}`).sort().join()";
    let polls = page.run(polls).await;
    let thread = "external thread – none: a thread is not polled, and it has polled no future in a block_on of instrumented code";
    let expected = [
        "external thread",
        "future",
        "future",
        "future",
        "future",
        "future",
        "future",
        "future",
    ];
    let polls: Vec<&str> = polls.as_str().unwrap().split(",f").collect();
    assert_eq!(polls.len(), expected.len(), "{polls:?}");
    assert_eq!(polls[0], thread);
    assert!(
        polls[1..].iter().all(|polls| *polls == "uture 1 "),
        "{polls:?}"
    );
    page.search("kind:external", "1 of ").await;
    page.press("j").await;
    page.press_key("Enter").await;
    page.until("details", "Pollsnone: a thread is not polled")
        .await;
    page.press_key("Escape").await;
    page.press_key("Escape").await;
    // Nor does a comparison say that such a thread was not polled.
    page.press("m4").await;
    program.leak(1);
    page.until_row("Unchanged (7)").await;
    page.close().await;
}

impl Page {
    async fn until_rows(&self, count: usize) {
        let rows = "return `${document.querySelectorAll('.row:not([hidden])').length} rows`";
        self.wait(rows, &format!("{count} rows")).await;
    }

    /// Waits until the browser has laid the page out anew.
    async fn until_drawn(&self) {
        let script =
            "const [done] = arguments; requestAnimationFrame(() => requestAnimationFrame(done))";
        self.client.execute_async(script, Vec::new()).await.unwrap();
    }
}
