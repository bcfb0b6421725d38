//! The page without a mouse.

use fantoccini::Locator;

use crate::ALONE;
use crate::chromium::{Device, Page};
use crate::program::{Program, Threads};

/// The accessibility tree has roles and names, and keys reach every control.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn page_can_be_used_without_a_mouse() {
    let _alone = ALONE.lock().await;
    let _program = Program::new(3, 3);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.until_row("handle").await;
    let nameless = "return [...document.querySelectorAll('button, input, [role=treegrid], aside')] \
        .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim())).length";
    assert_eq!(page.run(nameless).await, 0);
    page.press("?").await;
    assert!(page.client.find(Locator::Css("dialog[open]")).await.is_ok());
    page.screenshot("help").await;
    page.press_key("Escape").await;
    // From the address bar, Tab reaches every control, each with a ring that is seen.
    page.run("document.activeElement.blur()").await;
    let mut reached = Vec::new();
    for _ in 0..7 {
        page.press_key("Tab").await;
        let focused = "const e = document.activeElement; \
            return [e.id || e.dataset.view, getComputedStyle(e).outlineStyle]";
        reached.push(page.run(focused).await);
    }
    for id in [
        "pause",
        "mark",
        "theme",
        "help-open",
        "tree",
        "search",
        "grid",
    ] {
        assert!(
            reached.contains(&serde_json::json!([id, "solid"])),
            "{id} in {reached:?}"
        );
    }
    page.press_key("Home").await;
    page.until_attribute("#grid", "aria-activedescendant", "row-0")
        .await;
    page.until_attribute("#row-0", "aria-selected", "true")
        .await;
    page.close().await;
}

/// Arrow keys move in the tree and among tabs, and Esc leads back.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn arrows_fold_and_go_from_tab_to_tab() {
    let _alone = ALONE.lock().await;
    let _program = Program::new(3, 2);
    let _threads = Threads::new();
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.until_row("handle").await;
    page.press("/").await;
    page.type_into("search", "role:serve").await;
    page.press_key("Enter").await;
    page.press_key("Escape").await;
    page.until_row("connection").await;
    let expanded = async |wanted: &str| {
        let selected = ".row[aria-selected=true]";
        page.until_attribute(selected, "aria-expanded", wanted)
            .await;
    };
    // The first row is a thread's, whose child is the server.
    page.press_key("Home").await;
    expanded("true").await;
    page.press_key("ArrowLeft").await;
    expanded("false").await;
    page.press_key("ArrowRight").await;
    expanded("true").await;
    let level = async |wanted: &str| {
        let selected = ".row[aria-selected=true]";
        page.until_attribute(selected, "aria-level", wanted).await;
    };
    page.press("jj").await;
    level("3").await;
    page.press_key("ArrowLeft").await;
    page.press_key("ArrowLeft").await;
    level("2").await;
    page.press("k").await;
    level("1").await;
    // Tabs are one stop, and arrows go around them.
    page.run("document.querySelector('[data-view=tree]').focus()")
        .await;
    for view in ["table", "groups", "compare", "threads", "stuck", "tree"] {
        page.press_key("ArrowRight").await;
        let focused = page.run("return document.activeElement.dataset.view").await;
        assert_eq!(focused, view);
        page.until_attribute("[aria-selected=true][role=tab]", "data-view", view)
            .await;
        assert_eq!(page.count("[role=tab][tabindex='0']").await, 1);
    }
    // Esc closes the panel first, and then ends the search; the rows have the keys again.
    page.run("document.getElementById('grid').focus()").await;
    page.press("2").await;
    page.press("/").await;
    page.type_into("search", "role:connection").await;
    page.press_key("Enter").await;
    page.until("summary", "3 of ").await;
    page.press("j").await;
    page.press_key("Enter").await;
    page.until("details", "Lineage").await;
    page.press_key("Escape").await;
    assert_eq!(page.count("#details[hidden]").await, 1);
    let focused = "return document.activeElement.id";
    assert_eq!(page.run(focused).await, "grid");
    assert_eq!(
        page.run("return document.getElementById('search').value")
            .await,
        "role:connection"
    );
    page.press_key("Escape").await;
    assert_eq!(
        page.run("return document.getElementById('search').value")
            .await,
        ""
    );
    page.close().await;
}
