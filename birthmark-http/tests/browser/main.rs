//! The page in a real browser, with a hundred thousand tasks.
//!
//! Screenshots are left in `target/tmp`.

use birthmark_test_support as _;

mod address;
mod alike;
mod chromium;
mod elsewhere;
mod groups;
mod keys;
mod large;
mod looks;
mod pictures;
mod pools;
mod program;
mod stuck;
mod threads;

use std::time::{Duration, Instant};

use birthmark_http::Options;
use chromium::Page;
use program::Program;
use tokio::sync::Mutex;

const CONNECTIONS: usize = 400;
const REQUESTS: usize = 249;
/// With the thread of the test and the server, which all descend from.
const TASKS: usize = 2 + CONNECTIONS * (1 + REQUESTS);

/// The tasks of one test are not to be seen in another.
static ALONE: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn hundred_thousand_tasks_are_shown_searched_and_compared() {
    let _alone = ALONE.lock().await;
    let mut program = Program::new(CONNECTIONS, REQUESTS);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), chromium::Device::TracedDesktop).await;
    let start = Instant::now();
    page.until("summary", "100,002 tasks: 1 idle, 100,001 suspended")
        .await;
    println!(
        "{TASKS} tasks were shown {:?} after the page",
        start.elapsed()
    );
    page.report_long_tasks("reading").await;

    // Of so many tasks, the groups are shown at first.
    page.until_row("99,600 ×").await;
    assert_eq!(page.run("return location.hash").await, "");
    page.press("1").await;

    // The tree: what has many children is folded, and only what is seen has an element.
    page.until_row("serve").await;
    page.screenshot("tree-folded").await;
    page.press("jj").await;
    page.press_key("ArrowRight").await;
    // Those that are alike are one row until that is unfolded.
    for alike in ["400 ×connection", "conn 7", "249 ×handle"] {
        page.until_row(alike).await;
        page.press("j").await;
        page.press_key("ArrowRight").await;
    }
    page.until_row("pending in answer").await;
    assert!(
        page.count(".row").await < 200,
        "rows that nobody sees have no elements"
    );
    page.until_row("pending in connection").await;
    page.screenshot("tree").await;
    page.press("t").await;
    page.screenshot("tree-other-theme").await;
    page.press("t").await;
    page.report_long_tasks("tree").await;

    // A task and its lineage.
    page.press("jj").await;
    page.press_key("Enter").await;
    page.until("details", "handle").await;
    let details = page.text("details").await;
    for part in [
        "inherited from task",
        "Lineage",
        "connection",
        "serve",
        "program.rs:",
        "Where it waits",
        "handle awaiting answer",
        "answer awaiting pending",
    ] {
        assert!(details.contains(part), "{part} is not in {details}");
    }
    page.screenshot("details").await;
    page.press("u").await;
    page.until("details", "given to it").await;
    page.press_key("Escape").await;
    page.report_long_tasks("details").await;

    // The table: sorted by keys and by clicks, and scrolled to its end.
    page.press("2").await;
    page.click("[data-sort=polls]").await;
    page.until_attribute(
        "[role=columnheader]:nth-child(6)",
        "aria-sort",
        "descending",
    )
    .await;
    page.press_key("End").await;
    let last = format!("row-{}", TASKS - 1);
    page.until_attribute("#grid", "aria-activedescendant", &last)
        .await;
    page.screenshot("table").await;
    page.report_long_tasks("table").await;

    // Search, and follow the lineage down.
    page.search("name:\"conn 399\" role:connection", "1 of 100,002 tasks")
        .await;
    page.press("jd").await;
    page.until("summary", "250 of 100,002 tasks").await;
    page.screenshot("search").await;
    page.press_key("Escape").await;
    page.report_long_tasks("search").await;

    // Groups: the leak comes first.
    page.press("3").await;
    page.until_row("99,600 ×").await;
    page.until_row("pending in answer").await;
    page.screenshot("groups").await;
    page.report_long_tasks("groups").await;

    // Search in stacks: not only in the innermost frames.
    page.search("stack:\"handle at\"", "99,600 of 100,002 tasks")
        .await;
    page.press_key("Escape").await;
    page.until("summary", "100,002 tasks: ").await;
    page.report_long_tasks("search in stacks").await;

    // Two moments.
    page.press("m4").await;
    program.leak(50);
    page.until_row("+50").await;
    page.until_row("New (50)").await;
    page.press("jj").await;
    page.press_key("ArrowRight").await;
    page.screenshot("compare").await;

    // A pause holds what is shown.
    page.press("1p").await;
    page.until("summary", "paused").await;
    let held = page.text("summary").await;
    program.leak(1);
    page.read_once_more(&server.url()).await;
    assert_eq!(page.text("summary").await, held);
    page.press("p").await;
    page.until("summary", "100,053 tasks").await;
    page.report_long_tasks("compare, pause").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn hostile_names_are_shown_and_nothing_more() {
    let _alone = ALONE.lock().await;
    let _program = Program::hostile();
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), chromium::Device::Desktop).await;
    page.press("2").await;
    page.type_into("search", "role:hostile").await;
    page.until_row("<img src=x onerror=alert(1)>").await;
    page.until_row("\\u{1b}[31m\\u{202e}").await;
    assert_eq!(page.count("img").await, 0);
    page.screenshot("hostile").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn labels_are_shown_searched_and_followed() {
    let _alone = ALONE.lock().await;
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), chromium::Device::Desktop).await;
    page.press("2").await;
    page.until("heads", "Spawned at").await;
    let heads = page.text("heads").await;
    assert!(!heads.contains("Labels"), "{heads}");
    let _program = Program::labelled();
    page.until("heads", "Labels").await;
    page.until_row("tenant=beta & sons").await;
    page.until_row("<img src=x>=\\u{1b}\\u{202e}\"></script>")
        .await;
    assert_eq!(page.count("img").await, 0);
    page.screenshot("labels").await;

    page.search("label:\"beta & s\"", "1 of 4 tasks").await;
    page.press_key("Escape").await;
    page.until("summary", "4 tasks: ").await;

    page.search("label:tenant", "2 of 4 tasks").await;
    page.press("j").await;
    page.press_key("Enter").await;
    page.until("details", "tenant=").await;
    page.screenshot("labels-details").await;
    page.click("#details dd div .link").await;
    page.until("summary", "1 of 4 tasks").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn unanswered_request_is_repeated() {
    let _alone = ALONE.lock().await;
    let _program = Program::new(1, 1);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let address = server.local_addr();
    let page = Page::open(&server.url(), chromium::Device::Desktop).await;
    page.until_row("handle").await;
    drop(server);
    page.until("problem", "the page tries again every few seconds")
        .await;
    page.until_row("handle").await;
    page.screenshot("problem").await;
    let _again = birthmark_http::serve(address).unwrap();
    page.until_hidden("problem").await;
    page.close_but_for("net::ERR_").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn page_has_the_token_that_it_was_opened_with() {
    let _alone = ALONE.lock().await;
    let _program = Program::new(1, 1);
    let options = Options::new().token("0123456789abcdef".parse().unwrap());
    let server = birthmark_http::serve_with("0.0.0.0:0", options).unwrap();
    let port = server.local_addr().port();
    let url = format!("http://127.0.0.1:{port}/?token=0123456789abcdef");
    let page = Page::open(&url, chromium::Device::Desktop).await;
    page.until_row("handle").await;
    page.close().await;
}

/// How long a page may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
